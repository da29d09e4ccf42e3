#include "credentials/prover.hpp"

namespace icrps::credentials {

tl::expected<Proof, iam::Refusal> prove(const iam::RegistryProbe& probe, const icr::Login& login,
                                        const icr::Hosts& hosts,
                                        const std::optional<iam::ImageReference>& image,
                                        const std::stop_token& stop) {
  using Kind = iam::Refusal::Kind;
  Proof proof;
  std::optional<iam::Refusal> unknown;
  auto all = hosts;
  if (image) all.insert(image->host);
  for (const auto& host : all) {
    const bool with_image = image && image->host == host;
    auto answer =
        probe.prove(host, login, with_image ? std::optional(image->image) : std::nullopt, stop);
    if (answer) {
      proof.hosts.push_back(host);
      continue;
    }
    if (answer.error().kind != Kind::kUnknown) return tl::unexpected(std::move(answer.error()));
    proof.silent.push_back(host);
    if (!unknown) unknown = std::move(answer.error());
  }
  if (proof.hosts.empty() && unknown) return tl::unexpected(std::move(*unknown));
  return proof;
}

}  // namespace icrps::credentials
