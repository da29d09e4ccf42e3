#include "harness/fence.hpp"

#include "harness/scene.hpp"

namespace itest {
namespace {

std::vector<std::string> as_administrator() {
  return {"KUBECONFIG=" + environment("KUBECONFIG")};
}

/// What both policies must refuse; nothing is written.
std::string open_gap(Api& as_operator) {
  const std::string own = "/api/v1/namespaces/" + kOwn;
  const auto secret =
      as_operator.post(own + "/secrets?dryRun=All", {{"metadata", {{"name", "x"}}}});
  if (secret.status != 403) return "any Secret may be created: " + secret.text;
  const auto account = as_operator.merge(own + "/serviceaccounts/" + kOwn + "?dryRun=All",
                                         {{"metadata", {{"labels", {{"x", "y"}}}}}});
  return account.status == 403 ? "" : "any service account may be changed: " + account.text;
}

}  // namespace

Fence::Fence(const std::vector<std::string>& settings)
    : file_(scratch_file("fence.yaml", rendered({"fence.yaml"}, settings))) {
  must_run({"kubectl", "apply", "--filename", file_}, as_administrator());
  Api as_operator(operator_kubeconfig());
  eventually("the fence is in force", [&] { return open_gap(as_operator); });
}

Fence::~Fence() {
  run_command({"kubectl", "delete", "--ignore-not-found", "--filename", file_}, as_administrator());
}

}  // namespace itest
