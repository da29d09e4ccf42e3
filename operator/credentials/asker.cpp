#include "credentials/asker.hpp"

#include <algorithm>

namespace icrps::credentials {

AskHost ask_registries(const iam::RegistryProbe& probe) {
  return [&probe](const std::string& host, const icr::Login& login,
                  const std::optional<iam::ImageName>& image,
                  const std::stop_token& stop) { return probe.prove(host, login, image, stop); };
}

Asker::Asker(AskHost ask, std::size_t side_by_side)
    : ask_(std::move(ask)), side_by_side_(side_by_side) {}

Asker::~Asker() {
  std::vector<std::jthread> threads;
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
    jobs_.clear();
    threads.swap(threads_);
  }
  for (auto& thread : threads) thread.request_stop();
}  // joins

void Asker::ask(Question question, Heard heard, std::stop_token stop) {
  Job job{std::move(question), std::move(heard), std::move(stop)};
  if (side_by_side_ == 0) return answer(job, {});
  std::vector<std::jthread> ended;  // joined without the lock
  const std::lock_guard lock(mutex_);
  if (over_) return;
  for (const auto id : done_) {
    const auto thread = std::find_if(threads_.begin(), threads_.end(),
                                     [&](const auto& other) { return other.get_id() == id; });
    if (thread == threads_.end()) continue;
    ended.push_back(std::move(*thread));
    threads_.erase(thread);
  }
  done_.clear();
  jobs_.push_back(std::move(job));
  if (working_ >= side_by_side_) return;
  ++working_;
  threads_.emplace_back([this](const std::stop_token& end) { work(end); });
}

/// A thread ends when there is nothing left to ask: nothing is kept for the hour in between.
void Asker::work(const std::stop_token& end) {
  while (const auto job = next_job()) answer(*job, end);
}

std::optional<Asker::Job> Asker::next_job() {
  const std::lock_guard lock(mutex_);
  if (jobs_.empty()) {
    --working_;
    done_.push_back(std::this_thread::get_id());
    return std::nullopt;
  }
  auto job = std::move(jobs_.front());
  jobs_.pop_front();
  return job;
}

void Asker::answer(const Job& job, const std::stop_token& end) const {
  if (job.stop.stop_requested()) return;
  std::stop_source either;
  const auto pass_on = [&either] { either.request_stop(); };
  const std::stop_callback by_caller(job.stop, pass_on);
  const std::stop_callback by_end(end, pass_on);
  const auto& [host, login, image] = job.question;
  const auto answer = ask_(host, *login, image, either.get_token());
  if (!either.stop_requested()) job.heard(answer);
}

}  // namespace icrps::credentials
