// One request to IAM and its answer, told to an observer, with what was secret wiped.
// Thread safety: all methods may be called from any thread at once; they block the caller.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

#include "http/transport.hpp"
#include "iam/pure/refusal.hpp"
#include "runtime/secret_string.hpp"

namespace icrps::iam {

/// Called after each request: what was asked ("token", "create key", …) and the HTTP status, or the
/// kind of failure ("timeout").
using Observer = std::function<void(std::string_view what, std::string_view code)>;

class Exchange {
 public:
  template <typename T>
  using Result = tl::expected<T, Refusal>;

  /// `transport` leads to IAM and adds no Authorization of its own; it outlives this. `host` is for
  /// messages.
  Exchange(http::Transport& transport, std::string host, Observer observer)
      : transport_(transport), host_(std::move(host)), observer_(std::move(observer)) {}

  [[nodiscard]] const std::string& host() const { return host_; }

  /// Any answer there is. The request is wiped.
  [[nodiscard]] Result<http::Response> send(std::string_view what, http::Request request,
                                            const std::stop_token& stop) const;
  /// Any answer there is to a request with this token.
  [[nodiscard]] Result<http::Response> ask(std::string_view what, http::Request request,
                                           const SecretString& bearer,
                                           const std::stop_token& stop) const;
  /// One that is 2xx.
  [[nodiscard]] Result<http::Response> call(std::string_view what, http::Request request,
                                            const SecretString& bearer,
                                            const std::stop_token& stop) const;

  /// A list that comes in pages.
  struct Pages {
    std::string_view what;   ///< for the observer
    std::string target;      ///< of the first page; it has a query
    std::string_view next;   ///< the query's field that says where another page begins
    unsigned most;           ///< a list of more pages has no end
    std::string_view of;     ///< for messages: "keys"
    std::string unreadable;  ///< what is wrong with a page that `read` refuses
  };
  /// Adds a page and says where the next begins, encoded; empty: this was the last. Nothing: it is
  /// no such page.
  using ReadPage = std::function<std::optional<std::string>(const std::string& body)>;
  /// Follows the pages to their end. Each is wiped when it is read.
  [[nodiscard]] Result<void> follow(const Pages& pages, const ReadPage& read,
                                    const SecretString& bearer, const std::stop_token& stop) const;

 private:
  http::Transport& transport_;
  const std::string host_;
  const Observer observer_;
};

/// Without a code it was not IAM that spoke, but something before it (a firewall's page): nothing
/// is known about the credential.
[[nodiscard]] Refusal if_coded(Refusal refusal);

/// Ten seconds, a megabyte, JSON.
[[nodiscard]] http::Request iam_request(http::Method method, std::string target);
[[nodiscard]] http::Request iam_request(http::Method method, std::string target, std::string json);

}  // namespace icrps::iam
