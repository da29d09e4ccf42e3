#include "harness/webhook.hpp"

#include <fmt/format.h>
#include <httplib.h>
#include <stdexcept>

#include "harness/scene.hpp"
#include "icr/base64.hpp"

namespace itest {
namespace {

const std::string kWebhooks =
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
constexpr int kLongestTimeout = 30;  // seconds; the API server takes no more
const std::string kProbe = "webhook-probe";
/// Nobody else's requests: tests write, too.
const std::string kAsksAbout = "request.name == '" + kProbe +
                               "' || request.userInfo.username == 'system:serviceaccount:" + kOwn +
                               ":" + kOwn + "'";

std::string fresh_webhook() {
  static int number = 0;
  return fmt::format("webhook-{}", ++number);
}

Process::Options webhook_options(const std::string& output) {
  return {{"webhook", "-work", output + ".work"}, {}, output, scratch_file("webhook.err", {})};
}

}  // namespace

Webhook::Webhook(const std::string& resource, const std::vector<std::string>& namespaces)
    : name_(fresh_webhook()),
      output_(scratch_file("webhook.out", {})),
      process_(webhook_options(output_)) {
  const bool ready = wait_for(
      [&] { return read_text(output_).ends_with('\n') ? std::string() : "no line yet"; }, 10s);
  if (!ready) throw std::runtime_error("the webhook does not start");
  const auto line = json::parse(read_text(output_));
  line.at("address").get_to(address_);
  line.at("control").get_to(control_);
  authority_ = read_text(line.at("ca"));
  enroll(resource, namespaces);
  await_force(resource, namespaces.front());
}

Webhook::~Webhook() {
  cluster().api().remove(kWebhooks + "/" + name_);
}

void Webhook::enroll(const std::string& resource,
                     const std::vector<std::string>& namespaces) const {
  const json rule = {{"apiGroups", {"", "events.k8s.io"}},
                     {"apiVersions", {"*"}},
                     {"operations", {"CREATE", "UPDATE"}},
                     {"resources", {resource}}};
  const json there = {
      {"key", "kubernetes.io/metadata.name"}, {"operator", "In"}, {"values", namespaces}};
  must(cluster().api().post(
      kWebhooks, {{"metadata", {{"name", name_}}},
                  {"webhooks",
                   {{{"name", name_ + ".example.com"},
                     {"clientConfig",
                      {{"url", "https://" + address_ + "/"},
                       {"caBundle", icrps::icr::base64_encode(authority_)}}},
                     {"rules", {rule}},
                     {"matchConditions", {{{"name", "who"}, {"expression", kAsksAbout}}}},
                     {"namespaceSelector", {{"matchExpressions", {there}}}},
                     {"admissionReviewVersions", {"v1"}},
                     {"sideEffects", "None"},
                     {"failurePolicy", "Fail"},
                     {"timeoutSeconds", kLongestTimeout}}}}}));
}

/// The API server learns of it by a watch of its own.
void Webhook::await_force(const std::string& resource, const std::string& ns) {
  json probe = {{"metadata", {{"name", kProbe}}}};
  if (resource == "events") probe["involvedObject"] = {{"namespace", ns}};
  eventually("the webhook is asked", [&] {
    cluster().api().post(fmt::format("/api/v1/namespaces/{}/{}?dryRun=All", ns, resource), probe);
    return asked() > 0 ? "" : "not yet";
  });
}

void Webhook::behave(const json& behaviour) {
  httplib::Client client(control_);
  const auto result = client.Put("/behaviour", behaviour.dump(), "application/json");
  if (!result || result->status != 200) {
    throw std::runtime_error("webhook: " + (result ? result->body : std::string("no answer")));
  }
}

json Webhook::counts() {
  httplib::Client client(control_);
  const auto result = client.Get("/counts");
  if (!result || result->status != 200) throw std::runtime_error("webhook: no counts");
  return json::parse(result->body);
}

}  // namespace itest
