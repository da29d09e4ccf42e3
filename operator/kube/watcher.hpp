// Does what a WatchMachine says: lists, watches, waits. One thread per watched collection.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "http/transport.hpp"
#include "kube/client.hpp"
#include "kube/collection.hpp"
#include "kube/pulse.hpp"
#include "kube/pure/watch_machine.hpp"
#include "runtime/backoff.hpp"
#include "runtime/clock.hpp"
#include "runtime/log.hpp"

namespace icrps::kube {

/// Thread safety: run() is called once, on one thread; the rest from any.
class Watcher {
 public:
  using OnRestart = std::function<void(std::string_view resource, std::string_view reason)>;

  struct Environment {
    http::Transport& transport;
    const Clock& clock;
    const Log& log;
    Random random;
    RequestObserver observer;
    OnRestart on_restart;
    std::shared_ptr<Pulse> pulse = nullptr;  ///< told how it goes; null: nobody wants to know
  };

  /// Everything passed by reference outlives the watcher.
  Watcher(Collection collection, Sink& sink, Environment environment);

  /// Until `stop`.
  void run(std::stop_token stop);

 private:
  void list(const WatchMachine::List& step, const std::stop_token& stop);
  void ask_version(const std::stop_token& stop);
  void watch(const WatchMachine::Watch& step, const std::stop_token& stop);
  void watch_ended(const http::StreamEnd& end, std::chrono::milliseconds lived,
                   std::chrono::milliseconds asked);
  /// What came of a request that is a list. False: no answer that is worth reading.
  bool answered(const http::Result& result);
  void report() const;

  const Collection collection_;
  const Environment environment_;
  const std::shared_ptr<Pulse> pulse_;
  WatchMachine machine_;
};

}  // namespace icrps::kube
