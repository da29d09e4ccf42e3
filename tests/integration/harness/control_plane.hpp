// The programs of the sandbox, from within a test.
#pragma once

#include <string>

namespace itest {

/// `tests/sandbox/ctl api ACTION`: stop, start, restart, kill.
void api_server(const std::string& action);

/// Makes etcd forget everything but the present state of all objects.
void compact_etcd();

}  // namespace itest
