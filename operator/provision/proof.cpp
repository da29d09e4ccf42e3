#include "provision/proof.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "http/percent.hpp"
#include "iam/exchange.hpp"
#include "iam/pure/token.hpp"

namespace icrps::provision {
namespace {

using ProofResult = Proof::Result;

constexpr std::chrono::milliseconds kAskAgain{3'000};
constexpr std::string_view kScheme = "https://";

std::optional<iam::ImageReference> given_image(const Place& place, const std::string& host,
                                               const std::vector<iam::ImageReference>& images) {
  const auto found =
      std::find_if(images.begin(), images.end(), [&](const iam::ImageReference& image) {
        return image.host == host && image.image.repository.starts_with(place.ns + "/");
      });
  return found == images.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

std::string_view to_string(Proof::Result result) {
  switch (result) {
    case ProofResult::kPulled:
      return "pulled";
    case ProofResult::kNoImage:
      return "no image";
    case ProofResult::kNotAsked:
      return "not asked";
    case ProofResult::kRefused:
      return "refused";
  }
  return "";
}

tl::expected<SecretString, iam::Refusal> Prover::log_in(const SecretString& key) {
  auto token = iam_.token_by_api_key(key, {});
  if (!token) return tl::unexpected(std::move(token.error()));
  return std::move(token->access);
}

tl::expected<iam::ImageList, iam::Refusal> Prover::find_image(const std::string& host,
                                                              const std::string& ns,
                                                              const SecretString& token) {
  const auto origin = std::string(kScheme) + host;
  const auto transport = connect_(origin, SecretString("Bearer " + token.reveal()));
  auto question =
      iam::iam_request(http::Method::kGet, "/api/v1/images?namespace=" + http::percent_encode(ns));
  question.headers.push_back({"Account", account_id_});
  const auto answer = transport->send(question, {});
  if (!answer) return tl::unexpected(iam::refusal_of(host, answer.error()));
  if (!iam::is_success(answer->status)) {
    return tl::unexpected(iam::refusal_of(host, *answer, {token.reveal()}));
  }
  auto list = iam::read_image_list(answer->body);
  if (!list) return tl::unexpected(iam::senseless(host, *answer, "without a list of images"));
  return std::move(*list);
}

Proof Prover::prove_once(const SecretString& key, const Place& place,
                         const std::optional<iam::ImageReference>& given) {
  const auto& host = regions_.regions().at(place.region).host;
  const auto refused = [&](const std::string& why) {
    return Proof{place, host, ProofResult::kRefused, why};
  };
  const icr::Login login{icr::kApiKeyUser, key};
  auto image = given;
  if (!image) {
    const auto token = log_in(key);
    if (!token) return refused(token.error().message);
    const auto listed = find_image(host, place.ns, *token);
    if (listed) image = iam::parse_image_reference(listed->first);
    if (!image) {
      const auto taken = registries_.prove(host, login, std::nullopt, {});
      if (!taken) return refused(taken.error().message);
      return {place, host, ProofResult::kNoImage,
              listed ? "the login is good, and the registry namespace has no image yet"
                     : "the login is good; name an image of it with --image"};
    }
  }
  const auto pulled = registries_.prove(host, login, image->image, {});
  if (!pulled) return refused(pulled.error().message);
  return {place, host, ProofResult::kPulled, fmt::format("{}/{}", host, image->image.repository)};
}

std::vector<Proof> Prover::prove(const SecretString& key, const std::vector<Place>& places,
                                 const std::vector<iam::ImageReference>& images) {
  const auto end = waiting_.clock.now() + waiting_.patience;
  bool said = false;
  std::vector<Proof> proofs;
  for (const auto& place : places) {
    if (place.region.empty()) {
      proofs.push_back({place, {}, ProofResult::kNotAsked, "no region was named"});
      continue;
    }
    const auto& host = regions_.regions().at(place.region).host;
    const auto image = given_image(place, host, images);
    auto proof = prove_once(key, place, image);
    while (proof.result == ProofResult::kRefused && waiting_.clock.now() + kAskAgain < end) {
      if (!std::exchange(said, true)) {
        waiting_.say(proof.detail +
                     "; what is new takes a while to be known everywhere, trying again");
      }
      waiting_.sleep(kAskAgain);
      proof = prove_once(key, place, image);
    }
    proofs.push_back(std::move(proof));
  }
  return proofs;
}

}  // namespace icrps::provision
