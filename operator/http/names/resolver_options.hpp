// What a resolver may be told. Without anything it does what the system's files say.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "http/names/lookup_book.hpp"

namespace icrps::http::names {

struct ResolverOptions {
  LookupLimits limits{};
  /// Of the first round of questions; each later round waits twice as long.
  std::chrono::milliseconds first_try{2'000};
  int rounds = 3;
  /// How long the answer for one family waits for that of the other (RFC 8305 asks for a little):
  /// there are name servers that never answer for IPv6.
  std::chrono::milliseconds other_family{200};
  /// For tests: instead of those in resolv.conf, "127.0.0.1:5353,127.0.0.1:5354".
  std::string servers{};
  /// For tests: instead of /etc/resolv.conf.
  std::string resolv_conf{};
  /// Told of each look-up's end, on the resolver's thread: "found", "not_found", "no_answer",
  /// "failed".
  std::function<void(std::string_view outcome)> observer{};
};

}  // namespace icrps::http::names
