#include "kube/pure/refusal.hpp"

#include <vector>

#include <catch2/catch.hpp>

#include "kube/pure/decode.hpp"
#include "unit/support/objects.hpp"

namespace refusal_test {

using namespace icrps;
using kube::Refuser;

namespace {

struct Row {
  const char* what;
  int code;
  std::string reason;  // empty: a line of text
  std::string text;
  Refuser refuser;
  const char* cause;
};

const std::string kRbac =
    R"(secrets is forbidden: User "system:serviceaccount:icr-pull-secrets:icr-pull-secrets" cannot )"
    R"(create resource "secrets" in API group "" in the namespace "shop")";

const std::vector<Row> kRows{
    {"priority and fairness", 429, "", "Too many requests, please try again later.\n",
     Refuser::kServer, "server"},
    {"a server that starts", 429, "TooManyRequests", "storage is (re)initializing",
     Refuser::kServer, "server"},
    {"the words of client-go for it", 429, "TooManyRequests",
     "the server has received too many requests and has asked us to try again later",
     Refuser::kServer, "server"},
    {"a proxy's page", 429, "", "<html>slow down</html>", Refuser::kServer, "server"},
    {"a Status that nobody knows", 429, "TooManyRequests", "not so fast", Refuser::kUnknown,
     "429 TooManyRequests"},
    {"a webhook's 429", 429, "TooManyRequests",
     R"(admission webhook "rate.example.com" denied the request: too many, request 4711)",
     Refuser::kAdmission, R"(admission webhook "rate.example.com")"},
    {"a webhook that poses as the server", 429, "TooManyRequests",
     "admission webhook \"rate.example.com\" denied the request: the server has received too many "
     "requests and has asked us to try again later",
     Refuser::kAdmission, R"(admission webhook "rate.example.com")"},
    {"a webhook's no", 403, "Forbidden",
     R"(admission webhook "validation.gatekeeper.sh" denied the request: [no-secrets] 8f3a-11)",
     Refuser::kAdmission, R"(admission webhook "validation.gatekeeper.sh")"},
    {"a webhook that quotes RBAC", 403, "Forbidden",
     "admission webhook \"x.example.com\" denied the request: " + kRbac, Refuser::kAdmission,
     R"(admission webhook "x.example.com")"},
    {"a webhook that does not answer", 500, "InternalError",
     "Internal error occurred: failed calling webhook \"slow.example.com\": failed to call "
     "webhook: "
     "Post \"https://slow.x.svc:443/?timeout=10s\": context deadline exceeded",
     Refuser::kAdmission, R"(failed calling webhook "slow.example.com")"},
    {"a policy", 422, "Invalid",
     "secrets \"icr-default\" is forbidden: ValidatingAdmissionPolicy 'no-more' with binding "
     "'no-more' denied request: failed expression: false",
     Refuser::kAdmission, "ValidatingAdmissionPolicy 'no-more'"},
    {"a quota", 403, "Forbidden",
     "secrets \"icr-default\" is forbidden: exceeded quota: few, requested: count/secrets=1, used: "
     "count/secrets=3, limited: count/secrets=3",
     Refuser::kAdmission, "exceeded quota: few,"},
    {"a quota that others use at the same time", 409, "Conflict",
     "Operation cannot be fulfilled on resourcequotas \"few\": the object has been modified; "
     "please "
     "apply your changes to the latest version and try again",
     Refuser::kAdmission, "resourcequotas \"few\""},
    {"a right that is missing", 403, "Forbidden", kRbac, Refuser::kRights, "rights"},
    {"something else", 422, "Invalid", "Secret \"icr-default\" is invalid: data: Too long",
     Refuser::kUnknown, "422 Invalid"},
};

}  // namespace

TEST_CASE("who refused a request is told by the answer", "[kube][refusal]") {
  for (const auto& row : kRows) {
    DYNAMIC_SECTION(row.what) {
      const auto body =
          row.reason.empty() ? row.text : test::status(row.code, row.reason, row.text).dump();
      auto status = kube::decode_status(body);
      status.code = row.code;
      CHECK(kube::refuser_of(status) == row.refuser);
      CHECK(kube::cause_of(status) == row.cause);
    }
  }
}

}  // namespace refusal_test
