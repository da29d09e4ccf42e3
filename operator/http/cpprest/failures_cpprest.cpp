#include <cerrno>
#include <cpprest/http_msg.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <optional>
#include <string_view>
#include <system_error>

#include "http/cpprest/failures.hpp"

namespace icrps::http::cpprest {
namespace {

using Kind = Failure::Kind;

// The library keeps of an error a number without its category, and says in its text which step
// failed. The text is the dependable part: these are its beginnings.
constexpr std::string_view kResolving = "Error resolving address";
constexpr std::string_view kResolved = "Failed to resolve address";
constexpr std::string_view kConnecting = "Failed to connect";
constexpr std::string_view kHandshake = "Error in SSL handshake";
constexpr std::string_view kWritingHead = "Failed to write request headers";
constexpr std::string_view kWritingBody = "Failed to write request body";
constexpr std::string_view kInvalid = "Invalid";  // status line, length of a chunk

// Of a tunnel, before there is a connection to the server.
constexpr std::string_view kProxyResolving = "Error resolving proxy address";
constexpr std::string_view kProxyConnecting = "Failed to connect to any resolved proxy";
constexpr std::string_view kProxyAsking = "Failed to send connect request to proxy";
constexpr std::string_view kProxyNotHttp = "Invalid HTTP status line during proxy";
constexpr std::string_view kProxyRefusing = "Expected a 200 response from proxy, received: ";
constexpr std::string_view kProxyClosing = "Failed to read HTTP status line from proxy";

/// What a proxy's answer to CONNECT means to people.
std::string refusal_of_proxy(std::string_view status) {
  std::string said = "the proxy answers " + std::string(status);
  if (status == "407") return said + ": user and password are missing or wrong";
  if (status == "403") return said + ": it lets nobody through to there";
  return said;
}

/// Nothing: it is not about a proxy.
std::optional<std::string> proxy_reason(std::string_view what) {
  if (what.starts_with(kProxyRefusing)) {
    return refusal_of_proxy(what.substr(kProxyRefusing.size()));
  }
  if (what.starts_with(kProxyResolving)) return "the proxy's name can't be resolved";
  if (what.starts_with(kProxyConnecting)) return "the proxy refuses connections or is unreachable";
  if (what.starts_with(kProxyNotHttp)) return "what answers there is no HTTP proxy";
  if (what.starts_with(kProxyAsking) || what.starts_with(kProxyClosing)) {
    return "the proxy closed the connection";
  }
  return std::nullopt;
}

/// The reason when the number is one of OpenSSL's TLS errors, which no errno can be.
std::optional<std::string> tls_reason(int code) {
  const auto value = static_cast<unsigned long>(static_cast<unsigned>(code));
  if (ERR_GET_LIB(value) != ERR_LIB_SSL) return std::nullopt;
  const char* text = ERR_reason_error_string(value);
  return text != nullptr ? text : "unknown reason";
}

/// Small numbers are the network layer's own; the rest is errno.
std::string socket_reason(int code) {
  if (code <= 2 || code == ECONNABORTED) return "the server closed the connection";
  if (code == EBADF || code == ECANCELED) return "the connection was closed";
  return std::generic_category().message(code);
}

Classified classify(std::string_view what, int code, const std::string& peer,
                    const std::string& refusal) {
  const auto say = [](Kind kind, std::string message) {
    return Classified{{kind, std::move(message)}, false};
  };
  if (const auto reason = proxy_reason(what)) {
    const bool late = code == ETIMEDOUT;
    return say(late ? Kind::kTimeout : Kind::kConnect,
               peer + ": " + (late ? "the proxy did not answer in time" : *reason));
  }
  if (what.starts_with(kResolving) || what.starts_with(kResolved)) {
    return say(Kind::kConnect, peer + ": the name can't be resolved");
  }
  if (what.starts_with(kConnecting)) {
    return say(Kind::kConnect, peer + ": connection refused or host unreachable");
  }
  const auto tls = tls_reason(code);
  if (what.starts_with(kHandshake)) {
    const bool refused = ERR_GET_REASON(static_cast<unsigned long>(static_cast<unsigned>(code))) ==
                         SSL_R_CERTIFICATE_VERIFY_FAILED;
    return say(
        Kind::kTls,
        peer + ": TLS handshake failed: " +
            (tls && refused && !refusal.empty() ? refusal : tls.value_or(socket_reason(code))));
  }
  // With TLS 1.3 the server judges our certificate after the handshake is over for us.
  if (tls) return say(Kind::kTls, peer + ": TLS error: " + *tls);
  if (code == ETIMEDOUT) return say(Kind::kTimeout, peer + ": the connection timed out");
  if (what.starts_with(kWritingHead) || what.starts_with(kWritingBody)) {
    return {{Kind::kBroken, peer + ": the connection broke while the request was being sent: " +
                                socket_reason(code)},
            true};
  }
  if (what.starts_with(kInvalid)) return say(Kind::kBroken, peer + ": the answer is not HTTP");
  return say(Kind::kBroken, peer + ": the connection broke while the answer was awaited or read: " +
                                socket_reason(code));
}

}  // namespace

Classified classify(const std::exception_ptr& error, const std::string& peer,
                    const std::string& refusal) {
  try {
    std::rethrow_exception(error);
  } catch (const web::http::http_exception& e) {
    return classify(e.what(), e.error_code().value(), peer, refusal);
  } catch (const TlsSetupError& e) {
    return {{Kind::kTls, peer + ": " + e.what()}, false};
  } catch (const std::exception& e) {
    return {{Kind::kBroken, peer + ": " + e.what()}, false};
  } catch (...) {
    return {{Kind::kBroken, peer + ": unknown error in the HTTP library"}, false};
  }
}

}  // namespace icrps::http::cpprest
