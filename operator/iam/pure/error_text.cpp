#include "iam/pure/error_text.hpp"

#include <algorithm>

#include "http/percent.hpp"
#include "icr/text.hpp"
#include "runtime/secret_string.hpp"

namespace icrps::iam {

std::string one_line(std::string_view text, std::size_t limit) {
  text = icr::trim(text);
  std::string line;
  line.reserve(std::min(text.size(), limit));
  for (const char c : text) {
    if (line.size() == limit) break;
    const bool printable = c >= ' ' && c <= '~';
    line += printable ? c : static_cast<unsigned char>(c) < ' ' ? ' ' : '?';
  }
  return line;
}

bool repeats(std::string_view text, const Sent& sent) {
  return std::any_of(sent.begin(), sent.end(), [text](std::string_view secret) {
    if (secret.empty()) return false;
    const SecretString encoded(http::percent_encode(secret));
    return text.find(secret) != std::string_view::npos ||
           text.find(encoded.reveal()) != std::string_view::npos;
  });
}

}  // namespace icrps::iam
