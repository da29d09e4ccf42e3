// The library's clients of one transport: one for each address in use, because a client's base
// address is where it goes, and its pool of connections is its own.
#pragma once

#include <cpprest/http_client.h>
#include <functional>
#include <list>
#include <mutex>
#include <string>

namespace icrps::http::cpprest {

using Client = web::http::client::http_client;

/// Thread safety: all methods from any thread but the loop.
class Clients {
 public:
  /// A server has few addresses at a time. One more takes the place of the one that was not used
  /// for longest; requests under way on that are finished.
  static constexpr std::size_t kMost = 8;

  /// `make`: a client for a base address; called on the caller's thread.
  explicit Clients(std::function<Client(const std::string&)> make) : make_(std::move(make)) {}
  /// Waits until their connections are closed.
  ~Clients();
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;
  Clients(Clients&&) = delete;
  Clients& operator=(Clients&&) = delete;

  [[nodiscard]] Client to(const std::string& base);

 private:
  struct Entry {
    std::string base;
    Client client;
  };

  const std::function<Client(const std::string&)> make_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // guarded by mutex_; the last used first
};

}  // namespace icrps::http::cpprest
