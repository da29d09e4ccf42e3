#include "keyring/image_name.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "icr/regions.hpp"
#include "icr/text.hpp"

namespace icrps::keyring {
namespace {

using icr::is_digit;
using icr::is_lower;
using icr::is_upper;

constexpr std::string_view kHub = "docker.io";

bool is_lower_alnum(char c) {
  return is_lower(c) || is_digit(c);
}

bool is_alnum(char c) {
  return is_lower_alnum(c) || is_upper(c);
}

bool is_lower_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

bool all_of(std::string_view text, bool (*rule)(char)) {
  return std::all_of(text.begin(), text.end(), rule);
}

std::string_view cut(std::string_view& rest, char at) {
  const auto end = std::min(rest.find(at), rest.size());
  const auto part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

/// [a-z0-9]+ joined by one dot, one or two underscores, or any number of hyphens.
bool is_path_component(std::string_view text) {
  if (text.empty() || !is_lower_alnum(text.front()) || !is_lower_alnum(text.back())) return false;
  for (std::size_t i = 0; i < text.size();) {
    const auto next = std::find_if(text.begin() + static_cast<std::ptrdiff_t>(i), text.end(),
                                   [](char c) { return !is_lower_alnum(c); });
    i = static_cast<std::size_t>(next - text.begin());
    const auto end = std::find_if(next, text.end(), is_lower_alnum);
    const std::string_view separator(text.data() + i, static_cast<std::size_t>(end - next));
    const bool ok = separator.empty() || separator == "." || separator == "_" ||
                    separator == "__" || separator.find_first_not_of('-') == std::string_view::npos;
    if (!ok) return false;
    i += separator.size();
  }
  return true;
}

bool is_path(std::string_view text) {
  if (text.empty() || text.ends_with('/')) return false;
  while (!text.empty()) {
    if (!is_path_component(cut(text, '/'))) return false;
  }
  return true;
}

bool is_domain_label(std::string_view text) {
  return !text.empty() && is_alnum(text.front()) && is_alnum(text.back()) &&
         all_of(text, [](char c) { return is_alnum(c) || c == '-'; });
}

bool is_domain_name(std::string_view text) {
  if (text.empty() || text.ends_with('.')) return false;
  while (!text.empty()) {
    if (!is_domain_label(cut(text, '.'))) return false;
  }
  return true;
}

bool is_port_or_nothing(std::string_view text) {
  return text.empty() ||
         (text.size() > 1 && text.front() == ':' && all_of(text.substr(1), is_digit));
}

/// A DNS name, an address, or an IPv6 address in brackets; with a port or without.
bool is_domain(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || end == 1) return false;
    return all_of(text.substr(1, end - 1),
                  [](char c) {
                    return is_lower_hex(icr::is_upper(c) ? static_cast<char>(c | 0x20) : c) ||
                           c == ':';
                  }) &&
           is_port_or_nothing(text.substr(end + 1));
  }
  const auto colon = std::min(text.find(':'), text.size());
  return is_domain_name(text.substr(0, colon)) && is_port_or_nothing(text.substr(colon));
}

bool is_tag(std::string_view text) {
  constexpr std::size_t kLongest = 128;
  const auto is_word = [](char c) { return is_alnum(c) || c == '_'; };
  return !text.empty() && text.size() <= kLongest && is_word(text.front()) &&
         all_of(text, [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

bool is_digest(std::string_view text) {
  struct Algorithm {
    std::string_view prefix;
    std::size_t digits;
  };
  constexpr std::array<Algorithm, 3> kAlgorithms{
      {{"sha256:", 64}, {"sha384:", 96}, {"sha512:", 128}}};
  return std::any_of(kAlgorithms.begin(), kAlgorithms.end(), [&](const Algorithm& one) {
    return text.starts_with(one.prefix) && text.size() == one.prefix.size() + one.digits &&
           all_of(text.substr(one.prefix.size()), is_lower_hex);
  });
}

struct Parts {
  std::string domain;
  std::string rest;  ///< path, tag and digest
};

/// What stands before the first slash is a host only if it looks like one.
Parts split_domain(std::string_view text) {
  const auto slash = text.find('/');
  Parts parts{std::string(kHub), std::string(text)};
  if (slash != std::string_view::npos) {
    const auto first = text.substr(0, slash);
    const bool host = first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
                      std::any_of(first.begin(), first.end(), is_upper);
    if (host) {
      parts = {std::string(first == "index.docker.io" ? kHub : first),
               std::string(text.substr(slash + 1))};
    }
  }
  if (parts.domain == kHub && parts.rest.find('/') == std::string::npos) {
    parts.rest.insert(0, "library/");
  }
  return parts;
}

/// What is wrong with it, or nothing. `name` becomes the part without tag and digest.
std::string_view check(const Parts& parts, std::string& name) {
  constexpr std::size_t kLongestPath = 255;
  std::string_view path = parts.rest;
  const auto colon = std::min(path.find(':'), path.size());
  if (std::any_of(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(colon), is_upper)) {
    return "has upper-case letters; a repository's name has none";
  }
  if (const auto at = path.find('@'); at != std::string_view::npos) {
    if (!is_digest(path.substr(at + 1))) return "has a digest that is none";
    path = path.substr(0, at);
  }
  const auto slash = path.rfind('/');
  const auto tag = path.find(':', slash == std::string_view::npos ? 0 : slash);
  if (tag != std::string_view::npos) {
    if (!is_tag(path.substr(tag + 1))) return "has a tag that is none";
    path = path.substr(0, tag);
  }
  name = parts.domain + '/' + std::string(path);
  const bool fits = is_domain(parts.domain) && is_path(path) && path.size() <= kLongestPath;
  // A "host" with an underscore is none, but all of it may be a path.
  if (!fits && !(is_path(name) && name.size() <= kLongestPath)) return "is no image name";
  return {};
}

}  // namespace

tl::expected<ImageName, std::string> parse_image_name(std::string_view reference) {
  constexpr std::string_view kAccepted =
      "; accepted: HOST/NAMESPACE/NAME:TAG, or with @sha256:… after it";
  const auto refused = [&](std::string_view what) {
    return tl::unexpected(icr::quoted(reference) + " " + std::string(what) +
                          std::string(kAccepted));
  };
  constexpr std::size_t kIdentifier = 64;
  if (reference.size() == kIdentifier && all_of(reference, is_lower_hex)) {
    return refused("is an image's id, not its name");
  }
  const auto parts = split_domain(reference);
  std::string name;
  if (const auto what = check(parts, name); !what.empty()) return refused(what);
  return ImageName{is_domain(parts.domain) ? parts.domain : "", name};
}

}  // namespace icrps::keyring
