// A bearer token in a file that somebody replaces now and then, as the kubelet does.
// Thread safety: all methods may be called from any thread.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "runtime/clock.hpp"
#include "runtime/secret_string.hpp"

namespace icrps::kube {

/// Without the line end; nothing: there is no whole token in the file (is_whole_token()).
[[nodiscard]] std::optional<SecretString> read_token_file(const std::string& file);

class TokenFile {
 public:
  /// `clock` outlives it.
  explicit TokenFile(const Clock& clock) : clock_(clock) {}

  /// "Bearer …". The file is read once a minute; while it holds no whole token the last one stands.
  std::optional<SecretString> authorization(const std::string& file);
  /// The server did not accept it: the file is read again for the next request.
  void refused();

 private:
  const Clock& clock_;
  std::mutex mutex_;
  // guarded by mutex_
  std::string file_;  // that was read last
  std::optional<SecretString> header_;
  std::optional<Clock::Instant> read_at_;
};

}  // namespace icrps::kube
