#include "kube/pure/watch_machine.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace icrps::kube {
namespace {

using namespace std::chrono_literals;
using Kind = WatchTrouble::Kind;

// Goal: the first retry is fast enough that a restarted API server is back in use within its own
// start-up time, and an API server that is down sees one attempt in 2.5 to 5 s of each watch.
constexpr BackoffPolicy kBackoff{.first = 200ms, .factor = 2.0, .cap = 5s, .jitter = 0.5};

// No longer, whatever a Retry-After says: nothing is known meanwhile.
constexpr std::chrono::seconds kLongestPause{30};

// A watch that ends sooner without an event is a fault of something in between, not of time.
constexpr auto kShortWatch = 1s;

// A server may end a watch so much before the time it was asked for and still be in order.
constexpr auto kEarly = 5s;

// A watch that could not be resumed for so long, about a minute, begins with a new list: whatever
// it is that is refused, and however far the server's versions came meanwhile.
constexpr unsigned kMostResumptions = 20;

constexpr std::size_t kLongestVersion = 32;

constexpr int kTooMany = 429;
constexpr int kGone = 410;

Kind kind_of(const Status& status) {
  if (!status.from_api_server && status.code != kTooMany) return Kind::kRefused;
  if (status.code == kGone || status.reason == "Expired" || status.reason == "Gone") {
    return Kind::kExpired;
  }
  if (status.code == kTooMany) return Kind::kThrottled;
  if (status.code == 401 || status.code == 403) return Kind::kForbidden;
  return Kind::kRefused;
}

}  // namespace

std::string_view to_string(WatchTrouble::Kind kind) {
  switch (kind) {
    case Kind::kClosed:
      return "closed";
    case Kind::kSilent:
      return "silent";
    case Kind::kBroken:
      return "broken";
    case Kind::kExpired:
      return "expired";
    case Kind::kThrottled:
      return "throttled";
    case Kind::kForbidden:
      return "forbidden";
    case Kind::kRefused:
      return "refused";
    case Kind::kRewound:
      return "rewound";
    case Kind::kGarbled:
      return "garbled";
  }
  return "unknown";
}

WatchMachine::Step WatchMachine::next() const {
  if (state_ == State::kListed) return Watch{resource_version_};
  if (state_ == State::kUnsure) return AskVersion{};
  return List{continue_token_};
}

void WatchMachine::on_asking() {
  if (state_ == State::kEmpty) sink_.relist_begins();
}

bool WatchMachine::on_page(std::string_view body) {
  auto meta = decode_list(body, [this](Object&& object) { sink_.apply(std::move(object)); }, keep_);
  if (!meta) {
    fail(State::kEmpty, Kind::kGarbled, meta.error().message);
    return false;
  }
  success();
  continue_token_ = std::move(meta->continue_token);
  resource_version_ = std::move(meta->resource_version);
  if (!continue_token_.empty()) {
    state_ = State::kPaging;
    return true;
  }
  state_ = State::kListed;
  event_seen_ = false;
  sink_.relist_ends(resource_version_);
  return true;
}

bool WatchMachine::on_version(std::string_view body) {
  const auto meta = decode_list(body, [](Object&& /*any*/) {});
  if (!meta) {
    fail(State::kUnsure, Kind::kGarbled, meta.error().message);
    return false;
  }
  if (went_back(meta->resource_version, "its version")) return false;
  // The failures in a row go on: that it answers does not mean that it lets watch.
  state_ = State::kListed;
  delay_ = 0ms;
  return true;
}

/// True: what the server says is of a time before what it said already.
bool WatchMachine::went_back(std::string_view version, std::string_view what) {
  if (!older(version, resource_version_)) return false;
  success();
  state_ = State::kEmpty;
  trouble_ = {Kind::kRewound,
              fmt::format("the API server went back in time, as after a restore from a backup: {} "
                          "is {}, it has been {}",
                          what, version.substr(0, kLongestVersion),
                          resource_version_.substr(0, kLongestVersion))};
  return true;
}

void WatchMachine::on_refused(const Status& status) {
  const Kind kind = kind_of(status);
  // A server that says so is up again: the new list doesn't wait out what its absence cost.
  if (kind == Kind::kExpired && trouble_.kind != Kind::kExpired) failures_ = 0;
  // A page token expires too; either way the list starts over. Everything else says nothing about
  // the version we have, so that a watch is resumed where it stopped.
  fail(has_version() && kind != Kind::kExpired ? State::kUnsure : State::kEmpty, kind,
       status.message);
  if (status.retry_after) {
    delay_ =
        std::max<std::chrono::milliseconds>(delay_, std::min(*status.retry_after, kLongestPause));
  }
}

void WatchMachine::on_broken(WatchTrouble::Kind kind, std::string message) {
  fail(has_version() ? State::kUnsure : State::kEmpty, kind, std::move(message));
}

bool WatchMachine::on_line(std::string_view line) {
  auto event = decode_event(line, keep_);
  if (!event) {
    on_garbled(event.error().message);
    return false;
  }
  if (event->type == WatchEvent::Type::kError) {
    on_refused(event->status);
    return false;
  }
  if (went_back(event->object.resource_version, "the version of an event")) return false;
  resource_version_ = event->object.resource_version;
  event_seen_ = true;
  success();
  switch (event->type) {
    case WatchEvent::Type::kAdded:
    case WatchEvent::Type::kModified:
      sink_.apply(std::move(event->object));
      break;
    case WatchEvent::Type::kDeleted:
      sink_.removed(std::move(event->object));
      break;
    default:  // a bookmark carries the version and nothing else
      break;
  }
  return true;
}

void WatchMachine::on_garbled(std::string message) {
  // A line that can't be read may have been any change: only a new list tells.
  fail(State::kEmpty, Kind::kGarbled, std::move(message));
}

void WatchMachine::on_closed(std::chrono::milliseconds lived, std::chrono::milliseconds asked) {
  const bool suspicious = lived < kShortWatch && !event_seen_;
  if (suspicious) {
    fail(State::kUnsure, Kind::kClosed, "the watch ended at once");
    return;
  }
  success();
  // One that ended before its time was ended by a server that goes down, and one that brought
  // neither event nor bookmark may wait for a version that is still to come.
  const bool as_it_should = event_seen_ && lived + kEarly >= asked;
  state_ = as_it_should ? State::kListed : State::kUnsure;
  event_seen_ = false;
  trouble_ = {Kind::kClosed, "the server ended the watch"};
}

void WatchMachine::fail(State next, WatchTrouble::Kind kind, std::string message) {
  delay_ = backoff_delay(kBackoff, ++failures_, random_);
  state_ = failures_ < kMostResumptions ? next : State::kEmpty;
  continue_token_.clear();
  event_seen_ = false;
  trouble_ = {kind, std::move(message)};
}

void WatchMachine::success() {
  failures_ = 0;
  delay_ = std::chrono::milliseconds{0};
}

}  // namespace icrps::kube
