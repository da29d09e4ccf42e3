#include "name_server.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace icrps::conformance {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kMostInDatagram = 512;
constexpr int kTypeA = 1;
constexpr int kTypeAaaa = 28;

void put16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8U & 0xffU);
  out += static_cast<char>(value & 0xffU);
}

struct Question {
  std::string name;
  int type = 0;
  std::size_t end = 0;  ///< behind it
};

std::optional<Question> question_in(const std::string& query) {
  Question question;
  std::size_t at = kHeader;
  while (at < query.size() && query[at] != 0) {
    const auto length = static_cast<std::size_t>(query[at]);
    if (at + 1 + length >= query.size()) return std::nullopt;
    if (!question.name.empty()) question.name += '.';
    question.name.append(query, at + 1, length);
    at += 1 + length;
  }
  if (at + 5 > query.size()) return std::nullopt;
  question.type = static_cast<unsigned char>(query[at + 2]);
  question.end = at + 5;
  return question;
}

/// The header of the reply, and the question again.
std::string begin_reply(const std::string& query, const Question& question, int code,
                        std::size_t answers, bool truncated) {
  std::string reply = query.substr(0, 2);
  reply += truncated ? '\x87' : '\x85';  // an answer, authoritative; truncated; recursion desired
  reply += static_cast<char>(0x80 | code);
  put16(reply, 1);
  put16(reply, static_cast<unsigned>(answers));
  put16(reply, 0);
  put16(reply, 0);
  return reply + query.substr(kHeader, question.end - kHeader);
}

void put_address(std::string& reply, int type, const std::string& address) {
  std::array<char, 16> bytes{};
  const int family = type == kTypeA ? AF_INET : AF_INET6;
  const unsigned size = type == kTypeA ? 4 : 16;
  if (::inet_pton(family, address.c_str(), bytes.data()) != 1) {
    throw std::invalid_argument(address);
  }
  put16(reply, 0xc00c);  // the name in the question
  put16(reply, static_cast<unsigned>(type));
  put16(reply, 1);
  put16(reply, 0);
  put16(reply, 60);  // seconds
  put16(reply, size);
  reply.append(bytes.data(), size);
}

[[noreturn]] void give_up(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int bound(int type, const std::string& host, int port) {
  const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) throw std::invalid_argument(host);
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    give_up("name server");
  }
  return fd;
}

}  // namespace

NameServer::NameServer(std::map<std::string, Named> names, Options options)
    : options_(std::move(options)), bell_(::eventfd(0, EFD_CLOEXEC)), names_(std::move(names)) {
  udp_ = bound(SOCK_DGRAM, options_.address, options_.port);
  sockaddr_in own{};
  socklen_t size = sizeof own;
  if (::getsockname(udp_, reinterpret_cast<sockaddr*>(&own), &size) != 0) give_up("name server");
  port_ = ntohs(own.sin_port);
  tcp_ = bound(SOCK_STREAM, options_.address, port_);
  if (::listen(tcp_, 16) != 0) give_up("name server");
  thread_ = std::jthread([this] { serve(); });
}

NameServer::~NameServer() {
  ::eventfd_write(bell_, 1);
  thread_.join();
  for (const int fd : {udp_, tcp_, bell_}) ::close(fd);
}

void NameServer::set(const std::string& name, Named answer) {
  const std::scoped_lock lock(mutex_);
  names_[name] = std::move(answer);
}

unsigned NameServer::asked(const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  const auto found = asked_.find(name);
  return found == asked_.end() ? 0 : found->second;
}

void NameServer::serve() {
  while (true) {
    std::array<pollfd, 3> sockets{pollfd{bell_, POLLIN, 0}, pollfd{udp_, POLLIN, 0},
                                  pollfd{tcp_, POLLIN, 0}};
    ::poll(sockets.data(), sockets.size(), delayed_.empty() ? -1 : 5);
    if (sockets[0].revents != 0) return;
    if (sockets[1].revents != 0) answer_datagram();
    if (sockets[2].revents != 0) answer_connection();
    send_due();
  }
}

void NameServer::answer_datagram() {
  std::string query(kMostInDatagram, '\0');
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const auto length =
      ::recvfrom(udp_, query.data(), query.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
  if (length <= 0) return;
  query.resize(static_cast<std::size_t>(length));
  std::chrono::milliseconds after{0};
  auto reply = reply_to(query, false, after);
  if (reply.empty()) return;
  delayed_.push_back({std::chrono::steady_clock::now() + after, std::move(reply),
                      std::string(reinterpret_cast<const char*>(&from), size)});
}

/// One question; whoever asks by TCP is sent the whole answer.
void NameServer::answer_connection() {
  const int fd = ::accept4(tcp_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  std::array<unsigned char, 2> prefix{};
  if (::recv(fd, prefix.data(), prefix.size(), MSG_WAITALL) == 2) {
    std::string query((static_cast<std::size_t>(prefix[0]) << 8U) + prefix[1], '\0');
    if (::recv(fd, query.data(), query.size(), MSG_WAITALL) == static_cast<ssize_t>(query.size())) {
      std::chrono::milliseconds after{0};
      const auto reply = reply_to(query, true, after);
      std::string framed;
      put16(framed, static_cast<unsigned>(reply.size()));
      framed += reply;
      static_cast<void>(::send(fd, framed.data(), framed.size(), MSG_NOSIGNAL));
    }
  }
  ::close(fd);
}

void NameServer::send_due() {
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(delayed_, [&](const Delayed& delayed) {
    if (delayed.when > now) return false;
    ::sendto(udp_, delayed.reply.data(), delayed.reply.size(), 0,
             reinterpret_cast<const sockaddr*>(delayed.to.data()),
             static_cast<socklen_t>(delayed.to.size()));
    return true;
  });
}

std::string NameServer::reply_to(const std::string& query, bool whole,
                                 std::chrono::milliseconds& after) {
  const auto question = query.size() < kHeader ? std::nullopt : question_in(query);
  if (!question) return {};
  const std::scoped_lock lock(mutex_);
  const auto found = names_.find(question->name);
  if (question->type == kTypeA) ++asked_[question->name];
  const auto& named = found == names_.end() ? options_.others : found->second;
  after = named.after;
  if (named.silent || (named.silent_for_ipv6 && question->type == kTypeAaaa)) return {};
  if (named.noise) return "noise";
  if (named.garbage) return begin_reply(query, *question, 0, 3, false) + "\xff\xff nonsense \xc0";
  const auto& addresses = question->type == kTypeA ? named.ipv4 : named.ipv6;
  auto reply = begin_reply(query, *question, named.code, addresses.size(), false);
  for (const auto& address : addresses) put_address(reply, question->type, address);
  if (whole || reply.size() <= kMostInDatagram) return reply;
  return begin_reply(query, *question, named.code, 0, true);
}

}  // namespace icrps::conformance
