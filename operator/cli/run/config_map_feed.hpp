// The ConfigMap that the configuration's file comes from, watched: the kubelet brings a changed one
// to the file only when it looks after the pod again, which may be 90 s later.
//
// Thread safety: text() and uid() may be called from any thread.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <tl/expected.hpp>

#include "http/transport.hpp"
#include "kube/pure/watch_machine.hpp"
#include "runtime/backoff.hpp"
#include "runtime/clock.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

namespace icrps::cli {

class ConfigMapFeed final : private kube::Sink {
 public:
  struct Place {
    std::string ns;
    std::string name;
    std::string key;  ///< of its data
  };
  struct Environment {
    http::Transport& transport;
    const Clock& clock;
    const Log& log;
    Metrics& metrics;
    Random random;
  };

  /// Watches from now on. Everything passed by reference outlives this; `on_news` is called on
  /// another thread.
  ConfigMapFeed(Place place, Environment environment, std::function<void()> on_news);

  /// What it says, or why it says nothing. Nothing at all: it has not been read, and may never be
  /// for want of rights.
  [[nodiscard]] std::optional<tl::expected<std::string, std::string>> text() const;
  [[nodiscard]] std::string uid() const;

 private:
  void relist_begins() override { present_ = false; }
  void apply(kube::Object&& object) override;
  void removed(kube::Object&& object) override;
  void relist_ends(const std::string& resource_version) override;
  void watch(const std::stop_token& stop);
  void set(tl::expected<std::string, std::string> text, const std::string& uid);

  const Place place_;
  const Environment environment_;
  const std::function<void()> on_news_;
  bool present_ = false;  // only touched by the watch
  mutable std::mutex mutex_;
  std::optional<tl::expected<std::string, std::string>> text_;  // guarded by mutex_
  std::string uid_;                                             // guarded by mutex_
  std::jthread thread_;
};

}  // namespace icrps::cli
