// How Go takes apart an address, and matches a glob: keys of auth files are what people wrote, and
// the kubelet takes them through these two. Pure.
//
// Sources: Go 1.26, net/url, net.SplitHostPort, path/filepath.Match.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace icrps::keyring {

struct Address {
  std::string host;  ///< with its port
  std::string path;  ///< without escapes
};

/// Of "https://" followed by `text`; nothing: Go refuses it.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

struct HostPort {
  std::string host;
  std::string port;  ///< empty: none
};
[[nodiscard]] HostPort split_host_port(const std::string& host);

/// False also for a pattern that is none.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view name);

}  // namespace icrps::keyring
