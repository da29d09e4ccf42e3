#include "harness/name_server.hpp"

#include <fstream>
#include <stdexcept>

namespace itest {

std::string name_server_address() {
  std::ifstream file("/etc/resolv.conf");
  for (std::string word; file >> word;) {
    if (word == "nameserver" && file >> word) return word;
  }
  throw std::runtime_error("no name server in /etc/resolv.conf");
}

}  // namespace itest
