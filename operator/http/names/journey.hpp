// The way of one request to a server that has a name: which of its addresses to try, in which
// order, and for how long each.
//
// An address that has answered lately is used without waiting for anybody: it is most likely that a
// connection to it is open, and while the name servers are silent nothing changes for whoever has
// one. Whether it is still right is asked aside.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "http/names/lookup_book.hpp"
#include "http/resolver.hpp"

namespace icrps::http::names {

/// Which address of a name answered last. Thread safety: all methods from any thread.
class LastGood {
 public:
  /// As long as the HTTP library keeps an idle connection, or somewhat less.
  static constexpr std::chrono::seconds kTrusted{30};

  void answered(const std::string& address, Instant now);
  /// It is no longer the good one.
  void failed(const std::string& address);
  [[nodiscard]] std::optional<std::string> trusted(Instant now) const;
  /// The same addresses; the one that answered last, however long ago, is the first.
  [[nodiscard]] Addresses sorted(Addresses addresses) const;

 private:
  mutable std::mutex mutex_;
  std::string address_;  // guarded by mutex_
  Instant at_{};         // guarded by mutex_
};

/// Of one request. Thread safety: none.
class Journey {
 public:
  /// How long an address may take to be connected to while there are others to try.
  static constexpr std::chrono::seconds kConnectLimit{3};

  struct Leg {
    std::string address;
    std::optional<Instant> connect_by;  ///< nothing: it is the last, and has all the time there is
  };

  struct Goal {
    std::string name;
    std::string peer;  ///< "name:port", for messages
  };
  /// What came of a leg.
  struct Visit {
    bool connected = false;
    std::optional<Failure> failure;  ///< nothing: there was an answer
  };

  using Now = std::function<Instant()>;

  /// Everything passed by reference outlives it.
  Journey(Resolver& resolver, LastGood& last_good, Now now, Goal goal, Instant deadline,
          std::stop_token stop);

  /// The next address to try; asks the resolver when it has to. Nothing: there are no more, and
  /// failure() says why.
  std::optional<Leg> next();
  /// After each leg. False: that was it, well or badly.
  bool goes_on(const Visit& visit);
  [[nodiscard]] const Failure& failure() const { return *failure_; }

 private:
  void look_up();

  Resolver& resolver_;
  LastGood& last_good_;
  const Now now_;
  const Goal goal_;
  const Instant deadline_;
  const std::stop_token stop_;
  Addresses left_;          ///< to be tried yet, in this order
  Addresses tried_;         ///< the last one is the leg under way
  bool looked_up_ = false;  ///< what is left is what the name servers say now
  std::optional<Failure> failure_;
};

}  // namespace icrps::http::names
