#include "kube/pure/token_text.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "icr/base64.hpp"

namespace icrps::kube {
namespace {

using nlohmann::json;

std::optional<json> object_in(std::string_view part) {
  const auto text = icr::base64url_decode(part);
  if (!text) return std::nullopt;
  auto object = json::parse(*text, nullptr, false);
  return object.is_object() ? std::optional(std::move(object)) : std::nullopt;
}

/// RFC 7518, section 3. Keys of RSA have any length that is a multiple of 64 bits, in practice from
/// 2048 bits on in steps of 512.
bool is_signature(std::string_view algorithm, std::size_t bytes) {
  constexpr std::size_t kShortestRsa = 256;
  constexpr std::size_t kStep = 64;
  if (algorithm.starts_with("RS") || algorithm.starts_with("PS")) {
    return bytes >= kShortestRsa && bytes % kStep == 0;
  }
  constexpr std::array kFixed{
      std::pair{std::string_view("ES256"), 64U}, std::pair{std::string_view("ES384"), 96U},
      std::pair{std::string_view("ES512"), 132U}, std::pair{std::string_view("EdDSA"), 64U}};
  for (const auto& [name, length] : kFixed) {
    if (name == algorithm) return bytes == length;
  }
  return bytes > 0;
}

bool is_whole_jwt(std::string_view text, std::size_t first, std::size_t second) {
  const auto header = object_in(text.substr(0, first));
  const auto signature = icr::base64url_decode(text.substr(second + 1));
  if (!header || !signature || !object_in(text.substr(first + 1, second - first - 1))) return false;
  const auto algorithm = header->find("alg");
  return algorithm == header->end() || !algorithm->is_string() ||
         is_signature(algorithm->get_ref<const std::string&>(), signature->size());
}

}  // namespace

bool is_whole_token(std::string_view text) {
  const auto printable = [](char c) { return c > ' ' && c <= '~'; };
  if (text.empty() || !std::all_of(text.begin(), text.end(), printable)) return false;
  // The header of a JSON web token begins with {" in base64.
  if (!text.starts_with("eyJ")) return true;
  const auto first = text.find('.');
  if (first == std::string_view::npos) return false;
  const auto second = text.find('.', first + 1);
  return second != std::string_view::npos && is_whole_jwt(text, first, second);
}

}  // namespace icrps::kube
