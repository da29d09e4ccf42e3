#include "runtime/digest.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <openssl/evp.h>
#include <stdexcept>

namespace icrps {
namespace {

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

void update(const Context& context, std::string_view bytes) {
  // The lowest byte first, on every machine: replicas of two architectures see the same hashes.
  std::array<unsigned char, sizeof(std::uint64_t)> length{};
  constexpr unsigned kBits = 8;
  for (std::size_t i = 0; i < length.size(); ++i) {
    length[i] = static_cast<unsigned char>(std::uint64_t{bytes.size()} >> (kBits * i));
  }
  if (EVP_DigestUpdate(context.get(), length.data(), length.size()) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1) {
    throw std::runtime_error("SHA-256 failed");
  }
}

}  // namespace

std::string digest(std::initializer_list<std::string_view> parts, std::size_t hex_digits) {
  // Fetched once: OpenSSL 3 looks the algorithm up in its providers each time otherwise.
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!context || EVP_DigestInit_ex(context.get(), sha256, nullptr) != 1) {
    throw std::runtime_error("SHA-256 is not available");
  }
  for (const auto part : parts) update(context, part);
  std::array<unsigned char, 32> bytes{};
  if (EVP_DigestFinal_ex(context.get(), bytes.data(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 failed");
  }
  std::string hex;
  for (const auto byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  hex.resize(std::min(hex.size(), hex_digits));
  return hex;
}

}  // namespace icrps
