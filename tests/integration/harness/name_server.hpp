// Where the sandbox looks names up.
#pragma once

#include <string>

namespace itest {

/// Of the sandbox's resolv.conf: nobody listens there without a node.
[[nodiscard]] std::string name_server_address();

}  // namespace itest
