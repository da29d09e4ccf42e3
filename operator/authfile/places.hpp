// Where docker and podman keep their logins. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace icrps::authfile {

using Lookup = std::function<std::optional<std::string>(const std::string& variable)>;

/// $DOCKER_CONFIG/config.json, else ~/.docker/config.json; empty: there is no home.
[[nodiscard]] std::string docker_file(const Lookup& environment);

/// The file that outlives a reboot and that podman, skopeo and buildah read: $REGISTRY_AUTH_FILE,
/// else ${XDG_CONFIG_HOME:-~/.config}/containers/auth.json.
[[nodiscard]] std::string podman_file(const Lookup& environment);

/// The one of this session, which podman reads first and `podman login` writes:
/// $XDG_RUNTIME_DIR/containers/auth.json; empty: none, or REGISTRY_AUTH_FILE is set.
[[nodiscard]] std::string podman_session_file(const Lookup& environment);

}  // namespace icrps::authfile
