// A scene with the credential "rotating": a service ID whose keys the operator makes itself.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "harness/iam_scene.hpp"
#include "http/transport.hpp"

namespace itest {

inline const std::string kRotating = "rotating";
inline const std::string kState = "icr-pull-secrets-state-rotating";
inline const std::string kManager = "icr-manager";

/// A registry login by a key, as a container runtime makes it.
/// Thread safety: none.
class RegistryLogin {
 public:
  RegistryLogin();
  /// The status code, 0 without an answer.
  int try_key(const std::string& key);

 private:
  std::string key_;
  std::unique_ptr<icrps::http::Transport> transport_;
};

/// Nothing is left of an earlier rotation: no state, and a service ID that has no keys yet.
class RotationScene : public IamScene {
 public:
  RotationScene();

  /// What the double's settings and the configuration are to say; before the start.
  std::string propagation = "1s";
  std::string overlap = "1s";
  std::string more{};  ///< at the top level of the configuration

  OperatorProcess& start_rotating(const std::string& failure_point = {});
  /// The same without the wait.
  OperatorProcess& launch_rotating(const std::string& failure_point = {});
  /// Starts it and waits until it has killed itself there.
  void die_at(const std::string& failure_point);
  /// Of the operator that was started last.
  [[nodiscard]] const std::string& config_file() const { return config_file_; }
  /// Takes part, and asks for the credential.
  std::string make_user();
  /// `icr-pull-secrets rotate`, never twice in the same second, which would be one request.
  void ask_for_rotation();
  /// `icr-pull-secrets verify`, at us.icr.io.
  [[nodiscard]] Finished verify() const;

  /// Of a setting of the account: how many keys the service ID may have.
  void limit_keys(int count);
  /// May the manager do what it must?
  void allow_manager(bool allowed);
  /// A key of the service ID that is not ours. Returns its id.
  std::string add_foreign_key();

  /// The document in the state Secret; null when there is none. Its values are guarded.
  json state();
  /// Replaces it by any text.
  static void put_state(const std::string& text);
  /// Of the service ID at IAM, without those that were deleted; ours only.
  [[nodiscard]] std::vector<json> ours() const;

  /// What is wrong: exactly one key of ours works, it is in all copies, it is accepted, nothing is
  /// under way but the deletion of keys that are disabled, and the state knows of all keys.
  std::string wrong();
  void expect_settled(Milliseconds limit = 20s);
  /// The same when the current key is another one than `before`; returns its id.
  std::string expect_rotated(const std::string& before);
  /// Nothing is left of the old ones either.
  void expect_only_current();
  /// Waits for the first key and returns its id.
  std::string expect_first_key();

 private:
  std::string wrong_with(const json& state);

  std::string identity_;
  std::string config_file_;
  RegistryLogin registry_;
  std::set<std::string> users_;
  std::string manager_;
};

/// Looks at everything all the time: how many keys of ours there are, and whether the key in a
/// namespace works.
class RotationWatch {
 public:
  RotationWatch(RotationScene& scene, std::string ns);
  /// Asserts what must hold at any time.
  ~RotationWatch() noexcept(false);
  RotationWatch(const RotationWatch&) = delete;
  RotationWatch& operator=(const RotationWatch&) = delete;

 private:
  void look(RegistryLogin& registry);

  RotationScene& scene_;
  const std::string ns_;
  std::size_t most_ = 0;
  long logins_ = 0;
  std::string failure_;
  std::jthread thread_;
};

}  // namespace itest
