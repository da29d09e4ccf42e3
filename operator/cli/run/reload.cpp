#include "cli/run/reload.hpp"

#include "cli/setup.hpp"
#include "config/read_file.hpp"
#include "plan/text_list.hpp"

namespace icrps::cli {
namespace {

using namespace std::chrono_literals;
using Text = tl::expected<std::string, std::string>;

// A look is a read of one or two small files. The kubelet takes longer than that to bring them.
constexpr auto kLookEvery = 5s;
constexpr auto kSettleTime = 2s;

/// What a file says, or why it says nothing: either may change.
std::string content_of(const std::string& file) {
  if (file.empty()) return {};
  const auto text = config::read_file(file);
  return text ? *text : text.error().message;
}

std::string authorities_of(const config::Config& config) {
  return content_of(config.iam.ca_file) + '\0' + content_of(config.registry.ca_file);
}

}  // namespace

Reload::Reload(config::Config running, const std::string& text, Environment environment)
    : environment_(std::move(environment)),
      running_(std::move(running)),
      text_(text),
      authorities_(authorities_of(running_)) {
  environment_.metrics.config_read("done", environment_.clock.wall());
}

Text Reload::text() const {
  if (environment_.feed != nullptr) {
    if (auto known = environment_.feed->text()) return *known;
  }
  auto text = config::read_file(environment_.file);
  if (!text) return tl::unexpected(text.error().message);
  return std::move(*text);
}

std::chrono::milliseconds Reload::look() {
  using Seen = config::Settling::Seen;
  const auto now = text();
  const auto seen = text_.see(now ? *now : now.error());
  const auto authorities = authorities_.see(authorities_of(running_));
  if (seen == Seen::kSettled) {
    read(now);
  } else if (authorities == Seen::kSettled) {
    take(running_, true);
  } else if (held_ && seen == Seen::kSame) {
    take(config::Config(*held_), false);
  }
  return seen == Seen::kMoving || authorities == Seen::kMoving ? kSettleTime : kLookEvery;
}

void Reload::read(const Text& text) {
  held_.reset();
  refusal_.clear();
  if (!text) return refuse(text.error());
  const auto next = config::parse_config(*text, environment_.file);
  if (!next) return refuse(next.error().message);
  take(*next, false);
}

void Reload::take(const config::Config& next, bool authorities_changed) {
  const auto change = config::change_between(running_, next);
  const bool begins = change.work || authorities_changed;
  if (begins) {
    auto outside = environment_.roads(running_, next);
    if (!outside) {
      held_ = next;
      return refuse(outside.error());
    }
    begin(next, std::move(*outside));
  }
  held_.reset();
  running_.log_level = next.log_level;
  environment_.log.set_threshold(log_level(next));
  tell(change, begins);
}

void Reload::begin(const config::Config& next, Outside outside) {
  config::Config config = next;
  config.leader_election = running_.leader_election;
  config.log_format = running_.log_format;
  environment_.begin(config, std::move(outside));
  running_ = std::move(config);
  authorities_ = config::Settling(authorities_of(running_));
}

void Reload::tell(const config::Change& change, bool begun) const {
  const bool done = begun || change.log_level;
  environment_.metrics.config_read(done ? "done" : "unchanged", environment_.clock.wall());
  environment_.log.info("configuration read",
                        {{"outcome", done ? "in force" : "nothing to change"},
                         {"credentials", running_.credentials.size()},
                         {"needs_restart", plan::join(change.next_start, ", ")}});
}

/// Once, however often it is tried again.
void Reload::refuse(const std::string& why) {
  if (refusal_ == why) return;
  refusal_ = why;
  environment_.metrics.config_read("refused", environment_.clock.wall());
  environment_.log.error("the configuration changed and is refused; the one before stays in force",
                         {{"error", why}});
  environment_.on_refused(why);
}

}  // namespace icrps::cli
