// `icr-pull-secrets cleanup`, with the rights that the chart's hook has.
#pragma once

#include <string>
#include <vector>

#include "harness/process.hpp"
#include "harness/scene.hpp"

namespace itest {

/// Whatever credential a test before may have left in a namespace is retired.
[[nodiscard]] std::string cleanup_config();

/// The rights of the hook, for the operator's account, as long as this lives.
class HookRights {
 public:
  HookRights();
  ~HookRights();
  HookRights(const HookRights&) = delete;
  HookRights& operator=(const HookRights&) = delete;

 private:
  std::string file_;
};

/// The command line; `config_file` is written unless given.
[[nodiscard]] std::vector<std::string> cleanup_command(std::vector<std::string> arguments,
                                                       const std::string& config_file = {});
/// Runs it to its end.
Finished cleanup(std::vector<std::string> arguments = {}, const std::string& config_file = {});

/// What there is of the operator in the whole cluster: copies, references, record, Lease; nothing:
/// none. References in namespaces with a Secret of somebody else of that name are not the
/// operator's.
[[nodiscard]] std::string traces();

}  // namespace itest
