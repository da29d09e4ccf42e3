#include "cli/run/serving.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <stop_token>
#include <thread>
#include <utility>

#include "controller/configured.hpp"

namespace icrps::cli {
namespace {

/// What takes longer than that hangs, behind somebody's webhook most likely.
constexpr std::chrono::seconds kLongestWay{1};

}  // namespace

struct Serving::Work {
  Work(const config::Config& config, Outside&& roads, const Surroundings& surroundings)
      : credentials(controller::names_of(config.credentials)),
        outside(std::move(roads)),
        app(config, surroundings(outside)),
        thread([this](const std::stop_token& stop) {
          app.run(stop);
          ended.set_value();
        }) {}

  void stop() {
    thread.request_stop();
    if (thread.joinable()) thread.join();
  }

  /// For who does it again: what gets no answer soon is given up.
  void make_way() {
    thread.request_stop();
    if (has_ended.wait_for(kLongestWay) != std::future_status::ready) app.give_up();
    stop();
  }

  const std::vector<std::string> credentials;
  Outside outside;
  controller::Operator app;
  std::promise<void> ended;
  std::future<void> has_ended = ended.get_future();
  std::jthread thread;
};

Serving::Serving(Surroundings surroundings, Metrics& metrics)
    : surroundings_(std::move(surroundings)), metrics_(metrics) {}

Serving::~Serving() {
  stop();
}

void Serving::begin(const config::Config& config, Outside outside) {
  if (const auto before = work()) {
    before->make_way();  // two at once would write twice
    forget_credentials_not_in(config, *before);
  }
  metrics_.set_synced(false);
  auto next = std::make_shared<Work>(config, std::move(outside), surroundings_);
  const std::lock_guard lock(mutex_);
  work_.swap(next);  // a probe may hold the one before for a moment longer
}

void Serving::stop() {
  if (const auto running = work()) running->stop();
}

std::shared_ptr<Serving::Work> Serving::work() const {
  const std::lock_guard lock(mutex_);
  return work_;
}

void Serving::forget_credentials_not_in(const config::Config& config, const Work& before) {
  const auto now = controller::names_of(config.credentials);
  for (const auto& name : before.credentials) {
    if (std::find(now.begin(), now.end(), name) == now.end()) metrics_.forget_credential(name);
  }
}

std::string Serving::liveness() const {
  const auto running = work();
  return running ? running->app.liveness() : std::string();
}

std::string Serving::readiness() const {
  const auto running = work();
  return running ? running->app.readiness() : "not begun yet";
}

std::string Serving::remarks() const {
  const auto running = work();
  return running ? running->app.remarks() : std::string();
}

}  // namespace icrps::cli
