#include "credentials/rotation/reporter.hpp"

#include <fmt/format.h>

#include "credentials/rotation/pure/state.hpp"

namespace icrps::credentials::rotation {

namespace {

constexpr unsigned kPatience = 3;

}  // namespace

Reporter::Reporter(std::string credential, Channels channels)
    : credential_(std::move(credential)),
      secret_(state_secret_name(credential_)),
      channels_(std::move(channels)) {}

void Reporter::problem(std::string_view reason, const std::string& detail, bool patience) {
  plan::Problem problem;
  problem.reason = std::string(reason);
  problem.message = fmt::format("Credential \"{}\": {}", credential_, detail);
  channels_.metrics.source_refused(credential_, reason);
  times_ = problem == last_ ? times_ + 1 : 1;
  last_ = problem;
  if (times_ != (patience ? kPatience : 1)) return;
  channels_.on_obstacle(detail);
  channels_.log.warn("rotation held up", {{"credential", credential_},
                                          {"secret", secret_},
                                          {"reason", reason},
                                          {"detail", problem.message}});
  channels_.report(secret_, uid_, problem);
}

void Reporter::all_is_well() {
  if (times_ > 0) channels_.on_obstacle({});
  times_ = 0;
  last_ = {};
}

void Reporter::note(std::string_view reason, const std::string& detail) {
  plan::Problem problem;
  problem.reason = std::string(reason);
  problem.message = fmt::format("Credential \"{}\": {}", credential_, detail);
  problem.note = true;
  channels_.log.info("rotation", {{"credential", credential_},
                                  {"secret", secret_},
                                  {"reason", reason},
                                  {"detail", problem.message}});
  channels_.report(secret_, uid_, problem);
}

void Reporter::refused(std::string_view what, const iam::Refusal& refusal) {
  using Kind = iam::Refusal::Kind;
  switch (refusal.kind) {
    case Kind::kCanceled:
      return;
    case Kind::kUnknown:
      problem(kIamUnavailable,
              fmt::format("{} is tried again: {}. The key in force stays.", what, refusal.message),
              true);
      return;
    case Kind::kLimit:
      problem(kKeyLimitReached,
              fmt::format("{}: {}. The key in force stays; delete keys of the service ID that "
                          "nobody needs, or have the limit raised.",
                          what, refusal.message));
      return;
    case Kind::kRefused:
    case Kind::kNotFound:
    case Kind::kPolicy:
      break;
  }
  problem(kManagerRefused,
          fmt::format("the manager may not do this: {}: {}. The key in force stays; the manager "
                      "needs the right to list, create, disable and delete API keys of the "
                      "service ID.",
                      what, refusal.message));
}

}  // namespace icrps::credentials::rotation
