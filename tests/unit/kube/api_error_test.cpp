// Answers and failures → what the caller must do about them.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "kube/client.hpp"
#include "unit/support/fake_transport.hpp"
#include "unit/support/objects.hpp"

namespace api_error_test {

using namespace icrps;
using namespace icrps::kube;
using namespace std::chrono_literals;
using test::response;
using test::status;
using Kind = ApiError::Kind;
using Millis = std::optional<std::chrono::milliseconds>;

TEST_CASE("each refusal is sorted by what to do about it", "[kube][client]") {
  struct Case {
    const char* name;
    int code;
    std::string body;
    Kind kind;
  };
  const auto terminating =
      status(403, "Forbidden", "no", {{"causes", {{{"reason", "NamespaceTerminating"}}}}});
  for (const auto& [name, code, body, kind] : std::vector<Case>{
           {"301 from something in between", 301, "", Kind::kServer},
           {"400", 400, status(400, "BadRequest").dump(), Kind::kInvalid},
           {"401 while a token rotates", 401, status(401, "Unauthorized").dump(), Kind::kServer},
           {"403", 403, status(403, "Forbidden").dump(), Kind::kForbidden},
           {"403 in a namespace that is going", 403, terminating.dump(), Kind::kTerminating},
           {"404", 404, status(404, "NotFound").dump(), Kind::kNotFound},
           {"405", 405, status(405, "MethodNotAllowed").dump(), Kind::kInvalid},
           {"409 on a create", 409, status(409, "AlreadyExists").dump(), Kind::kAlreadyExists},
           {"409 on a change", 409, status(409, "Conflict").dump(), Kind::kConflict},
           {"413", 413, status(413, "RequestEntityTooLarge").dump(), Kind::kInvalid},
           {"404 of a load balancer", 404, "default backend - 404", Kind::kServer},
           {"404 in JSON of something else", 404, R"({"code":404,"reason":"NotFound"})",
            Kind::kServer},
           {"404 of another API", 404, R"({"kind":"Status","apiVersion":"v2","code":404})",
            Kind::kServer},
           {"403 of a firewall", 403, "<html>blocked</html>", Kind::kServer},
           {"409 without a word", 409, "", Kind::kServer},
           {"429 as a line of text", 429, "Too many requests, please try again later.",
            Kind::kThrottled},
           {"422", 422, status(422, "Invalid").dump(), Kind::kInvalid},
           {"429", 429, status(429, "TooManyRequests").dump(), Kind::kThrottled},
           {"500", 500, status(500, "InternalError").dump(), Kind::kServer},
           {"502 from a load balancer", 502, "<html>Bad Gateway</html>", Kind::kServer},
           {"503", 503, status(503, "ServiceUnavailable").dump(), Kind::kServer},
           {"504", 504, status(504, "Timeout").dump(), Kind::kServer}}) {
    DYNAMIC_SECTION(name) {
      const auto error = error_of(response(code, body));
      CHECK(to_string(error.kind) == to_string(kind));
      CHECK(error.status == code);
      CHECK_FALSE(error.message.empty());
    }
  }
}

TEST_CASE("only a JSON patch that could not be applied is unprocessable", "[kube][client]") {
  const auto failed_test =
      status(422, "Invalid", "the server rejected our request due to an error in our request");
  CHECK(error_of(response(422, failed_test.dump())).unprocessable);
  const auto webhook = status(422, "Invalid", "admission webhook \"w\" denied the request: no");
  CHECK_FALSE(error_of(response(422, webhook.dump())).unprocessable);
  CHECK_FALSE(error_of(response(422, status(422, "Invalid").dump())).unprocessable);
  CHECK_FALSE(error_of(response(422, "<html>")).unprocessable);
}

TEST_CASE("the status line outranks the code in the body", "[kube][client]") {
  CHECK(error_of(response(409, status(500).dump())).kind == Kind::kConflict);
}

TEST_CASE("Retry-After comes from the head or from the body", "[kube][client]") {
  struct Case {
    const char* name;
    std::string header;
    test::Json details;
    Millis after;
  };
  for (const auto& [name, header, details, after] :
       std::vector<Case>{{"nowhere", "", {}, {}},
                         {"the header", "7", {}, 7s},
                         {"the body", "", {{"retryAfterSeconds", 3}}, 3s},
                         {"both: the header", "7", {{"retryAfterSeconds", 3}}, 7s},
                         {"at once", "0", {}, 0s},
                         {"a date", "Wed, 21 Oct 2026 07:28:00 GMT", {}, {}},
                         {"negative", "-1", {}, {}},
                         {"a number and a bit", "7s", {}, {}},
                         {"too large for any type", "99999999999999999999", {}, {}},
                         {"absurdly large", "9223372036854775807", {}, kLongestRetryAfter}}) {
    DYNAMIC_SECTION(name) {
      std::vector<http::Header> headers;
      if (!header.empty()) headers.push_back({"Retry-After", header});
      const auto error = error_of(response(429, status(429, "", "no", details).dump(), headers));
      CHECK(error.retry_after == after);
    }
  }
}

TEST_CASE("a refusal is told in the API server's words, if it has any", "[kube][client]") {
  CHECK(error_of(response(403, status(403, "Forbidden", "RBAC says no").dump())).message ==
        "RBAC says no");
  const auto strange = error_of(response(502, "<html>secret page</html>")).message;
  CHECK(strange ==
        "HTTP status 502 without the API server's own words: something between it and the operator "
        "answers");
  CHECK(error_of(response(429)).message == "HTTP status 429");
  const std::string endless(100'000, 'x');
  CHECK(error_of(response(500, status(500, "", endless).dump())).message.size() == 500);
}

TEST_CASE("without an answer a write may have happened", "[kube][client]") {
  using Failure = http::Failure::Kind;
  for (const auto kind : {Failure::kConnect, Failure::kTls, Failure::kTimeout, Failure::kBroken,
                          Failure::kTooLarge}) {
    const auto error = error_of(http::Failure{kind, "why"});
    CHECK(error.kind == Kind::kNoAnswer);
    CHECK(error.status == 0);
    CHECK(error.message == "why");
  }
  CHECK(error_of(http::Failure{Failure::kCanceled, "stop"}).kind == Kind::kCanceled);
}

}  // namespace api_error_test
