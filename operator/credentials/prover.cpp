#include "credentials/prover.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace icrps::credentials {
namespace {

using Kind = iam::Refusal::Kind;

constexpr std::size_t kSideBySide = 8;

bool is(const HostAnswer& answer, Kind kind) {
  return !answer.answer && answer.answer.error().kind == kind;
}

}  // namespace

bool is_no(const HostAnswer& answer) {
  return !answer.answer && !is(answer, Kind::kUnknown) && !is(answer, Kind::kCanceled);
}

HostAnswers ask(const iam::RegistryProbe& probe, const Question& question,
                const std::stop_token& stop) {
  auto hosts = question.hosts;
  const auto& image = question.image;
  if (image) hosts.insert(image->host);
  HostAnswers answers;
  for (const auto& host : hosts) answers.push_back({host, {}});
  // Hosts are begun in order and what is begun is finished, so that all before a no have answered.
  std::atomic<std::size_t> begun = 0;
  std::atomic<bool> enough = false;
  const auto work = [&] {
    while (!enough) {
      const auto next = begun++;
      if (next >= answers.size()) return;
      auto& [host, answer] = answers[next];
      const bool with_image = image && image->host == host;
      answer = probe.prove(host, question.login,
                           with_image ? std::optional(image->image) : std::nullopt, stop);
      if (is_no(answers[next]) && !question.to_the_end) enough = true;
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < std::min(answers.size(), kSideBySide); ++i) {
      others.emplace_back(work);
    }
    work();
  }
  answers.resize(std::min<std::size_t>(answers.size(), begun));
  return answers;
}

tl::expected<Proof, iam::Refusal> verdict_of(const HostAnswers& answers) {
  const auto first = [&](const auto& wanted) {
    return std::find_if(answers.begin(), answers.end(), wanted);
  };
  const auto no = first(is_no);
  if (no != answers.end()) return tl::unexpected(no->answer.error());
  const auto canceled = first([](const auto& answer) { return is(answer, Kind::kCanceled); });
  if (canceled != answers.end()) return tl::unexpected(canceled->answer.error());
  Proof proof;
  for (const auto& [host, answer] : answers) (answer ? proof.hosts : proof.silent).push_back(host);
  if (proof.hosts.empty() && !answers.empty()) return tl::unexpected(answers[0].answer.error());
  return proof;
}

}  // namespace icrps::credentials
