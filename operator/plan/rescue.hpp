// Pods that were created before their service account had our reference: their list of pull secrets
// was copied from the account when they were made, and nothing changes it any more. Which of them
// are to be made anew. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.hpp"

namespace icrps::plan {

struct PodFacts {
  std::string name;
  std::string uid;
  bool pending = false;
  bool terminating = false;
  bool controlled = false;  ///< a controller makes it anew when it goes
  bool mirror = false;      ///< of a static pod
  std::string service_account;
  std::vector<std::string> pull_secrets;
  std::vector<std::string> failing_images;  ///< that the kubelet tried to pull and could not
};

/// An entry that a new pod gets.
struct Reference {
  std::string secret;          ///< "icr-default"
  std::set<std::string> keys;  ///< of its dockerconfigjson: hosts, or prefixes with a slash
  friend bool operator==(const Reference&, const Reference&) = default;
};
/// By service account; an account whose pods get nothing is not there.
using References = std::map<std::string, std::vector<Reference>>;

/// What a pod would get that is made now.
[[nodiscard]] References references_of(const Facts& facts, const Rules& rules);

struct Verdict {
  enum class Remedy : std::uint8_t {
    kEvict,
    kTellOwner,  ///< nobody would make it anew
    kLeaveAlone,
  };
  Remedy remedy = Remedy::kLeaveAlone;
  std::string_view why;  ///< it is left alone; for logs
  std::string image;     ///< that it can't pull,
  std::string secret;    ///< and with what a new pod can
};

[[nodiscard]] Verdict judge(const PodFacts& pod, const References& references);

}  // namespace icrps::plan
