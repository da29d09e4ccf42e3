#include "credentials/prover.hpp"

#include <latch>
#include <memory>

#include "credentials/asker.hpp"

namespace icrps::credentials {

HostAnswers ask(const iam::RegistryProbe& probe, const Question& question,
                const std::stop_token& stop) {
  auto hosts = question.hosts;
  const auto& image = question.image;
  if (image) hosts.insert(image->host);
  HostAnswers answers;
  for (const auto& host : hosts) answers.push_back({host, {}});
  std::latch all(static_cast<std::ptrdiff_t>(answers.size()));
  const auto login = std::make_shared<const icr::Login>(question.login);
  // The stop goes to the hosts and not to the asker, so that each answers in any case.
  Asker asker([&](const auto& host, const auto& with, const auto& which, const auto&) {
    return probe.prove(host, with, which, stop);
  });
  for (auto& [host, answer] : answers) {
    const bool with_image = image && image->host == host;
    asker.ask({host, login, with_image ? std::optional(image->image) : std::nullopt},
              [&all, &answer = answer](const Answer& heard) {
                answer = heard;
                all.count_down();
              },
              {});
  }
  all.wait();
  return answers;
}

}  // namespace icrps::credentials
