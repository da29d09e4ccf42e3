// Options of the commands for people: how IAM is asked, and where the API key comes from.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"

namespace icrps::cli {

struct ClientOptions {
  std::string output = "table";  ///< or "json"
  std::string iam;               ///< "public", "private", "https://…"; empty: see Settings
  std::string ca_file;           ///< empty: see Settings
  std::string timeout = "30s";   ///< for all that is asked; as Kubernetes writes durations
};

struct KeyOptions : ClientOptions {
  std::string api_key_file;
  bool api_key_stdin = false;
  std::string profile;  ///< "Profile-…": the trusted profile that the key logs in to; or empty
};

/// `more`, and then --output, --iam, --ca-file and --timeout. They are parsed into `options`.
[[nodiscard]] std::vector<Option> with_client(ClientOptions& options, std::vector<Option> more);

/// The same with the options of the API key before them.
[[nodiscard]] std::vector<Option> with_key(KeyOptions& options, std::vector<Option> more);

}  // namespace icrps::cli
