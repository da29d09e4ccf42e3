// A Lease of coordination.k8s.io/v1, as leader elections use it. Plain data and its text. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "kube/pure/decode.hpp"

namespace icrps::kube {

/// spec. What is missing or makes no sense there reads as if nobody held it for no time: a Lease
/// that somebody broke can be taken, not waited for.
struct LeaseSpec {
  std::string holder;  ///< empty: nobody
  std::chrono::seconds duration{0};
  /// As they stand: they are another machine's time, good for people and for noticing a change.
  std::string acquired;
  std::string renewed;
  unsigned transitions = 0;
  friend bool operator==(const LeaseSpec&, const LeaseSpec&) = default;
};

/// The API has 32 bits for it.
inline constexpr unsigned kMostTransitions = 2147483647;

struct Lease {
  std::string resource_version;
  LeaseSpec spec;
  /// As JSON, without the version: others may have put labels or owners on it, which stay.
  std::string metadata{};
  friend bool operator==(const Lease&, const Lease&) = default;
};

/// An error: no Lease at all. A Lease with nonsense in it is one.
[[nodiscard]] tl::expected<Lease, DecodeError> decode_lease(std::string_view body);

/// The body of a create (without `resource_version`) or of an update guarded by it. `metadata`: as
/// it was read, empty: none.
[[nodiscard]] std::string lease_body(std::string_view name, const LeaseSpec& spec,
                                     std::string_view resource_version = {},
                                     std::string_view metadata = {});

}  // namespace icrps::kube
