// What is known about one container that does not start → one verdict and one
// thing to do. Pure.
//
// docs/doctor.md lists the words.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnosis/gap.hpp"
#include "diagnosis/symptom.hpp"

namespace icrps::diagnosis {

using WallTime = std::chrono::system_clock::time_point;

/// A Secret that the pod names in imagePullSecrets.
struct PullSecret {
  enum class State : std::uint8_t {
    kUsable,
    kMissing,     ///< the kubelet goes on without it
    kPassedOver,  ///< another type, or empty: the kubelet passes it over in
                  ///< silence
    kBroken,      ///< the kubelet gives up: it looks at no other Secret either
    kUnread,      ///< it could not be looked at
  };
  std::string name;
  State state = State::kUsable;
  std::string why{};  ///< of kBroken and kUnread
};

/// An entry that the kubelet would take for the image, and what the registry
/// says to it.
struct Entry {
  enum class Answer : std::uint8_t {
    kNotAsked,
    kGood,      ///< it may pull the image
    kRefused,   ///< no such login
    kDenied,    ///< the login is good, and may not pull this
    kNotFound,  ///< the login is good, and there is no such image
    kUnsure,    ///< no answer, or none that tells
  };
  std::string secret;
  std::string key;
  std::string username;
  std::optional<WallTime> expires_at{};
  Answer answer = Answer::kNotAsked;
  std::string words{};  ///< of the registry, for people
};

struct Facts {
  std::string ns;
  std::string pod;
  std::string image;
  bool started = false;   ///< the container has run, or runs
  bool imagined = false;  ///< nobody has tried yet: it is asked whether it would work
  Symptom symptom = Symptom::kNone;
  std::string said;  ///< the kubelet's words
  std::vector<PullSecret> secrets;
  std::vector<Entry> entries;  ///< in the order in which they are tried
  std::string node_platform;   ///< "linux/s390x"; empty: not known
  GapReport gap;               ///< looked for when there is no entry
  WallTime now{};
};

struct Verdict {
  std::string_view word;  ///< a constant
  std::string why;        ///< a sentence without its full stop
  std::string next;       ///< a command line, or a sentence where none helps
  bool fine = false;      ///< nothing is wrong (any more)
};

[[nodiscard]] Verdict verdict_of(const Facts& facts);

/// Every word that there is, in the order of docs/doctor.md.
[[nodiscard]] const std::vector<std::string_view>& verdict_words();

}  // namespace icrps::diagnosis
