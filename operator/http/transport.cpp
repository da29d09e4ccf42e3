#include "http/transport.hpp"

#include <algorithm>

namespace icrps::http {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string_view to_string(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
    case Method::kDelete:
      return "DELETE";
  }
  return "unknown";
}

std::string_view to_string(Failure::Kind kind) {
  switch (kind) {
    case Failure::Kind::kConnect:
      return "connect";
    case Failure::Kind::kTls:
      return "tls";
    case Failure::Kind::kTimeout:
      return "timeout";
    case Failure::Kind::kCanceled:
      return "canceled";
    case Failure::Kind::kBroken:
      return "broken";
    case Failure::Kind::kTooLarge:
      return "too_large";
  }
  return "unknown";
}

std::optional<std::string> ResponseHead::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(), [name](const Header& candidate) {
    return same_name(candidate.name, name);
  });
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

}  // namespace icrps::http
