#include "http/names/resolver_cares.hpp"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <sys/eventfd.h>
#include <system_error>
#include <thread>
#include <utility>

#include "http/names/ares_query.hpp"
#include "http/names/lookup_book.hpp"
#include "runtime/descriptor.hpp"

namespace icrps::http {
namespace names {
namespace {

/// Ends a poll() of another thread.
class Bell {
 public:
  Bell() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!fd_.open()) throw std::system_error(errno, std::generic_category(), "eventfd");
  }

  void ring() const { static_cast<void>(::eventfd_write(fd_.get(), 1)); }
  void silence() const {
    eventfd_t count = 0;
    static_cast<void>(::eventfd_read(fd_.get(), &count));
  }
  [[nodiscard]] pollfd to_poll() const { return {fd_.get(), POLLIN, 0}; }

 private:
  Descriptor fd_;
};

std::string_view outcome_of(const Resolution& answer) {
  if (answer) return "found";
  const auto& why = answer.error().message;
  if (why.starts_with("no such name") || why.starts_with("the name has")) return "not_found";
  return why.starts_with("no name server") ? "no_answer" : "failed";
}

class CaresResolver final : public Resolver {
 public:
  explicit CaresResolver(ResolverOptions options)
      : options_(std::move(options)), book_(options_.limits) {}
  ~CaresResolver() override {
    thread_.request_stop();
    bell_.ring();
  }
  CaresResolver(const CaresResolver&) = delete;
  CaresResolver& operator=(const CaresResolver&) = delete;
  CaresResolver(CaresResolver&&) = delete;
  CaresResolver& operator=(CaresResolver&&) = delete;

  Resolution lookup(const std::string& name, Instant deadline,
                    const std::stop_token& stop) override;
  std::optional<Addresses> at_hand(const std::string& name) override;

 private:
  /// A look-up and the question that answers it; the thread's own.
  struct Running {
    LookupBook::Handle lookup;
    std::unique_ptr<AresQuery> query;
    std::size_t sockets = 0;  ///< of those polled
  };

  static Instant now() { return std::chrono::steady_clock::now(); }
  void begin_thread();  // needs mutex_
  void work(const std::stop_token& stop);
  void follow_orders();
  /// Waits for whatever comes first, and lets each question look at what came.
  void poll_once();
  void tell(const LookupBook::Handle& lookup, Resolution answer);

  const ResolverOptions options_;
  const Bell bell_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  LookupBook book_;               // guarded by mutex_, and so is what its look-ups hold
  std::vector<Running> running_;  // the thread's
  std::jthread thread_;
};

Resolution CaresResolver::lookup(const std::string& name, Instant deadline,
                                 const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (auto kept = book_.kept(name, now())) return std::move(*kept);
  const auto lookup = book_.join(name);
  begin_thread();
  bell_.ring();
  changed_.wait_until(lock, stop, deadline, [&] { return lookup->answer.has_value(); });
  book_.leave(lookup);
  if (lookup->answer) return *lookup->answer;
  if (stop.stop_requested()) {
    return tl::unexpected(Failure{Failure::Kind::kCanceled, "stopped by the caller"});
  }
  return tl::unexpected(
      Failure{Failure::Kind::kTimeout, "no name server answered within the deadline"});
}

std::optional<Addresses> CaresResolver::at_hand(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  if (auto kept = book_.kept(name, now())) return kept;
  book_.hint(name);
  begin_thread();
  bell_.ring();
  return std::nullopt;
}

void CaresResolver::begin_thread() {
  if (thread_.joinable()) return;
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

void CaresResolver::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    follow_orders();
    poll_once();
  }
  running_.clear();
}

void CaresResolver::follow_orders() {
  LookupBook::Orders orders;
  {
    const std::scoped_lock lock(mutex_);
    orders = book_.next(now());
  }
  for (const auto& lookup : orders.end) {
    std::erase_if(running_, [&](const Running& running) { return running.lookup == lookup; });
    if (lookup->answer && options_.observer) options_.observer(outcome_of(*lookup->answer));
  }
  if (!orders.end.empty()) changed_.notify_all();
  for (auto& lookup : orders.begin) {
    // Reads a few small files; the first packets leave here.
    auto query = std::make_unique<AresQuery>(options_, lookup->name, now());
    running_.push_back({std::move(lookup), std::move(query)});
  }
  std::erase_if(running_, [this](const Running& running) {
    auto answer = running.query->answer(now());
    if (answer) tell(running.lookup, std::move(*answer));
    return answer.has_value();
  });
}

void CaresResolver::tell(const LookupBook::Handle& lookup, Resolution answer) {
  if (options_.observer) options_.observer(outcome_of(answer));
  {
    const std::scoped_lock lock(mutex_);
    book_.answered(lookup, std::move(answer), now());
  }
  changed_.notify_all();
}

void CaresResolver::poll_once() {
  std::vector<pollfd> sockets{bell_.to_poll()};
  std::optional<Instant> until;
  const auto no_later = [&until](Instant when) { until = until ? std::min(*until, when) : when; };
  {
    const std::scoped_lock lock(mutex_);
    if (const auto end = book_.wake_at()) no_later(*end);
  }
  for (auto& running : running_) {
    const auto before = sockets.size();
    running.query->add_sockets(sockets);
    running.sockets = sockets.size() - before;
    no_later(running.query->wake_at(now()));
  }
  int wait = -1;
  if (until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - now());
    wait = static_cast<int>(std::max(left, std::chrono::milliseconds(0)).count());
  }
  static_cast<void>(::poll(sockets.data(), sockets.size(), wait));
  bell_.silence();
  const pollfd* next = sockets.data() + 1;
  for (auto& running : running_) {
    const pollfd* const end = next + running.sockets;
    running.query->process(next, end, now());
    next = end;
  }
}

}  // namespace
}  // namespace names

std::shared_ptr<Resolver> make_resolver(names::ResolverOptions options) {
  return std::make_shared<names::CaresResolver>(std::move(options));
}

}  // namespace icrps::http
