// What the operator keeps in its own namespace: its record, its Lease, the state of its rotations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/cleanup/cleanup_report.hpp"
#include "cli/cleanup/patience.hpp"
#include "cli/session.hpp"

namespace icrps::cli {

/// An object there, or one that there may be.
struct OwnObject {
  std::string kind;  ///< "ConfigMap"
  std::string name;
  std::string_view resource;
  std::string_view group{};
  /// The credential whose rotation's state it holds; empty: none.
  std::string state_of{};
};

/// All that there may be.
[[nodiscard]] std::vector<OwnObject> own_objects(const config::Config& config);

class OwnCleaner {
 public:
  /// Everything outlives it. `uid`: of the operator's namespace, or empty. With `dry_run` it only
  /// looks.
  OwnCleaner(Session& session, const Patience& patience, std::string uid, bool dry_run)
      : session_(session), patience_(patience), uid_(std::move(uid)), dry_run_(dry_run) {}

  void clean(const OwnObject& object);

  [[nodiscard]] const std::vector<Left>& left() const { return left_; }
  [[nodiscard]] const std::vector<Left>& removed() const { return removed_; }  ///< or would be
  /// What a person has to know: keys that stay at IAM, objects that aren't the operator's.
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  void remove(const OwnObject& object, const kube::Object& found);
  void note_keys(const OwnObject& object, const kube::Object& found);
  [[nodiscard]] kube::Path path(const OwnObject& object) const;
  void keep(const OwnObject& object, const std::string& why);

  Session& session_;
  const Patience& patience_;
  const std::string uid_;
  const bool dry_run_;
  std::vector<Left> left_;
  std::vector<Left> removed_;
  std::vector<std::string> notes_;
};

}  // namespace icrps::cli
