#include "suite.hpp"

#include <filesystem>
#include <fstream>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

namespace icrps::conformance {

const World& world() {
  static const World made;
  return made;
}

ServerOptions tls() {
  ServerOptions options;
  options.identity = world().server;
  return options;
}

http::TransportOptions trusting(const std::string& origin) {
  http::TransportOptions options;
  options.origin = origin;
  options.authorities = [] { return world().authority.pem(); };
  return options;
}

std::unique_ptr<http::Transport> transport_to(const Server& server) {
  return make_transport(trusting(server.origin()));
}

http::Request get(std::string target, std::chrono::milliseconds deadline) {
  http::Request request;
  request.target = std::move(target);
  request.deadline = deadline;
  return request;
}

http::Request post(std::string target, std::string body) {
  http::Request request = get(std::move(target));
  request.method = http::Method::kPost;
  request.body = std::move(body);
  return request;
}

http::StreamRequest watch(std::string target) {
  http::StreamRequest request;
  request.target = std::move(target);
  return request;
}

void echo(Connection& connection) {
  while (const auto request = connection.read_request()) {
    if (!connection.write(
            answer(200, request->method + " " + request->target + " " + request->body))) {
      return;
    }
  }
}

Server::Script always(std::string bytes) {
  return [text = std::move(bytes)](Connection& connection) {
    while (connection.read_request()) {
      if (!connection.write(text)) return;
    }
  };
}

StreamResult read_all(http::Transport& transport, const http::StreamRequest& request,
                      std::stop_token stop) {
  StreamResult result;
  result.end = transport.stream(
      request,
      [&](std::string_view bytes) {
        result.bytes += bytes;
        return true;
      },
      std::move(stop));
  return result;
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

std::size_t descriptors_at_rest() {
  static_cast<void>(make_transport(trusting("https://127.0.0.1:1"))->send(get("/"), {}));
  return open_descriptors();
}

std::size_t resident_bytes() {
  ::malloc_trim(0);
  std::size_t total = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::chrono::microseconds processor_time() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

}  // namespace icrps::conformance
