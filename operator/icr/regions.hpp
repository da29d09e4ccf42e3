// The regions of IBM Cloud Container Registry and the hosts they answer at. Pure data and rules.
//
// Source of the built-in table: IBM Cloud docs, "Container Registry: Regions", and the region map
// of IBM's container-registry-go-sdk (eu-fr2). The list grows by one or two regions a year, so the
// configuration can add regions and change hosts.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace icrps::icr {

/// Which of a region's two names pods pull by.
enum class Endpoints { kPublic, kPrivate, kAll };

[[nodiscard]] std::string_view to_string(Endpoints endpoints);
/// "public", "private" or "all", any case, surrounding blanks ignored.
[[nodiscard]] std::optional<Endpoints> parse_endpoints(std::string_view text);

struct Region {
  std::string id;                    ///< "us-south"
  std::string host;                  ///< "us.icr.io"
  std::vector<std::string> aliases;  ///< old names: "uk-south"
  std::string legacy_host;           ///< "registry.ng.bluemix.net", or empty
  friend bool operator==(const Region&, const Region&) = default;
};

/// A mistake in a value, in words for the person who wrote it: what is wrong, what is accepted.
struct Mistake {
  std::string message;
};

/// What an annotation asked for: the hosts to write credentials for, sorted. Empty only for `none`.
using Hosts = std::set<std::string>;

class RegionTable {
 public:
  friend bool operator==(const RegionTable&, const RegionTable&) = default;

  /// IBM's regions as of 2026-11.
  static RegionTable builtin();

  /// Adds a region or gives a known one another host. `id` and `host` must have passed
  /// check_region_id() and check_host().
  void set(std::string id, std::string host);

  [[nodiscard]] const std::map<std::string, Region>& regions() const { return regions_; }

  /// Every host that this table can ever yield: public, private and legacy. Sorted.
  [[nodiscard]] std::set<std::string> known_hosts() const;

  /// The value of the annotation `icr-pull-secrets/regions`: a comma list of region ids, old
  /// names, hosts (public, private or legacy), `global` or `all`; any case; blanks and repeated
  /// entries are fine, and so is a comma too many. `none` must stand alone and gives an empty set.
  /// `all` means every region of the table by its public and private host, as `endpoints` says;
  /// no legacy host.
  /// A public host means its region. A private or legacy host is itself served in addition to
  /// what `endpoints` says of its region, because the image names use it.
  [[nodiscard]] tl::expected<Hosts, Mistake> select(std::string_view value,
                                                    Endpoints endpoints) const;

 private:
  std::map<std::string, Region> regions_;  // by id
};

/// Empty optional: fine. Otherwise what is wrong with it and what is accepted.
[[nodiscard]] std::optional<Mistake> check_region_id(std::string_view id);
/// A DNS name of at least two labels, lower case, optionally with ":port".
[[nodiscard]] std::optional<Mistake> check_host(std::string_view host);

/// `text` for use inside a message: in double quotes, control characters and non-ASCII escaped,
/// cut after `limit` bytes with "…" so that nobody's annotation floods a log.
[[nodiscard]] std::string quoted(std::string_view text, std::size_t limit = 60);

}  // namespace icrps::icr
