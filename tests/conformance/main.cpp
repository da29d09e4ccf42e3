#define CATCH_CONFIG_RUNNER
#include <csignal>
#include <malloc.h>
#include <string_view>

#include "remote_server.hpp"
#include "suite.hpp"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // the server writes to clients that have gone
  // As the program does: many threads must not each keep a heap of their own.
  ::mallopt(M_ARENA_MAX, 2);
  if (argc == 2 && std::string_view(argv[1]) == "--serve") {
    return icrps::conformance::RemoteServer::serve();
  }
  icrps::conformance::initialize_under_test();
  return Catch::Session().run(argc, argv);
}
