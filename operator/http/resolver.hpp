// Names → addresses, as a transport asks for them.
//
// Abstract so that tests can script it, and so that what asks the name servers is one folder
// (http/names). Whoever is asked for an IP literal has been asked by mistake.
//
// Thread safety: every method may be called from any number of threads at once. A resolver must not
// be destroyed before its calls have returned.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "http/transport.hpp"

namespace icrps::http {

/// IP addresses as text ("192.0.2.1", "2001:db8::1"), in the order in which they are to be tried.
using Addresses = std::vector<std::string>;

/// Never without an address. A failure's message is the reason alone, for people: "no such name".
/// The name is the caller's to tell.
using Resolution = tl::expected<Addresses, Failure>;

class Resolver {
 public:
  virtual ~Resolver() = default;

  /// Blocks the caller until the answer is there, or the deadline (kTimeout), or a stop request
  /// (kCanceled), both within a moment. Callers that ask for the same name share one question, and
  /// an answer is good for a few seconds. A name that can't be resolved is kConnect.
  virtual Resolution lookup(const std::string& name, std::chrono::steady_clock::time_point deadline,
                            const std::stop_token& stop) = 0;

  /// The answer that is at hand; none: nothing, and the name servers are asked aside, so that it is
  /// soon. Never blocks.
  virtual std::optional<Addresses> at_hand(const std::string& name) = 0;
};

}  // namespace icrps::http
