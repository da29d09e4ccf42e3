// A credential: text that must never reach a log, an Event, a metric or an error message.
//
// It has no stream operator, no fmt formatter and no implicit conversion; the only way to its
// bytes is reveal(), which a reviewer can search for. The memory is wiped when it goes.
// Thread safety: a value type; copies are independent.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace icrps {

class SecretString {
 public:
  SecretString() = default;
  explicit SecretString(std::string text) : text_(std::move(text)) {}
  SecretString(const SecretString&) = default;
  SecretString(SecretString&& other) noexcept;
  SecretString& operator=(const SecretString& other);
  SecretString& operator=(SecretString&& other) noexcept;
  ~SecretString();

  /// The bytes. Only for building a request body or an Authorization header, never for messages.
  [[nodiscard]] const std::string& reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] std::size_t size() const { return text_.size(); }

  /// Takes time that depends on the lengths only.
  friend bool operator==(const SecretString& a, const SecretString& b);

 private:
  void wipe() noexcept;
  std::string text_;
};

}  // namespace icrps
