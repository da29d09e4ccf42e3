#include "keyring/go_base64.hpp"

#include "icr/base64.hpp"

namespace icrps::keyring {

std::optional<SecretString> go_base64_decode(std::string_view text, Padding padding) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string digits;
  digits.reserve(text.size() + 4);  // it never grows: no copy of a credential is left behind
  for (const char c : text) {
    if (c != '\r' && c != '\n') digits += c;
  }
  const auto length = digits.size();
  const auto padded = std::min(digits.find('='), length);
  const auto pads = length - padded;
  const auto wiped = [&] { const SecretString gone(std::move(digits)); };
  const bool shape = padding == Padding::kNeeded
                         ? length % 4 == 0 && pads <= 2 &&
                               digits.find_first_not_of('=', padded) == std::string::npos
                         : pads == 0 && length % 4 != 1;
  if (!shape) {
    wiped();
    return std::nullopt;
  }
  while (digits.size() % 4 != 0) digits += '=';
  // The strict decoder wants the bits that are left over to be zero.
  const auto last = padded - 1;
  if (padded % 4 != 0) {
    const auto value = kAlphabet.find(digits[last]);
    if (value != std::string_view::npos) {
      digits[last] =
          kAlphabet[padded % 4 == 2 ? value & ~std::size_t{15} : value & ~std::size_t{3}];
    }
  }
  const SecretString strict(std::move(digits));
  auto decoded = icr::base64_decode(strict.reveal());
  if (!decoded) return std::nullopt;
  return SecretString(std::move(*decoded));
}

}  // namespace icrps::keyring
