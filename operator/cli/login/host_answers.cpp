#include "cli/login/host_answers.hpp"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace icrps::cli {
namespace {

/// What the hosts say comes in on threads of the asker's.
struct Mailbox {
  std::mutex mutex;
  std::condition_variable news;
  HostReplies replies;
  std::size_t answered = 0;
};

}  // namespace

HostReplies prove_at_hosts(credentials::AskHost ask, const icr::Login& login,
                           const icr::Hosts& hosts, const HostPatience& patience,
                           const std::function<void(std::size_t, std::size_t)>& progress) {
  using SteadyClock = std::chrono::steady_clock;
  const auto mail = std::make_shared<Mailbox>();
  for (const auto& host : hosts) mail->replies[host] = std::nullopt;
  std::stop_source stop;
  credentials::Asker asker(std::move(ask));
  const auto shared = std::make_shared<const icr::Login>(login);
  for (const auto& host : hosts) {
    asker.ask(
        {host, shared, {}},
        [mail, host](const credentials::Answer& answer) {
          const std::lock_guard guard(mail->mutex);
          mail->replies[host] = answer;
          ++mail->answered;
          mail->news.notify_all();
        },
        stop.get_token());
  }
  const auto end = SteadyClock::now() + patience.all;
  auto last = SteadyClock::now();
  std::unique_lock lock(mail->mutex);
  for (std::size_t seen = 0; seen < hosts.size();) {
    const bool most = seen * 2 > hosts.size();
    const auto until = most ? std::min(end, last + patience.since_last) : end;
    if (!mail->news.wait_until(lock, until, [&] { return mail->answered > seen; })) break;
    seen = mail->answered;
    last = SteadyClock::now();
    progress(seen, hosts.size());
  }
  auto replies = mail->replies;
  lock.unlock();
  stop.request_stop();
  return replies;
}

}  // namespace icrps::cli
