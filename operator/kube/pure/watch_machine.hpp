// The list+watch protocol as a state machine. Pure: it says what to do next, is told what came of
// it, and passes what it learned to a Sink. The Watcher (kube/watcher.hpp) does the doing.
//
//              ┌─ page with a continue token
//              ▼ │
//   kEmpty ──list──▶ kPaging ──last page──▶ kListed ──watch──▶ (events move the version on)
//     ▲ ▲              │                      ▲  │ └─ ended at its time, with news ─▶ kListed
//     │ └──any error───┘        as new as ours│  │ stream broken, silent, refused, ended early
//     │                                       │  ▼
//     ├──────────── older than ours ────── kUnsure ──ask for the server's version
//     └─ 410, a garbled line, an event from the past, too many failures in a row
//
// A server that was restored from a backup has gone back in time, and a watch from a version that
// is still to come waits for it in silence. So a watch that did not end as it should is resumed
// only when the server says that it is at least as far as we are (docs/decisions/0016).
//
// Thread safety: none; one Watcher owns it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

#include "kube/pure/decode.hpp"
#include "runtime/backoff.hpp"

namespace icrps::kube {

/// Receives the state of a collection. Between relist_begins() and relist_ends() come all objects
/// that exist; what was known before and does not come is gone.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Before the list is asked for: what is written from now on may be missing in it. Again, when it
  /// has to start over.
  virtual void relist_begins() = 0;
  virtual void apply(Object&& object) = 0;
  virtual void removed(Object&& object) = 0;
  /// `resource_version` is the version of the whole list.
  virtual void relist_ends(const std::string& resource_version) = 0;
};

/// Why a list or a watch did not go on, for the log and the metric.
struct WatchTrouble {
  enum class Kind {
    kClosed,     ///< the server ended the watch in order; nothing is wrong
    kSilent,     ///< neither event nor bookmark for too long, or a deadline
    kBroken,     ///< the connection failed
    kExpired,    ///< 410: the version is too old, a new list is needed
    kThrottled,  ///< 429
    kForbidden,  ///< 401 or 403: a person must mend the permissions
    kRefused,    ///< another status
    kRewound,    ///< the server went back in time: a new list is needed
    kGarbled,    ///< not what an API server sends
  };
  Kind kind = Kind::kClosed;
  std::string message;
};

/// "closed", "silent", … as the metric's label has it.
[[nodiscard]] std::string_view to_string(WatchTrouble::Kind kind);

class WatchMachine {
 public:
  struct List {
    std::string continue_token;  ///< empty: the first page
  };
  /// Ask for the version of the collection as it is now.
  struct AskVersion {};
  struct Watch {
    std::string resource_version;
  };
  using Step = std::variant<List, AskVersion, Watch>;

  /// `sink` outlives the machine.
  WatchMachine(Sink& sink, Random random, Keep keep = {})
      : sink_(sink), random_(std::move(random)), keep_(std::move(keep)) {}

  [[nodiscard]] Step next() const;
  /// To be waited before next() is done.
  [[nodiscard]] std::chrono::milliseconds delay() const { return delay_; }

  /// The request of a List is about to be sent.
  void on_asking();
  /// A page arrived with status 200. False: it was garbled, `trouble()` says how.
  bool on_page(std::string_view body);
  /// The answer to AskVersion: a list of whatever part of the collection. False: `trouble()` says
  /// why the watch is not resumed.
  bool on_version(std::string_view body);
  /// The list or the start of the watch was answered with this status, not 200.
  void on_refused(const Status& status);
  /// No answer, or the stream broke or went silent.
  void on_broken(WatchTrouble::Kind kind, std::string message);
  /// One line of the watch. False: end the stream, `trouble()` says why.
  bool on_line(std::string_view line);
  /// What came is not a watch: a line without end.
  void on_garbled(std::string message);
  /// The server ended the stream in order after `lived`; it was asked to do so after `asked`.
  void on_closed(std::chrono::milliseconds lived, std::chrono::milliseconds asked);

  /// What the last input that was not a success meant.
  [[nodiscard]] const WatchTrouble& trouble() const { return trouble_; }

 private:
  enum class State { kEmpty, kPaging, kUnsure, kListed };

  [[nodiscard]] bool has_version() const {
    return state_ == State::kUnsure || state_ == State::kListed;
  }
  bool went_back(std::string_view version, std::string_view what);
  void fail(State next, WatchTrouble::Kind kind, std::string message);
  void success();

  Sink& sink_;
  const Random random_;
  const Keep keep_;
  State state_ = State::kEmpty;
  std::string resource_version_;
  std::string continue_token_;
  bool event_seen_ = false;  // since the watch began
  unsigned failures_ = 0;    // in a row
  std::chrono::milliseconds delay_{0};
  WatchTrouble trouble_;
};

}  // namespace icrps::kube
