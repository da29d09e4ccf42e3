#include "kube/pure/refusal.hpp"

#include <fmt/format.h>
#include <utility>

namespace icrps::kube {
namespace {

constexpr int kTooManyRequests = 429;
constexpr int kNotAllowed = 403;
constexpr std::size_t kLongestCause = 200;

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// The first quoted name behind `prefix`, with the prefix; empty: it isn't there.
std::string named(std::string_view text, std::string_view prefix, char quote) {
  const auto begin = text.find(prefix);
  if (begin == std::string_view::npos) return {};
  const auto end = text.find(quote, begin + prefix.size());
  return std::string(text.substr(begin, end == std::string_view::npos ? end : end + 1 - begin));
}

/// What admission calls itself in a refusal; empty: it was not admission.
std::string admission(std::string_view text) {
  for (const auto& [prefix, quote] :
       {std::pair{std::string_view("admission webhook \""), '"'},
        std::pair{std::string_view("failed calling webhook \""), '"'},
        std::pair{std::string_view("ValidatingAdmissionPolicy '"), '\''},
        std::pair{std::string_view("exceeded quota: "), ','},
        std::pair{std::string_view("resourcequotas \""), '"'},
        std::pair{std::string_view("violates PodSecurity \""), '"'}}) {
    if (auto name = named(text, prefix, quote); !name.empty()) return name;
  }
  return {};
}

/// `User "x" cannot create resource "secrets" in API group "" in the namespace "shop"`
bool by_rights(const Status& status) {
  return status.code == kNotAllowed && holds(status.message, "\" cannot ") &&
         holds(status.message, " in API group \"");
}

/// The server's own words for too much work, as text or as a Status.
bool by_server(const Status& status) {
  if (status.code != kTooManyRequests) return false;
  if (status.reason.empty()) return true;
  return status.reason == "TooManyRequests" &&
         (holds(status.message, "storage is (re)initializing") ||
          holds(status.message,
                "the server has received too many requests and has asked us to try again later"));
}

}  // namespace

Refuser refuser_of(const Status& status) {
  if (!admission(status.message).empty()) return Refuser::kAdmission;
  if (by_rights(status)) return Refuser::kRights;
  return by_server(status) ? Refuser::kServer : Refuser::kUnknown;
}

std::string cause_of(const Status& status) {
  auto cause = admission(status.message);
  if (!cause.empty()) return cause.substr(0, kLongestCause);
  switch (refuser_of(status)) {
    case Refuser::kRights:
      return "rights";
    case Refuser::kServer:
      return "server";
    default:
      return fmt::format("{} {}", status.code, status.reason.substr(0, kLongestCause));
  }
}

}  // namespace icrps::kube
