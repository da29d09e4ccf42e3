// What each place (a host, or an image at a host) says of the login in force, and when it is asked
// again. Pure: told what happened, says what is due.
//
// A question that is due is taken exactly once; it is due again when its answer has been heard and
// a pause is over. So nothing here can be due at once twice without a question in between.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "credentials/pure/answer.hpp"
#include "icr/regions.hpp"
#include "runtime/backoff.hpp"
#include "runtime/clock.hpp"

namespace icrps::credentials {

struct HostState {
  enum class Kind {
    kUnknown,  ///< never heard of
    kYes,
    kNo,      ///< a doubt: told, and asked again after a pause
    kSilent,  ///< asked again a few times, then with all others
  };
  Kind kind = Kind::kUnknown;
  bool asked = false;                      ///< and the answer is still to come
  unsigned failures = 0;                   ///< in a row
  std::optional<Clock::Instant> ask_at{};  ///< absent: not before all are asked
  std::optional<iam::Refusal> no{};        ///< of kNo
};

class HostBook {
 public:
  using Instant = Clock::Instant;

  /// From now on these count, and no others. New ones are due at once.
  void track(const icr::Hosts& places, Instant now);
  /// The same, without leaving others out. True: some of them are new.
  bool add(const icr::Hosts& places, Instant now);
  /// All are due: there is reason to think that what they say has changed.
  void ask_all(Instant now);

  /// What is to be asked now. Whoever takes it asks.
  [[nodiscard]] icr::Hosts take_due(Instant now);
  /// When something is due, if nothing is told before.
  [[nodiscard]] std::optional<Instant> next() const;

  /// The login in force is another one from now on. Nobody has been asked about it but these,
  /// whose answers are to come.
  void another_login(const icr::Hosts& asked, Instant now);

  struct Heard {
    Word word = Word::kSilent;
    bool news = false;  ///< a no that was not heard before in these words, or a first yes
  };
  /// Of places that do not count any more nothing is kept. What was good once stays so while it is
  /// silent.
  Heard heard(const std::string& place, const Answer& answer, Instant now, const Random& random);

  [[nodiscard]] const std::map<std::string, HostState>& states() const { return states_; }
  [[nodiscard]] bool says_yes(const std::string& place) const;
  /// Whether somebody who is due is one of whom it was asked before: whether anybody still wants
  /// the answer is worth a look.
  [[nodiscard]] bool doubts_due(Instant now) const;
  /// The first no by name, or null.
  [[nodiscard]] const iam::Refusal* first_no() const;

 private:
  std::map<std::string, HostState> states_;
};

}  // namespace icrps::credentials
