// Which names are being looked up, who waits for them, and what was found a moment ago. Pure: it is
// told what happened and when, and says what is to be done.
//
// One look-up per name, whoever wants it. A bounded number at once: the rest wait for their turn in
// the order in which they came. A look-up that nobody waits for any more goes on, so that the next
// one finds its answer, but gives its place to one that somebody waits for.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/resolver.hpp"

namespace icrps::http::names {

using Instant = std::chrono::steady_clock::time_point;

struct LookupLimits {
  std::size_t at_once = 64;
  std::chrono::milliseconds longest{10'000};  ///< of one look-up, once it has begun
  std::chrono::milliseconds kept{5'000};      ///< how long what was found is good
  std::size_t most_kept = 256;                ///< answers
};

class LookupBook {
 public:
  /// One look-up, shared by the book, whoever carries it out and those who wait for it.
  struct Lookup {
    std::string name;
    unsigned callers = 0;
    std::optional<Instant> ends;       ///< when it is given up; nothing: its turn hasn't come
    std::optional<Resolution> answer;  ///< the end of it
  };
  using Handle = std::shared_ptr<Lookup>;

  explicit LookupBook(LookupLimits limits) : limits_(limits) {}

  /// What was found a moment ago.
  [[nodiscard]] std::optional<Addresses> kept(const std::string& name, Instant now) const;
  /// Somebody waits for that name: until the answer is there or leave().
  Handle join(const std::string& name);
  void leave(const Handle& lookup);
  /// Nobody waits, but somebody will want it: looked up if there is a place.
  void hint(const std::string& name);

  struct Orders {
    std::vector<Handle> begin;
    std::vector<Handle> end;  ///< without an answer: nobody waits; else it has one, of failure
  };
  /// What is to be done now by whoever carries out the look-ups.
  Orders next(Instant now);
  /// When to ask again at the latest, if nothing happens; nothing: not by itself.
  [[nodiscard]] std::optional<Instant> wake_at() const;
  /// The outcome of one that has begun. Ignored when it has ended otherwise.
  void answered(const Handle& lookup, Resolution answer, Instant now);

  [[nodiscard]] std::size_t under_way() const { return running_.size(); }

 private:
  struct Kept {
    Addresses addresses;
    Instant until;
  };

  [[nodiscard]] Handle find(const std::string& name) const;
  void give_up_overdue(Instant now, Orders& orders);
  /// Ends one that nobody waits for; false: there is none.
  bool make_place(Orders& orders);
  void keep(const std::string& name, const Addresses& addresses, Instant now);

  const LookupLimits limits_;
  std::deque<Handle> waiting_;   ///< for a place, in the order of their coming
  std::vector<Handle> running_;  ///< in the order of their beginning, so of their ends
  std::map<std::string, Kept> kept_;
};

}  // namespace icrps::http::names
