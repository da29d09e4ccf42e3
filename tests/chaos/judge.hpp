// What must be so when all is mended and quiet: decided from the cluster's objects alone, without a
// line of the operator's own code, so that both can't be wrong in the same way. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/proxy.hpp"

namespace chaos {

using nlohmann::json;

/// Lists as the API server gives them.
struct Picture {
  json namespaces;
  json secrets;
  json accounts;
};

/// What can't be seen in the picture.
struct Truth {
  std::string api_key;  ///< of credential `default`
  std::string now;      ///< "2026-11-23T06:20:44Z"; what expires must expire later
};

/// An account's entries of others, a comma list. Whoever changes them keeps this in step.
inline constexpr auto kOthers = "chaos/others";

/// Regions of the configuration whose hosts can't be resolved: this name and a number from 0 on.
inline constexpr auto kSilentRegion = "quiet-";
inline constexpr int kSilentRegions = 13;
/// "r7.silent.example"
[[nodiscard]] std::string silent_host(int region);

/// A sentence for everything that is not as the annotations say.
[[nodiscard]] std::vector<std::string> wrong_in(const Picture& picture, const Truth& truth);

/// How many copies there are.
[[nodiscard]] std::size_t copies_in(const Picture& picture);

/// Whether ever two replicas wrote at once, by what the proxies on their roads recorded.
class Leaders {
 public:
  /// `tolerance`: how long a write may be on its way from a replica to its proxy.
  Leaders(std::size_t replicas, std::chrono::microseconds tolerance);

  /// What came over each road since the last call.
  void look_at(const std::vector<itest::Requests>& roads);

  [[nodiscard]] const std::vector<std::string>& wrong() const { return wrong_; }
  [[nodiscard]] std::size_t writes() const { return writes_; }

 private:
  /// A replica's last writes of the lease. Microseconds since 1970.
  struct Claim {
    long asked = 0;    ///< when the last one that may have been granted came
    long granted = 0;  ///< when the last one that was granted came, for the others
    long done = 0;     ///< and when it was answered
    long given_back = 0;
  };
  void claim(std::size_t road, const itest::Seen& seen);
  void judge(std::size_t road, const itest::Seen& seen);

  const long tolerance_;
  std::vector<Claim> claims_;
  std::vector<std::string> wrong_;
  std::size_t writes_ = 0;
};

}  // namespace chaos
