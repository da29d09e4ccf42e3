// One name's question to the name servers, by c-ares, on a channel of its own: the hosts file, the
// search list, ndots and the servers are read anew for each, so that a changed resolv.conf counts
// at once, and to end a question is to destroy it.
//
// Thread safety: none. It belongs to the thread that makes it, and none of its methods blocks.
#pragma once

#include <chrono>
#include <optional>
#include <poll.h>
#include <string>
#include <vector>

#include "http/names/lookup_book.hpp"
#include "http/names/resolver_options.hpp"

// NOLINTBEGIN(readability-identifier-naming): the library's names
struct ares_channeldata;
struct ares_addrinfo;
// NOLINTEND(readability-identifier-naming)

namespace icrps::http::names {

class AresQuery {
 public:
  /// Asks for both families at once.
  AresQuery(const ResolverOptions& options, const std::string& name, Instant now);
  /// Ends it.
  ~AresQuery();
  AresQuery(const AresQuery&) = delete;
  AresQuery& operator=(const AresQuery&) = delete;
  AresQuery(AresQuery&&) = delete;
  AresQuery& operator=(AresQuery&&) = delete;

  /// Appends what has to be polled.
  void add_sockets(std::vector<pollfd>& sockets) const;
  /// When process() has to be called even if no socket is ready.
  [[nodiscard]] Instant wake_at(Instant now) const;
  /// These sockets of add_sockets() may be ready; also when the time has come.
  void process(const pollfd* begin, const pollfd* end, Instant now);
  /// The outcome, once there is one.
  [[nodiscard]] std::optional<Resolution> answer(Instant now) const;

 private:
  struct Family {
    bool done = false;
    int status = 0;
    Addresses addresses;
  };

  static void on_answer(void* family, int status, int timeouts, ares_addrinfo* found);
  void open(const ResolverOptions& options);
  void ask(const std::string& name, int kind, Family& family);
  [[nodiscard]] bool found() const { return !ipv4_.addresses.empty() || !ipv6_.addresses.empty(); }

  const std::chrono::milliseconds other_family_;
  ares_channeldata* channel_ = nullptr;
  int broken_ = 0;  ///< why there is no channel
  Family ipv4_;
  Family ipv6_;
  /// When the other family is no longer waited for.
  std::optional<Instant> enough_at_;
};

}  // namespace icrps::http::names
