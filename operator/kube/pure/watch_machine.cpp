#include "kube/pure/watch_machine.hpp"

#include <algorithm>
#include <utility>

namespace icrps::kube {
namespace {

using namespace std::chrono_literals;
using Kind = WatchTrouble::Kind;

// Goal: the first retry is fast enough that a restarted API server is back in use within its own
// start-up time, and an API server that is down sees one attempt in 2.5 to 5 s of each watch.
constexpr BackoffPolicy kBackoff{.first = 200ms, .factor = 2.0, .cap = 5s, .jitter = 0.5};

// A watch that ends sooner without an event is a fault of something in between, not of time.
constexpr auto kShortWatch = 1s;

constexpr int kTooMany = 429;
constexpr int kGone = 410;

Kind kind_of(const Status& status) {
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
    case Kind::kGarbled:
      return "garbled";
  }
  return "unknown";
}

WatchMachine::Step WatchMachine::next() const {
  if (state_ == State::kListed) return Watch{resource_version_};
  return List{continue_token_};
}

bool WatchMachine::on_page(std::string_view body) {
  if (state_ == State::kEmpty) sink_.relist_begins();
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

void WatchMachine::on_refused(const Status& status) {
  const Kind kind = kind_of(status);
  // A server that says so is up again: the new list doesn't wait out what its absence cost.
  if (kind == Kind::kExpired && trouble_.kind != Kind::kExpired) failures_ = 0;
  // A page token expires too; either way the list starts over. Everything else says nothing about
  // the version we have, so that a watch is resumed where it stopped.
  const State next =
      state_ == State::kListed && kind != Kind::kExpired ? State::kListed : State::kEmpty;
  fail(next, kind, status.message);
  if (status.retry_after) {
    delay_ = std::max(delay_, std::chrono::milliseconds(*status.retry_after));
  }
}

void WatchMachine::on_broken(WatchTrouble::Kind kind, std::string message) {
  fail(state_ == State::kListed ? State::kListed : State::kEmpty, kind, std::move(message));
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

void WatchMachine::on_closed(std::chrono::milliseconds lived) {
  const bool suspicious = lived < kShortWatch && !event_seen_;
  if (suspicious) {
    fail(State::kListed, Kind::kClosed, "the watch ended at once");
    return;
  }
  success();
  event_seen_ = false;
  trouble_ = {Kind::kClosed, "the server ended the watch"};
}

void WatchMachine::fail(State next, WatchTrouble::Kind kind, std::string message) {
  state_ = next;
  if (next != State::kListed) continue_token_.clear();
  event_seen_ = false;
  delay_ = backoff_delay(kBackoff, ++failures_, random_);
  trouble_ = {kind, std::move(message)};
}

void WatchMachine::success() {
  failures_ = 0;
  delay_ = std::chrono::milliseconds{0};
}

}  // namespace icrps::kube
