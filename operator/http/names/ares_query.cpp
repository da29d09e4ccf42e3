#include "http/names/ares_query.hpp"

#include <algorithm>
#include <ares.h>
#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <string_view>

#include "http/names/shortlist.hpp"

namespace icrps::http::names {
namespace {

/// c-ares asks for it to be called once before anything else.
void initialize_ares() {
  static const int done = ares_library_init(ARES_LIB_INIT_ALL);
  static_cast<void>(done);
}

std::string text_of(const ares_addrinfo_node& node) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* address = nullptr;
  if (node.ai_family == AF_INET) {
    address = &reinterpret_cast<const sockaddr_in*>(node.ai_addr)->sin_addr;
  } else if (node.ai_family == AF_INET6) {
    address = &reinterpret_cast<const sockaddr_in6*>(node.ai_addr)->sin6_addr;
  }
  if (address == nullptr ||
      ::inet_ntop(node.ai_family, address, text.data(), text.size()) == nullptr) {
    return {};
  }
  return text.data();
}

std::string_view reason_of(int status) {
  switch (status) {
    case ARES_ENOTFOUND:
      return "no such name";
    case ARES_ENODATA:
      return "the name has no address";
    case ARES_ETIMEOUT:
      return "no name server answers";
    case ARES_ECONNREFUSED:  // what c-ares makes of SERVFAIL and REFUSED of all of them as well
      return "no name server can be reached or finds out";
    case ARES_ENOTIMP:
    case ARES_EFORMERR:
      return "the name server doesn't understand the question";
    case ARES_EBADRESP:
      return "the name server's answer makes no sense";
    case ARES_EBADNAME:
      return "not a name that name servers know";
    default:
      return ares_strerror(status);
  }
}

/// What says the more when neither family has an address: that the name is there says nothing of
/// why there is no answer for the other family.
int weightier(int first, int second) {
  return first == ARES_ENODATA || first == ARES_SUCCESS ? second : first;
}

}  // namespace

AresQuery::AresQuery(const ResolverOptions& options, const std::string& name, Instant now)
    : other_family_(options.other_family) {
  open(options);
  if (broken_ != ARES_SUCCESS) return;
  ask(name, AF_INET, ipv4_);
  ask(name, AF_INET6, ipv6_);
  // At once: that was the hosts file, and it has said what there is.
  if (found()) enough_at_ = now;
}

AresQuery::~AresQuery() {
  if (channel_ != nullptr) ares_destroy(channel_);
}

void AresQuery::open(const ResolverOptions& options) {
  initialize_ares();
  ares_options wanted{};
  wanted.timeout = static_cast<int>(options.first_try.count());
  wanted.tries = options.rounds;
  int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
  std::string path = options.resolv_conf;
  if (!path.empty()) {
    wanted.resolvconf_path = path.data();
    mask |= ARES_OPT_RESOLVCONF;
  }
  broken_ = ares_init_options(&channel_, &wanted, mask);
  if (broken_ != ARES_SUCCESS) {
    channel_ = nullptr;
    return;
  }
  if (!options.servers.empty()) {
    broken_ = ares_set_servers_ports_csv(channel_, options.servers.c_str());
  }
}

void AresQuery::ask(const std::string& name, int kind, Family& family) {
  ares_addrinfo_hints hints{};
  hints.ai_family = kind;
  hints.ai_flags = ARES_AI_NOSORT;  // sorting opens a socket for each address
  ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &AresQuery::on_answer, &family);
}

void AresQuery::on_answer(void* family, int status, int /*timeouts*/, ares_addrinfo* found) {
  auto& self = *static_cast<Family*>(family);
  self.done = true;
  self.status = status;
  if (found == nullptr) return;
  for (const auto* node = found->nodes; node != nullptr; node = node->ai_next) {
    if (auto text = text_of(*node); !text.empty()) self.addresses.push_back(std::move(text));
  }
  ares_freeaddrinfo(found);
}

void AresQuery::add_sockets(std::vector<pollfd>& sockets) const {
  if (channel_ == nullptr) return;
  std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> found{};
  const auto bits =
      static_cast<unsigned>(ares_getsock(channel_, found.data(), ARES_GETSOCK_MAXNUM));
  for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    short events = 0;
    if (ARES_GETSOCK_READABLE(bits, i) != 0) events |= POLLIN;
    if (ARES_GETSOCK_WRITABLE(bits, i) != 0) events |= POLLOUT;
    if (events != 0) sockets.push_back({found.at(i), events, 0});
  }
}

Instant AresQuery::wake_at(Instant now) const {
  using namespace std::chrono;
  using namespace std::chrono_literals;
  constexpr hours kLong{1};
  if (channel_ == nullptr) return now;
  timeval most{duration_cast<seconds>(kLong).count(), 0};
  timeval left{};
  const auto* const next = ares_timeout(channel_, &most, &left);
  // Rounded up: c-ares does nothing before its time has come, and to poll until then is to spin.
  const auto until =
      now + seconds(next->tv_sec) + ceil<milliseconds>(microseconds(next->tv_usec)) + 1ms;
  return enough_at_ ? std::min(until, *enough_at_) : until;
}

void AresQuery::process(const pollfd* begin, const pollfd* end, Instant now) {
  if (channel_ == nullptr) return;
  const bool had = found();
  ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // what is overdue
  for (const auto* socket = begin; socket != end; ++socket) {
    if (socket->revents == 0) continue;
    const bool writable = (socket->revents & POLLOUT) != 0;
    const bool readable = (socket->revents & (POLLIN | POLLERR | POLLHUP)) != 0;
    ares_process_fd(channel_, readable ? socket->fd : ARES_SOCKET_BAD,
                    writable ? socket->fd : ARES_SOCKET_BAD);
  }
  if (!had && found() && !enough_at_) enough_at_ = now + other_family_;
}

std::optional<Resolution> AresQuery::answer(Instant now) const {
  const auto failure = [](std::string_view reason) {
    return tl::unexpected(Failure{Failure::Kind::kConnect, std::string(reason)});
  };
  if (broken_ != ARES_SUCCESS) return failure(reason_of(broken_));
  const bool all = ipv4_.done && ipv6_.done;
  if (found() && (all || (enough_at_ && *enough_at_ <= now))) {
    return shortlist(ipv4_.addresses, ipv6_.addresses);
  }
  if (!all) return std::nullopt;
  return failure(reason_of(weightier(ipv4_.status, ipv6_.status)));
}

}  // namespace icrps::http::names
