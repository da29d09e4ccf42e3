#include "cli/doctor/examination.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "config/rules.hpp"
#include "controller/views.hpp"
#include "icr/base64.hpp"
#include "icr/jwt.hpp"
#include "keyring/image_name.hpp"
#include "keyring/kubelet.hpp"
#include "plan/names.hpp"
#include "plan/text_list.hpp"

namespace icrps::cli {
namespace {

using Answer = diagnosis::Entry::Answer;
using State = diagnosis::PullSecret::State;

constexpr std::size_t kMostEntries = 10;  // that a registry is asked about for one image

Answer answer_of(const iam::Refusal& refusal) {
  constexpr int kNotFound = 404;
  switch (refusal.kind) {
    case iam::Refusal::Kind::kRefused:
      return Answer::kRefused;
    case iam::Refusal::Kind::kPolicy:
      return refusal.status == kNotFound ? Answer::kNotFound : Answer::kDenied;
    default:
      return Answer::kUnsure;
  }
}

/// What a namespace may ask for where the configuration is not known: what it
/// asks for.
std::vector<std::string> assumed_credentials(const std::optional<plan::NamespaceFacts>& ns) {
  if (ns) {
    const auto found = ns->annotations.find(std::string(plan::kCredentials));
    if (found != ns->annotations.end()) return plan::words_of(found->second);
  }
  return {"default"};
}

/// What the kubelet makes of one Secret; nothing: no login comes from it, and `found` says why.
std::optional<keyring::PullSecret> look_at(const Looking::SecretSight& sight,
                                           diagnosis::PullSecret& found) {
  const auto none = [&found](State state, std::string why) {
    found.state = state;
    found.why = std::move(why);
    return std::nullopt;
  };
  if (!sight.known) return none(State::kUnread, sight.why);
  if (!sight.object) return none(State::kMissing, "");
  const auto& type = sight.object->type;
  const bool old = type == "kubernetes.io/dockercfg";
  if (!old && type != plan::kSecretType) {
    return none(State::kPassedOver, "is of type " + icr::quoted(type));
  }
  const std::string_view key = old ? ".dockercfg" : plan::kSecretKey;
  const auto& data = sight.object->data;
  const auto value = std::find_if(data.begin(), data.end(),
                                  [key](const auto& entry) { return entry.first == key; });
  auto content = value == data.end() ? std::nullopt : icr::base64_decode(value->second.reveal());
  if (!content || content->empty()) return none(State::kPassedOver, "holds nothing");
  using Kind = keyring::PullSecret::Kind;
  keyring::PullSecret secret{found.name, old ? Kind::kDockercfg : Kind::kDockerConfigJson,
                             SecretString(std::move(*content))};
  if (const auto alone = keyring::Kubelet::of({secret}); !alone) {
    const std::string start = found.name + ": ";
    const auto& why = alone.error();
    return none(State::kBroken, why.starts_with(start) ? why.substr(start.size()) : why);
  }
  return secret;
}

}  // namespace

void Examination::ask(diagnosis::Entry& entry, const icr::Login& login, const std::string& image,
                      const std::string& ns) {
  const auto key = fmt::format("{} {} {} {}", ns, entry.secret, entry.key, image);
  if (const auto found = asked_.find(key); found != asked_.end()) {
    entry = found->second;
    return;
  }
  entry.expires_at = icr::jwt_expiry(login.password);
  const auto reference = iam::parse_image_reference(image);
  if (stop_.stop_requested()) {
    entry.words = "the time (--timeout) is over";
    return;
  }
  if (reference) {
    const auto proof = registries_.prove(reference->host, login, reference->image, stop_);
    entry.answer = proof ? Answer::kGood : answer_of(proof.error());
    if (!proof) entry.words = proof.error().message;
  }
  asked_[key] = entry;
}

void Examination::look_at_secrets(const diagnosis::PodView& pod, diagnosis::Facts& facts) {
  std::vector<keyring::PullSecret> usable;
  for (const auto& name : pod.pull_secrets) {
    auto& found = facts.secrets.emplace_back(diagnosis::PullSecret{name});
    auto secret = look_at(looking_.secret(pod.ns, name), found);
    if (secret) usable.push_back(std::move(*secret));
  }
  const auto kubelet = keyring::Kubelet::of(usable);
  const auto image = keyring::parse_image_name(facts.image);
  if (!kubelet || !image) return;  // it takes nothing then
  for (const auto& held : kubelet->lookup(image->repository)) {
    if (facts.entries.size() >= kMostEntries) break;
    diagnosis::Entry entry{held.secret, held.key, held.login.username};
    ask(entry, held.login, facts.image, pod.ns);
    facts.entries.push_back(std::move(entry));
  }
}

diagnosis::GapReport Examination::gap(const diagnosis::PodView& pod, const std::string& image) {
  diagnosis::GapFacts facts;
  if (const auto name = keyring::parse_image_name(image)) {
    facts.host = name->host;
    facts.repository =
        name->repository.substr(std::min(name->host.size() + 1, name->repository.size()));
  }
  facts.rules = config::rules_of(setup_.config, setup_.operator_namespace);
  facts.rules_known = setup_.known;
  facts.ns = looking_.ns(pod.ns);
  facts.account = pod.account;
  facts.account_secrets = looking_.account_secrets(pod.ns, pod.account);
  facts.pod_secrets = pod.pull_secrets;
  auto& credentials = facts.credentials;
  for (const auto& one : setup_.config.credentials) {
    credentials.push_back({.name = one.name, .limits = one.limits, .secret = one.secret_name});
  }
  if (!setup_.known) {
    for (const auto& name : assumed_credentials(facts.ns)) credentials.push_back({.name = name});
  }
  for (auto& credential : credentials) {
    auto sight = looking_.secret(pod.ns, credential.secret);
    credential.copy_known = sight.known;
    if (sight.object)
      credential.copy = controller::copy_facts(std::move(*sight.object), setup_.operator_namespace);
  }
  facts.operator_state = looking_.operator_state();
  return diagnosis::find_gap(facts);
}

Finding Examination::examine(const diagnosis::PodView& pod,
                             const diagnosis::ContainerView& container) {
  Finding finding{container.name, pod.node, container.reason, {}, {}};
  auto& facts = finding.facts;
  facts.ns = pod.ns;
  facts.pod = pod.name;
  facts.image = container.image;
  facts.started = container.started;
  facts.imagined = container.name.empty();
  facts.now = clock_.wall();
  facts.said = container.message;
  facts.symptom = diagnosis::symptom_of(container.reason, container.message, container.image);
  // Once it backs off an older kubelet says no more than that.
  if (!container.started && facts.symptom == diagnosis::Symptom::kUnknown) {
    if (auto words = looking_.pull_failure(pod, container.image); !words.empty()) {
      facts.symptom = diagnosis::symptom_of(container.reason, words, container.image);
      facts.said = std::move(words);
    }
  }
  if (!container.started) {
    facts.node_platform = looking_.platform(pod.node);
    look_at_secrets(pod, facts);
    if (facts.entries.empty()) facts.gap = gap(pod, container.image);
  }
  finding.verdict = diagnosis::verdict_of(facts);
  return finding;
}

}  // namespace icrps::cli
