// What the Cloud Foundry API (v3) answers about apps and their packages. Pure.
//
// Source: the CF API documentation (v3) and cloud_controller_ng, which lets a docker package's user
// name and password be changed since 2023.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace icrps::cf {

struct App {
  std::string guid;
  std::string name;
  std::string lifecycle;  ///< "docker", "buildpack", "cnb"
};

struct Apps {
  std::vector<App> apps;
  bool more = false;  ///< there is another page
};
[[nodiscard]] std::optional<Apps> read_apps(std::string_view body);

/// A docker package: an image, and the login that it is pulled with.
struct Package {
  std::string guid;
  std::string image;     ///< "us.icr.io/team/app:1"
  std::string username;  ///< "iamapikey"; empty: none
};
/// The first of the list; an empty guid: the app has none. Nothing: not such an answer.
[[nodiscard]] std::optional<Package> read_first_package(std::string_view body);

/// The package that the droplet was made of; empty: it does not say.
[[nodiscard]] std::string read_droplet_package(std::string_view body);

/// "CF-UnprocessableEntity: Unknown field(s): 'username'", one line; empty: it does not say.
[[nodiscard]] std::string read_error(std::string_view body);

}  // namespace icrps::cf
