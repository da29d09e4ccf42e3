// The name of an image, as docker, podman and the kubelet normalise it. Pure.
//
// Source: github.com/distribution/reference, which all of them use.
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace icrps::keyring {

struct ImageName {
  std::string host;  ///< "us.icr.io", "docker.io", "localhost:5000"; empty: not to be told apart
  std::string repository;  ///< with the host: "us.icr.io/team/app", "docker.io/library/nginx"
};

/// From an image reference such as "us.icr.io/team/app:1@sha256:…". The error says what is wrong,
/// and is quoted.
[[nodiscard]] tl::expected<ImageName, std::string> parse_image_name(std::string_view reference);

}  // namespace icrps::keyring
