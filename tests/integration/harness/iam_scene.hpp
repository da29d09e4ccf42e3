// A scene in which credentials are proved: with IAM and registries, and a configuration of its own.
#pragma once

#include <map>
#include <string>

#include "harness/iam_double.hpp"
#include "harness/scene.hpp"

namespace itest {

/// A configuration with these credentials (YAML, items of the list), proved at the double unless
/// `more`, which is added at the top level, says otherwise.
[[nodiscard]] std::string iam_config(const std::string& credentials, const std::string& more = {});

/// Items of the list: an API key, or access tokens by one, from Secret `source`.
[[nodiscard]] std::string api_key(const std::string& name = "default",
                                  const std::string& source = kSource,
                                  const std::string& limits = {});
[[nodiscard]] std::string access_token(const std::string& name = "default",
                                       const std::string& source = kSource,
                                       const std::string& limits = {});

/// The Secret of a credential.
[[nodiscard]] inline std::string copy_of(const std::string& credential) {
  return "icr-" + credential;
}

/// An entry of a copy.
struct Login {
  std::string user;
  std::string password;
  friend bool operator==(const Login&, const Login&) = default;
};

/// The present key of the source is known to IAM from the start, and nothing was recorded by an
/// earlier operator. At the end no credential that was in a copy may have come to light either.
class IamScene : public Scene {
 public:
  IamScene();
  ~IamScene() noexcept(false);
  IamScene(const IamScene&) = delete;
  IamScene& operator=(const IamScene&) = delete;

  /// Starts an operator with these credentials and waits until it is ready.
  OperatorProcess& start_for(const std::string& credentials, const std::string& more = {});
  /// The same without the wait.
  OperatorProcess& launch_for(const std::string& credentials, const std::string& more = {});

  /// A new key, known to IAM, in the Secret `source`. Returns it.
  std::string put_key(const std::string& source, const json& more = json::object());
  /// The same with one that IAM does not know.
  std::string put_wrong_key(const std::string& source = kSource);
  /// An event of the Secret, whose data stay the same.
  static void touch(const std::string& source = kSource);

  /// Of the copy; nothing when there is none or its entries differ. It is looked for at the end.
  std::optional<Login> login(const std::string& ns, const std::string& credential = "default");
  /// Waits for a login with that user name, and returns it.
  Login expect_login(const std::string& ns, const std::string& user,
                     const std::string& credential = "default");
  /// Waits until the copy has another password than `before`.
  Login expect_new_login(const std::string& ns, const Login& before,
                         const std::string& credential = "default");
  void expect_password(const std::string& ns, const std::string& password,
                       const std::string& credential = "default");
  /// Waits until there is neither the copy nor a reference to it.
  static void expect_none(const std::string& ns, const std::string& credential);

  /// Waits for an Event about the source with that reason and text.
  static json expect_source_event(const std::string& reason, const std::string& text);
  /// Waits for a line "credential not proved" whose detail has this text, after the one that was
  /// waited for before.
  void expect_failure(const std::string& text);

 private:
  void collect();

  std::size_t failures_seen_ = 0;  // of the operator that runs now
};

/// What the operator has recorded about a credential, of ConfigMap icr-pull-secrets-status.
[[nodiscard]] json recorded(const std::string& credential = "default");
/// Waits until that is what it has recorded: it is written aside, some time after.
void expect_recorded(const std::string& field, const std::string& value,
                     const std::string& credential = "default");

}  // namespace itest
