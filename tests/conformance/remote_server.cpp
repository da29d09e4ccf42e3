#include "remote_server.hpp"

#include <array>
#include <fcntl.h>
#include <iostream>
#include <random>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.hpp"

namespace icrps::conformance {
namespace {

void answer_slowly(Connection& connection) {
  thread_local std::minstd_rand random{std::random_device{}()};
  connection.pause(std::chrono::milliseconds(random() % 20));
  connection.write(answer(200, "late"));
}

void stream(Connection& connection) {
  connection.write(chunked_head());
  while (connection.write(chunk("{\"type\":\"ADDED\"}\n")) && connection.pause(2ms)) {
  }
}

void serve_one(Connection& connection) {
  while (const auto request = connection.read_request()) {
    if (request->target.starts_with("/slow")) {
      answer_slowly(connection);
    } else if (request->target.starts_with("/stream")) {
      return stream(connection);
    } else if (!connection.write(answer(201, request->body))) {
      return;
    }
  }
}

std::string read_to_end(int descriptor) {
  std::string result;
  std::array<char, 4096> block;
  for (ssize_t count = 0; (count = ::read(descriptor, block.data(), block.size())) > 0;) {
    result.append(block.data(), static_cast<std::size_t>(count));
  }
  return result;
}

}  // namespace

int RemoteServer::serve() {
  const Server server(tls(), serve_one);
  std::cout << server.origin() << "\n" << world().authority.pem() << std::flush;
  ::close(STDOUT_FILENO);
  read_to_end(STDIN_FILENO);
  return 0;
}

RemoteServer::RemoteServer() {
  std::array<int, 2> input{};
  std::array<int, 2> output{};
  if (::pipe2(input.data(), O_CLOEXEC) != 0 || ::pipe2(output.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("can't make a pipe");
  }
  posix_spawn_file_actions_t actions{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  std::string name = "conformance_tests";
  std::string mode = "--serve";
  const std::array<char*, 3> arguments{name.data(), mode.data(), nullptr};
  const int error =
      ::posix_spawn(&process_, "/proc/self/exe", &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(input[0]);
  ::close(output[1]);
  input_ = input[1];
  const std::string told = error == 0 ? read_to_end(output[0]) : "";
  ::close(output[0]);
  const auto line_end = told.find('\n');
  if (line_end == std::string::npos) throw std::runtime_error("the server didn't start");
  origin_ = told.substr(0, line_end);
  authority_ = told.substr(line_end + 1);
}

RemoteServer::~RemoteServer() {
  ::close(input_);
  ::waitpid(process_, nullptr, 0);
}

}  // namespace icrps::conformance
