// What a copy of a credential holds. Pure.
#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "icr/docker_config.hpp"
#include "icr/regions.hpp"
#include "plan/limits.hpp"

namespace icrps::plan {

struct Content {
  SecretString data;     ///< base64 of the dockerconfigjson, as the API wants it
  std::string hash;      ///< content_hash() of it; empty: the data is not at hand
  std::string hosts;     ///< "de.icr.io,us.icr.io"
  std::string revision;  ///< of the credential
  /// Of the credential, as the annotation has it: "2026-11-23T06:20:44Z". Empty: it doesn't expire.
  std::string expires_at;
};

/// Of a Secret's whole `data`, base64 as it stands in the API: any edit changes it.
[[nodiscard]] std::string content_hash(
    const std::vector<std::pair<std::string, SecretString>>& data);

/// A credential that is good for use, and the contents made of it, each made once for however many
/// namespaces want the same hosts. Of the sets of hosts that were asked for lately kMostContents
/// are remembered: a cluster has a few, and whoever may annotate a namespace can ask for another
/// one every time.
/// Thread safety: all methods may be called from any thread.
class Material {
 public:
  static constexpr std::size_t kMostContents = 32;

  using Expiry = std::optional<std::chrono::system_clock::time_point>;

  /// `expires_at`: when the login stops working, of one that does.
  Material(icr::Login login, std::string revision, Expiry expires_at = std::nullopt)
      : login_(std::move(login)), revision_(std::move(revision)), expires_at_(expires_at) {}

  /// One of which no more is at hand than a record says. Its contents have neither data nor hash:
  /// a plan can be made with it and looked at, but not carried out.
  explicit Material(std::string revision, Expiry expires_at = std::nullopt)
      : revision_(std::move(revision)), expires_at_(expires_at), recorded_(true) {}

  [[nodiscard]] const icr::Login& login() const { return login_; }
  [[nodiscard]] const std::string& revision() const { return revision_; }
  [[nodiscard]] const Expiry& expires_at() const { return expires_at_; }
  /// For these hosts, limited to some registry namespaces if `limits` say so.
  [[nodiscard]] std::shared_ptr<const Content> content(const icr::Hosts& hosts,
                                                       const Limits& limits = {}) const;

 private:
  const icr::Login login_;
  const std::string revision_;
  const Expiry expires_at_;
  const bool recorded_ = false;
  using Keys = std::set<std::string>;
  [[nodiscard]] Content make(const icr::Hosts& hosts, const Keys& keys) const;

  mutable std::mutex mutex_;
  /// By auth_keys(), the one that was asked for last in front. Guarded by mutex_.
  mutable std::list<std::pair<Keys, std::shared_ptr<const Content>>> made_;
};

/// Names a login without giving it away: 12 hex digits of a SHA-256. Same login, same revision,
/// also after a restart, so that a restart writes nothing.
[[nodiscard]] std::string revision_of(const std::string& credential, const icr::Login& login);

/// "a,b" → {a, b}; entries that are not in `known` are dropped.
[[nodiscard]] icr::Hosts hosts_from_text(std::string_view text, const icr::Hosts& known);

}  // namespace icrps::plan
