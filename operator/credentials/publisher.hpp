// Hands a credential out, and records what is known about it. What every kind of source ends in.
//
// Who writes what of the record's `proof` and `message`: record() what became of the newest value;
// doubt() takes their place while that is "proved" and a host says otherwise; remark() puts words
// of a rotation over either message.
// Thread safety: none; each source has its own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "credentials/source_context.hpp"
#include "icr/docker_config.hpp"

namespace icrps::credentials {

/// The whole SHA-256: what has it is the login, whoever wrote it. Only of tokens: nobody can guess
/// one.
[[nodiscard]] std::string login_digest(const std::string& credential, const icr::Login& login);

class Publisher {
 public:
  /// `source`: the kind, "accessToken". `context` outlives the publisher.
  Publisher(std::string credential, std::string source, SourceContext& context);

  [[nodiscard]] bool in_force() const;
  /// That login is what is in force.
  [[nodiscard]] bool in_force(const icr::Login& login) const;
  /// What was recorded, by this process or one before it.
  [[nodiscard]] Status recorded() const;

  /// Of a login that expires.
  struct Life {
    std::optional<WallTime> expires_at{};
    std::optional<WallTime> renew_at{};
    std::string made_from{};  ///< as Status has it
  };
  /// What a process before this one handed out and proved goes on. Writes nothing that is recorded
  /// already.
  void inherit(const icr::Login& login, const Life& life);
  /// From now on namespaces get this. The same again is no change.
  void hand_out(const icr::Login& login, const std::optional<Life>& life = std::nullopt);
  /// When what is in force ends; absent: it doesn't, or there is nothing.
  [[nodiscard]] std::optional<WallTime> ends_at() const { return life_.expires_at; }

  /// What became of the newest value of the source. `outcome`: "proved", "unproved", "refused", …;
  /// `message`: why it is not proved.
  void record(const std::string& outcome, const std::string& message = {});
  /// What record() was last told.
  [[nodiscard]] const std::string& outcome() const { return outcome_; }
  /// What is in force was made anew and proved; the newest value is as good or bad as before.
  void record_renewal();
  /// Why the credential in force is not good everywhere although it is proved.
  struct Doubt {
    std::string outcome;
    std::string message;
    friend bool operator==(const Doubt&, const Doubt&) = default;
  };
  /// What the record shows of a proved credential from now on; none: that it is proved.
  void doubt(const std::optional<Doubt>& doubt);
  /// Something that a person should know although the credential in force is good; empty: no more.
  void remark(const std::string& message);

 private:
  void write(bool proved);

  const std::string credential_;
  const std::string source_;
  SourceContext& context_;
  std::string outcome_;  // what record() was last told
  std::string message_;
  std::optional<Doubt> doubt_;
  std::shared_ptr<const plan::Material> handed_out_;
  Life life_;
};

}  // namespace icrps::credentials
