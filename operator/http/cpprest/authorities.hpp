// The certificate authorities that a transport trusts, parsed, and parsed again when they change.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <openssl/x509_vfy.h>
#include <string>

namespace icrps::http::cpprest {

/// Makes the library's loading of the system's bundle on each connection (20 ms, 1 MB) find
/// nothing, and remembers where it is for the one store that wants it. Before any other thread.
void neutralise_system_trust();

/// Thread safety: all methods from any thread.
class Authorities {
 public:
  using Store = std::shared_ptr<X509_STORE>;
  /// Gives PEM; it may throw.
  using Read = std::function<std::string()>;

  /// Reads once. Empty: the system's. Throws std::invalid_argument when they can't be used.
  explicit Authorities(const Read& read);

  /// Those that hold now, for one new connection. When they can't be read any more, or are no PEM
  /// (half a file, a volume that is being replaced), those of before.
  [[nodiscard]] Store current();
  /// Why those of before were taken the last time; empty: they were not.
  [[nodiscard]] std::string problem() const;
  /// After this nothing is read again.
  void retire();

 private:
  mutable std::mutex mutex_;  ///< guards all of it
  std::function<Store()> source_;
  Store store_;
  std::string problem_;
};

}  // namespace icrps::http::cpprest
