#include "iam/pure/token.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "iam/pure/json_scalars.hpp"
#include "iam/pure/retry_after.hpp"
#include "icr/text.hpp"

namespace icrps::iam {
namespace {

using Kind = Refusal::Kind;

constexpr std::size_t kLongestCode = 40;
constexpr std::size_t kLongestToken = 16384;
constexpr std::chrono::seconds kLongestLifetime = std::chrono::hours(24);
constexpr std::string_view kNoRefreshToken = "not_supported";
constexpr std::string_view kKeyLimit = "BXNIM0151E";

/// What an answer says went wrong; not yet fit for messages.
struct ErrorBody {
  std::string code;
  std::string message;
};

void keep_first(std::string& field, Scalar& value) {
  if (const auto* text = text_of(value); text != nullptr && field.empty()) field = text->reveal();
}

/// {"errorCode","errorMessage"} or {"errors":[{"message_code","code","message"}]}.
class ErrorReader {
 public:
  void leaf(std::string_view path, Scalar& value) {
    if (path == "errorCode") keep_first(code_, value);
    if (path == "errors/[]/message_code") keep_first(code_, value);
    if (path == "errors/[]/code") keep_first(general_code_, value);
    if (path == "errorMessage" || path == "errors/[]/message") keep_first(message_, value);
  }
  [[nodiscard]] ErrorBody take() {
    return {std::move(code_.empty() ? general_code_ : code_), std::move(message_)};
  }

 private:
  std::string code_;
  std::string general_code_;  // "not_found", where IAM has a message_code too
  std::string message_;
};

ErrorBody read_error(std::string_view body) {
  ErrorReader reader;
  const bool json =
      read_scalars(body, {.leaf = [&](auto path, auto&& value) { reader.leaf(path, value); }});
  return json ? reader.take() : ErrorBody{};
}

bool is_code(std::string_view text) {
  return !text.empty() && text.size() <= kLongestCode &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return icr::is_lower(c) || icr::is_upper(c) || icr::is_digit(c) || c == '_' || c == '-';
         });
}

/// Drops what must not be passed on.
ErrorBody presentable(ErrorBody error, const Sent& sent) {
  if (!is_code(error.code) || repeats(error.code, sent)) error.code.clear();
  if (repeats(error.message, sent)) error.message = "(its words repeat the credential)";
  error.message = one_line(error.message);
  return error;
}

Kind kind_of(int status, std::string_view code) {
  const bool client_error = status >= 400 && status <= 499 && status != 429;
  if (!client_error) return Kind::kUnknown;
  if (code == kKeyLimit) return Kind::kLimit;
  if (status == 404) return code.empty() ? Kind::kUnknown : Kind::kNotFound;
  if (status == 400 || status == 401 || code == kKeyDisabled) return Kind::kRefused;
  return status == 403 ? Kind::kPolicy : Kind::kUnknown;
}

std::string_view words_for(int status) {
  if (is_success(status)) return "with an answer that makes no sense";
  if (status >= 300 && status <= 399) return "a redirect, which is not followed";
  return "without a readable error";
}

struct TokenBody {
  SecretString access;   // access_token
  SecretString general;  // token, as some registries call it
  SecretString refresh;
  std::optional<std::int64_t> expires_in;
  ErrorBody error;
};

void keep_last(SecretString& field, Scalar& value) {
  auto* text = text_of(value);
  field = text != nullptr ? std::move(*text) : SecretString();
}

std::optional<TokenBody> parse_token(std::string_view body) {
  TokenBody token;
  ErrorReader error;
  const auto leaf = [&](std::string_view path, Scalar&& value) {
    error.leaf(path, value);
    if (path == "access_token") keep_last(token.access, value);
    if (path == "token") keep_last(token.general, value);
    if (path == "refresh_token") keep_last(token.refresh, value);
    if (path == "expires_in") {
      const auto* seconds = std::get_if<std::int64_t>(&value);
      token.expires_in = seconds != nullptr ? std::optional(*seconds) : std::nullopt;
    }
  };
  if (!read_scalars(body, {.leaf = leaf})) return std::nullopt;
  token.error = error.take();
  return token;
}

/// The body of a 2xx that holds no error.
tl::expected<TokenBody, Refusal> token_body(const std::string& who, const http::Response& response,
                                            const Sent& sent) {
  if (!is_success(response.status)) {
    auto refusal = refusal_of(who, response, sent);
    if (refusal.kind == Kind::kNotFound) refusal.kind = Kind::kUnknown;  // says nothing of a login
    return tl::unexpected(std::move(refusal));
  }
  auto body = parse_token(response.body);
  if (!body) return tl::unexpected(senseless(who, response, "with a body that is not JSON"));
  if (!body->error.code.empty()) return tl::unexpected(refusal_of(who, response, sent));
  return std::move(*body);
}

}  // namespace

bool is_bearer_token(std::string_view text) {
  return !text.empty() && text.size() <= kLongestToken &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

tl::expected<Token, Refusal> read_token(const std::string& who, const http::Response& response,
                                        const Sent& sent) {
  auto body = token_body(who, response, sent);
  if (!body) return tl::unexpected(std::move(body.error()));
  const auto refuse = [&](std::string_view what) {
    return tl::unexpected(senseless(who, response, what));
  };
  if (body->access.empty()) return refuse("without an access_token");
  if (!is_bearer_token(body->access.reveal())) return refuse("with an access_token that is none");
  if (!body->expires_in) return refuse("without an expires_in that is an integer");
  if (*body->expires_in <= 0 || *body->expires_in > kLongestLifetime.count()) {
    return refuse(fmt::format("with an expires_in of {}; accepted: 1 to {} seconds",
                              *body->expires_in, kLongestLifetime.count()));
  }
  if (body->refresh.reveal() == kNoRefreshToken) body->refresh = SecretString();
  if (!body->refresh.empty() && !is_bearer_token(body->refresh.reveal())) {
    return refuse("with a refresh_token that is none");
  }
  return Token{std::move(body->access), std::move(body->refresh),
               std::chrono::seconds(*body->expires_in)};
}

tl::expected<SecretString, Refusal> read_registry_token(const std::string& who,
                                                        const http::Response& response,
                                                        const Sent& sent) {
  auto body = token_body(who, response, sent);
  if (!body) return tl::unexpected(std::move(body.error()));
  SecretString& token = body->general.empty() ? body->access : body->general;
  if (token.empty()) return tl::unexpected(senseless(who, response, "without a token"));
  if (!is_bearer_token(token.reveal())) {
    return tl::unexpected(senseless(who, response, "with a token that is none"));
  }
  return std::move(token);
}

Refusal refusal_of(const std::string& who, const http::Response& response, const Sent& sent) {
  const auto error = presentable(read_error(response.body), sent);
  Refusal refusal;
  refusal.kind = kind_of(response.status, error.code);
  refusal.who = who;
  refusal.status = response.status;
  refusal.code = error.code;
  refusal.message = fmt::format("{}: {}", who, response.status);
  if (!error.code.empty()) refusal.message += " " + error.code;
  if (!error.message.empty()) refusal.message += " " + error.message;
  if (error.code.empty() && error.message.empty()) {
    refusal.message += fmt::format(" {}", words_for(response.status));
  }
  refusal.retry_after = retry_after_of(response);
  return refusal;
}

Refusal refusal_of(const std::string& who, const http::Failure& failure) {
  const bool canceled = failure.kind == http::Failure::Kind::kCanceled;
  Refusal refusal;
  refusal.kind = canceled ? Kind::kCanceled : Kind::kUnknown;
  refusal.who = who;
  refusal.message = one_line(failure.message.empty() ? http::to_string(failure.kind)
                                                     : std::string_view(failure.message));
  if (!refusal.message.starts_with(who)) refusal.message = who + ": " + refusal.message;
  return refusal;
}

Refusal senseless(const std::string& who, const http::Response& response, std::string_view what) {
  Refusal refusal;
  refusal.who = who;
  refusal.status = response.status;
  refusal.message = fmt::format("{}: {} {}", who, response.status, what);
  refusal.retry_after = retry_after_of(response);
  return refusal;
}

}  // namespace icrps::iam
