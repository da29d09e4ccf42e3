// Certificate authorities besides the cluster's own.
#pragma once

#include <string>

namespace itest {

struct NewAuthority {
  std::string pem;
  std::string server;  ///< certificate and key of a server that it has certified
};

/// Made this moment. `names`: of the server, as OpenSSL has them: "IP:127.0.0.1".
[[nodiscard]] NewAuthority make_authority(const std::string& names);

}  // namespace itest
