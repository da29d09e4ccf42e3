// From the library's exceptions to the failures the program knows.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>

#include "http/transport.hpp"

namespace icrps::http::cpprest {

/// A connection couldn't be given what it needs for TLS. The message is for people.
class TlsSetupError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Classified {
  Failure failure;
  /// The request was not handed to the network whole, so that no server can have acted on it:
  /// what a pooled connection does that died unnoticed. It may be sent again, whatever it is.
  bool unsent = false;
};

/// `peer` is "host:port"; `refusal` is why a certificate was refused, if one was.
[[nodiscard]] Classified classify(const std::exception_ptr& error, const std::string& peer,
                                  const std::string& refusal);

}  // namespace icrps::http::cpprest
