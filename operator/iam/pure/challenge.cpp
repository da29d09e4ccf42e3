#include "iam/pure/challenge.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "icr/regions.hpp"
#include "icr/text.hpp"

namespace icrps::iam {
namespace {

bool is_letter_or_digit(char c) {
  return icr::is_lower(c) || icr::is_upper(c) || icr::is_digit(c);
}

/// RFC 7230 tchar.
bool is_token_character(char c) {
  return is_letter_or_digit(c) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token68_character(char c) {
  return is_letter_or_digit(c) || std::string_view("-._~+/").find(c) != std::string_view::npos;
}

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

/// Of an unquoted value: URLs are seen there, which the grammar does not allow, so that anything
/// goes that can't end it.
bool is_value_character(char c) {
  return static_cast<unsigned char>(c) > ' ' && c != ',' && c != '"' && c != '\x7f';
}

struct Parameter {
  std::string name;  ///< lower case
  std::string value;
};

class HeaderReader {
 public:
  explicit HeaderReader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  /// Between the elements of a list, empty ones included.
  void skip_commas() {
    skip([](char c) { return is_space(c) || c == ','; });
  }

  /// "name = value", or nothing and nothing read: what stands here is something else.
  /// `broken()` afterwards: it was one, and there is something wrong with it.
  std::optional<Parameter> parameter() {
    const auto start = rest_;
    Parameter result{icr::lower(take(is_token_character)), {}};
    skip(is_space);
    if (result.name.empty() || !rest_.starts_with('=')) {
      rest_ = start;
      return std::nullopt;
    }
    rest_.remove_prefix(1);
    skip(is_space);
    result.value = rest_.starts_with('"') ? quoted() : std::string(take(is_value_character));
    if (!element_ends()) broken_ = true;
    return result;
  }

  /// The name of a scheme, lower case, with its token68 if it has one; empty: something else.
  std::string scheme() {
    std::string name = icr::lower(take(is_token_character));
    const bool alone = rest_.empty() || rest_.front() == ',';
    if (!alone && !is_space(rest_.front())) return {};
    skip(is_space);
    const auto start = rest_;
    (void)take(is_token68_character);
    skip([](char c) { return c == '='; });
    if (!element_ends()) rest_ = start;
    return name;
  }

  [[nodiscard]] bool broken() const { return broken_; }

 private:
  template <typename Predicate>
  std::string_view take(Predicate belongs) {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), belongs);
    const auto taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  template <typename Predicate>
  void skip(Predicate belongs) {
    (void)take(belongs);
  }

  bool element_ends() {
    skip(is_space);
    return rest_.empty() || rest_.front() == ',';
  }

  std::string quoted() {
    std::string value;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      char c = rest_[i];
      if (c == '"') {
        rest_.remove_prefix(i + 1);
        return value;
      }
      if (c == '\\' && ++i < rest_.size()) c = rest_[i];
      if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f') break;
      value += c;
    }
    broken_ = true;
    return {};
  }

  std::string_view rest_;
  bool broken_ = false;
};

/// False: it was there already.
bool keep(BearerChallenge& challenge, Parameter parameter) {
  std::string* field = nullptr;
  if (parameter.name == "realm") field = &challenge.realm;
  if (parameter.name == "service") field = &challenge.service;
  if (parameter.name == "scope") field = &challenge.scope;
  if (field == nullptr) return true;
  if (!field->empty()) return false;
  *field = std::move(parameter.value);
  return true;
}

using Problem = tl::unexpected<std::string>;

struct Authority {
  std::string host;  ///< lower case
  std::string port;  ///< "443" when there was none
};

std::optional<Authority> parse_authority(std::string_view text) {
  constexpr std::string_view kHttpsPort = "443";
  const std::size_t colon = std::min(text.find(':'), text.size());
  Authority result{icr::lower(text.substr(0, colon)), std::string(kHttpsPort)};
  if (colon != text.size()) {
    const auto port = text.substr(colon + 1);
    if (port.empty() || !icr::is_port(port)) return std::nullopt;
    result.port = port;
  }
  if (!icr::is_dns_subdomain(result.host)) return std::nullopt;
  return result;
}

std::string origin_of(const Authority& authority) {
  return "https://" + authority.host + (authority.port == "443" ? "" : ":" + authority.port);
}

/// Path and query of a URI, RFC 3986 section 3.3 and 3.4.
bool is_target(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      const auto hex = text.substr(i + 1, 2);
      const bool whole = hex.size() == 2 &&
                         hex.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
      if (!whole) return false;
    } else if (!is_letter_or_digit(c) &&
               std::string_view("-._~!$&'()*+,;=:@/?").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return !text.starts_with("//");
}

/// What a name's owner has registered: its last two labels, or three where two are a country's
/// category ("co.uk"). Empty: the name is an address, has one label, or is no more than that.
std::string_view registrable_domain(std::string_view host) {
  constexpr std::array<std::string_view, 9> kCategories{"ac", "co",  "com", "edu", "gov",
                                                        "ne", "net", "or",  "org"};
  constexpr std::size_t kCountry = 2;
  const std::size_t last = host.rfind('.');
  if (last == std::string_view::npos || last == 0) return {};
  const auto top = host.substr(last + 1);
  if (std::all_of(top.begin(), top.end(), icr::is_digit)) return {};
  const auto label_before = [host](std::size_t dot) {
    const std::size_t before = host.rfind('.', dot - 1);
    return before == std::string_view::npos ? 0 : before + 1;
  };
  const std::size_t second = label_before(last);
  const auto category = host.substr(second, last - second);
  const bool shared = top.size() == kCountry && std::find(kCategories.begin(), kCategories.end(),
                                                          category) != kCategories.end();
  if (!shared) return host.substr(second);
  return second == 0 ? std::string_view{} : host.substr(label_before(second - 1));
}

bool same_owner(std::string_view host, std::string_view registry) {
  const auto domain = registrable_domain(registry);
  if (domain.empty()) return false;
  return host == domain || (host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.');
}

/// "https://" in any case and what follows it.
std::optional<std::string_view> after_https(std::string_view realm) {
  constexpr std::string_view kHttps = "https://";
  if (icr::lower(realm.substr(0, kHttps.size())) != kHttps) return std::nullopt;
  return realm.substr(kHttps.size());
}

}  // namespace

std::optional<BearerChallenge> parse_challenge(std::string_view header) {
  HeaderReader reader(header);
  BearerChallenge found;
  bool bearer = false;  // whether parameters are those of a Bearer challenge
  bool any = false;     // whether there was a scheme at all
  for (reader.skip_commas(); !reader.at_end(); reader.skip_commas()) {
    if (auto parameter = reader.parameter()) {
      if (!any || reader.broken()) return std::nullopt;
      if (bearer && !keep(found, std::move(*parameter))) return std::nullopt;
      continue;
    }
    if (!found.realm.empty()) return found;
    const std::string scheme = reader.scheme();
    if (scheme.empty()) return std::nullopt;
    any = true;
    bearer = scheme == "bearer";
    found = {};
  }
  if (found.realm.empty()) return std::nullopt;
  return found;
}

bool offers_basic(std::string_view header) {
  HeaderReader reader(header);
  bool any = false;
  for (reader.skip_commas(); !reader.at_end(); reader.skip_commas()) {
    if (reader.parameter()) {
      if (!any || reader.broken()) return false;
      continue;
    }
    const std::string scheme = reader.scheme();
    if (scheme == "basic") return true;
    if (scheme.empty()) return false;
    any = true;
  }
  return false;
}

tl::expected<TokenEndpoint, std::string> token_endpoint(std::string_view realm,
                                                        std::string_view registry_host) {
  const auto refuse = [&](std::string_view what) {
    return Problem(fmt::format("its token endpoint {} {}", icr::quoted(realm), what));
  };
  const auto rest = after_https(realm);
  if (!rest) return refuse("is not an https:// URL");
  if (rest->find('#') != std::string_view::npos) return refuse("has a fragment");
  const std::size_t end = std::min(rest->find_first_of("/?"), rest->size());
  const auto authority = rest->substr(0, end);
  if (authority.find('@') != std::string_view::npos) {
    return Problem("its token endpoint carries user information");  // perhaps a password
  }
  const auto there = parse_authority(authority);
  if (!there) return refuse("has no host name that can be used");
  const auto here = parse_authority(registry_host);
  if (!here) return refuse("can't be judged: the registry's own name makes no sense");
  std::string target(rest->substr(end));
  if (!target.starts_with('/')) target.insert(0, 1, '/');
  if (!is_target(target)) return refuse("has a path that is none");

  if (there->host == here->host) {
    if (there->port != here->port) return refuse("is at another port of the registry's host");
  } else if (!same_owner(there->host, here->host)) {
    return refuse("is at a host that does not belong to the registry");
  }
  return TokenEndpoint{origin_of(*there), std::move(target)};
}

}  // namespace icrps::iam
