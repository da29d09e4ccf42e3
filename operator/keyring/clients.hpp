// Which login docker and podman take for an image from one auth file. Pure.
//
// Sources: docker/cli, cli/config/credentials/file_store.go and cli/config/configfile/file.go;
// containers/image, pkg/docker/config/config.go.
#pragma once

#include <string>
#include <vector>

#include "authfile/auth_file.hpp"
#include "keyring/image_name.hpp"

namespace icrps::keyring {

struct Pick {
  /// None: it pulls without a login. Several: it takes one of them by chance.
  std::vector<authfile::Entry> entries{};
  std::string helper{};  ///< a credential helper is asked instead: "icr"; or empty
  std::string fault{};   ///< why it can't use the file at all, in words for a person; or empty
};

[[nodiscard]] Pick docker_pick(const authfile::AuthFile& file, const ImageName& image);
[[nodiscard]] Pick podman_pick(const authfile::AuthFile& file, const ImageName& image);

/// Why docker, or podman, does not take the entry for the image; empty: it might.
[[nodiscard]] std::string why_not_docker(const std::string& key, const ImageName& image);
[[nodiscard]] std::string why_not_podman(const std::string& key, const ImageName& image);

}  // namespace icrps::keyring
