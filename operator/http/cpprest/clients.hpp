// The library's clients of one transport: one for each address in use, because a client's base
// address, or its proxy's, is where it goes, and its pool of connections is its own.
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

  Clients() = default;
  /// Waits until their connections are closed.
  ~Clients();
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;
  Clients(Clients&&) = delete;
  Clients& operator=(Clients&&) = delete;

  /// The client of that name; `make` makes it when there is none, on the caller's thread.
  [[nodiscard]] Client to(const std::string& name, const std::function<Client()>& make);

 private:
  struct Entry {
    std::string name;
    Client client;
  };

  std::mutex mutex_;
  std::list<Entry> entries_;  // guarded by mutex_; the last used first
};

}  // namespace icrps::http::cpprest
