#include "plan/wish.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fnmatch.h>
#include <set>

#include "icr/text.hpp"
#include "plan/names.hpp"
#include "plan/text_list.hpp"

namespace icrps::plan {
namespace {

using Words = std::vector<std::string>;

constexpr std::array kAnnotations{kRegions, kEndpoints, kServiceAccounts, kCredentials};

const std::string* find(const Annotations& annotations, std::string_view key) {
  const auto found = annotations.find(std::string(key));
  return found == annotations.end() ? nullptr : &found->second;
}

/// Where the character after so many begins; the size of a text that has no more.
std::size_t after_characters(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xc0U) != 0x80U;
    if (begins && count-- == 0) break;
  }
  return at;
}

/// Names of service accounts are DNS subdomains; a pattern may hold * and ? besides.
bool is_account_pattern(const std::string& text) {
  constexpr std::size_t kLongestName = 253;
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-.*?";
  return !text.empty() && text.size() <= kLongestName &&
         text.find_first_not_of(kAllowed) == std::string::npos;
}

Words without_repeats(const Words& words) {
  Words unique;
  std::set<std::string> seen;
  for (const auto& word : words) {
    if (seen.insert(word).second) unique.push_back(word);
  }
  return unique;
}

void mistake(Wish& wish, std::string_view reason, std::string message) {
  wish.problems.push_back({std::string(reason), std::move(message)});
}

/// The annotation's value is longer than any may be: a mistake like any other.
bool too_long(Wish& wish, std::string_view annotation, std::string_view reason,
              std::string_view value) {
  if (after_characters(value, kLongestAnnotation) == value.size()) return false;
  mistake(wish, reason,
          fmt::format("annotation {}: {} has more than {} characters; accepted: at most so many. "
                      "What was in force stays.",
                      annotation, icr::quoted(value), kLongestAnnotation));
  return true;
}

icr::Endpoints read_endpoints(Wish& wish, const Annotations& annotations, const Defaults& defaults,
                              bool& valid) {
  const auto* value = find(annotations, kEndpoints);
  if (value == nullptr) return defaults.endpoints;
  valid = false;
  if (too_long(wish, kEndpoints, kInvalidEndpoints, *value)) return defaults.endpoints;
  if (const auto words = words_of(*value); words.size() == 1) {
    const auto endpoints = icr::parse_endpoints(words.front());
    valid = endpoints.has_value();
    if (valid) return *endpoints;
  }
  mistake(wish, kInvalidEndpoints,
          fmt::format("annotation {}: {} is not accepted; accepted: public, private, all. What "
                      "was in force stays.",
                      kEndpoints, icr::quoted(*value)));
  return defaults.endpoints;
}

void read_hosts(Wish& wish, const Annotations& annotations, const Defaults& defaults,
                const icr::RegionTable& regions) {
  bool endpoints_valid = true;
  const auto endpoints = read_endpoints(wish, annotations, defaults, endpoints_valid);
  const auto& value = wish.by_default ? defaults.opt_in.regions : *find(annotations, kRegions);
  if (!wish.by_default && too_long(wish, kRegions, kInvalidRegions, value)) return;
  auto hosts = regions.select(value, endpoints);
  if (!hosts) {
    const auto where =
        wish.by_default ? std::string(kDefaultRegions) : fmt::format("annotation {}", kRegions);
    mistake(wish, kInvalidRegions,
            fmt::format("{}: {}. What was in force stays.", where, hosts.error().message));
    return;
  }
  wish.opted_in = !hosts->empty();
  if (endpoints_valid) wish.hosts = std::move(*hosts);
}

void read_accounts(Wish& wish, const Annotations& annotations, const Defaults& defaults) {
  const auto* value = find(annotations, kServiceAccounts);
  if (value == nullptr) {
    wish.service_accounts = defaults.service_accounts;
    return;
  }
  if (too_long(wish, kServiceAccounts, kInvalidServiceAccounts, *value)) return;
  Words entries = words_of(*value);
  if (entries.empty()) entries.emplace_back();
  if (entries == Words{"none"}) {
    wish.service_accounts.emplace();
    return;
  }
  const auto wrong = std::find_if(entries.begin(), entries.end(), [](const std::string& entry) {
    return !is_account_pattern(entry) || entry == "none";
  });
  if (wrong == entries.end()) {
    wish.service_accounts = without_repeats(entries);
    return;
  }
  mistake(wish, kInvalidServiceAccounts,
          fmt::format("annotation {}: {} is not accepted; accepted: a comma list of service "
                      "account names (lower case letters, digits, - and .), globs with * and ?, or "
                      "none alone. What was in force stays.",
                      kServiceAccounts, icr::quoted(*wrong)));
}

void read_credentials(Wish& wish, const Annotations& annotations, const Words& known) {
  const auto* value = find(annotations, kCredentials);
  if (value != nullptr && too_long(wish, kCredentials, kInvalidCredentials, *value)) return;
  Words entries = value == nullptr ? Words{"default"} : words_of(*value);
  if (entries.empty()) entries.emplace_back();
  const auto wrong = std::find_if(entries.begin(), entries.end(), [&](const std::string& entry) {
    return std::find(known.begin(), known.end(), entry) == known.end();
  });
  if (wrong == entries.end()) {
    wish.credentials = without_repeats(entries);
    return;
  }
  const std::string what = value == nullptr
                               ? fmt::format(
                                     "there is no credential \"default\" and annotation {} is not "
                                     "set",
                                     kCredentials)
                               : fmt::format("annotation {}: there is no credential {}",
                                             kCredentials, icr::quoted(*wrong));
  mistake(wish, kInvalidCredentials,
          fmt::format("{}; accepted: a comma list of {}. What was in force stays.", what,
                      join(known, ", ")));
}

}  // namespace

std::string bounded_annotation(std::string text) {
  const auto end = after_characters(text, kLongestAnnotation + 1);
  if (end == text.size()) return text;
  text.resize(end);
  text.shrink_to_fit();
  return text;
}

Wish read_wish(const NamespaceFacts& ns, const Defaults& defaults, const icr::RegionTable& regions,
               const Words& known_credentials) {
  const auto& annotations = ns.annotations;
  Wish wish;
  if (find(annotations, kRegions) == nullptr) {
    if (!takes_part(defaults.opt_in, ns.name, ns.labels)) return wish;
    wish.by_default = true;
  }
  wish.opted_in = true;  // until the value says otherwise: a mistake is not an opt-out
  read_hosts(wish, annotations, defaults, regions);
  if (!wish.opted_in) return Wish{};  // nothing else matters then
  read_accounts(wish, annotations, defaults);
  read_credentials(wish, annotations, known_credentials);
  return wish;
}

bool means_something(std::string_view annotation) {
  return std::find(kAnnotations.begin(), kAnnotations.end(), annotation) != kAnnotations.end();
}

std::vector<Problem> unknown_annotations(const NamespaceFacts& ns) {
  const Words names(kAnnotations.begin(), kAnnotations.end());
  std::vector<Problem> problems;
  for (const auto& [name, value] : ns.annotations) {
    if (!name.starts_with(kPrefix) || means_something(name)) continue;
    const auto near = icr::nearest(name, names);
    problems.push_back(
        {std::string(kUnknownAnnotation),
         fmt::format("there is no annotation {}{}; accepted: {}. It changes nothing.",
                     icr::quoted(name), near ? fmt::format(" (did you mean {}?)", *near) : "",
                     join(names, ", "))});
  }
  return problems;
}

bool asks_for(const Wish& wish, const std::string& credential, bool has_own_copy) {
  if (!wish.opted_in) return false;
  if (!wish.credentials) return has_own_copy;
  const auto& names = *wish.credentials;
  return std::find(names.begin(), names.end(), credential) != names.end();
}

bool nobody_asked(const Wish& wish, const NamespaceFacts& ns) {
  return wish.by_default && find(ns.annotations, kCredentials) == nullptr;
}

bool selects(const Words& patterns, const std::string& name) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  });
}

}  // namespace icrps::plan
