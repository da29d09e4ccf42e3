#include "authfile/places.hpp"

namespace icrps::authfile {
namespace {

std::string below_home(const Lookup& environment, const std::string& path) {
  const auto home = environment("HOME");
  return home ? *home + path : "";
}

}  // namespace

std::string docker_file(const Lookup& environment) {
  if (const auto folder = environment("DOCKER_CONFIG")) return *folder + "/config.json";
  return below_home(environment, "/.docker/config.json");
}

std::string podman_file(const Lookup& environment) {
  if (const auto file = environment("REGISTRY_AUTH_FILE")) return *file;
  if (const auto folder = environment("XDG_CONFIG_HOME")) {
    return *folder + "/containers/auth.json";
  }
  return below_home(environment, "/.config/containers/auth.json");
}

std::string podman_session_file(const Lookup& environment) {
  const auto folder = environment("XDG_RUNTIME_DIR");
  if (!folder || environment("REGISTRY_AUTH_FILE")) return "";
  return *folder + "/containers/auth.json";
}

}  // namespace icrps::authfile
