// What a docker credential helper is told and says, to the letter. Pure.
//
// Source: docker/docker-credential-helpers, credentials/{credentials,error}.go.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "icr/docker_config.hpp"

namespace icrps::helper {

inline constexpr std::string_view kName = "docker-credential-icr";

// Clients compare these texts.
inline constexpr std::string_view kNotFound = "credentials not found in native keychain";
inline constexpr std::string_view kNoServer = "no credentials server URL";
inline constexpr std::string_view kNoUser = "no credentials username";

/// The user that stands for an identity token.
inline constexpr std::string_view kTokenUser = "<token>";

/// What was sent, with its lines joined and without blanks around it.
[[nodiscard]] std::string joined_input(std::string_view input);

/// The host that is meant: clients send "us.icr.io", "https://us.icr.io/v2/", "us.icr.io:443", …
[[nodiscard]] std::string host_of_server(std::string_view server);

/// Whether it is a host of IBM Cloud Container Registry whose logins come from IAM: of a region, by
/// its public, private or old name.
[[nodiscard]] bool is_registry_host(const std::string& host);

struct StoreRequest {
  std::string server;
  icr::Login login;
};
/// The error is the text to print.
[[nodiscard]] tl::expected<StoreRequest, std::string> parse_store(std::string_view input);

/// {"ServerURL":"us.icr.io","Username":"iamapikey","Secret":"…"}
[[nodiscard]] SecretString get_answer(std::string_view server, const icr::Login& login);

/// {"us.icr.io":"iamapikey"}
[[nodiscard]] std::string list_answer(const std::map<std::string, std::string>& users);

}  // namespace icrps::helper
