#include "keyring/clients.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "icr/regions.hpp"
#include "icr/text.hpp"
#include "keyring/go_url.hpp"

namespace icrps::keyring {
namespace {

using authfile::AuthFile;
using authfile::Entry;

std::string before_slash(std::string_view text) {
  return std::string(text.substr(0, text.find('/')));
}

/// What docker looks up: the host, but for Docker Hub.
std::string docker_key(const ImageName& image) {
  return image.host == "docker.io" ? "https://index.docker.io/v1/" : image.host;
}

/// docker's ConvertToHostname.
std::string hostname_of(const std::string& key) {
  const auto scheme = key.find("://");
  if (scheme != std::string::npos) {
    const auto address = parse_address(std::string_view(key).substr(scheme + 3));
    if (address && !address->host.empty()) return address->host;
  }
  return before_slash(key);
}

bool is_default_hub(std::string_view host) {
  return host == "docker.io" || host == "registry-1.docker.io";
}

std::string podman_host(std::string_view host) {
  return is_default_hub(host) ? "index.docker.io" : std::string(host);
}

/// podman's normalizeAuthFileKey, for a file that is not a .dockercfg.
std::string podman_key(std::string_view key) {
  const auto whole = key;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (key.starts_with(scheme)) key.remove_prefix(scheme.size());
  }
  return podman_host(key == whole ? std::string(key) : before_slash(key));
}

const Entry* find(const std::vector<Entry>& entries, std::string_view key) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

std::string fault_of(const Entry& entry) {
  return fmt::format("the entry {}: {}", icr::quoted(entry.key), entry.fault);
}

/// Whether `path` is the repository or a folder above it.
bool is_above(std::string_view path, std::string_view repository) {
  return repository.starts_with(path) &&
         (repository.size() == path.size() || repository[path.size()] == '/');
}

std::string helper_of(const AuthFile& file, const std::string& host) {
  const auto helpers = file.helpers();
  const auto found = helpers.find(host);
  return found == helpers.end() ? "" : found->second;
}

}  // namespace

Pick docker_pick(const AuthFile& file, const ImageName& image) {
  const auto entries = file.entries();
  for (const auto& entry : entries) {
    if (!entry.fault.empty()) return {{}, {}, fault_of(entry)};
  }
  const auto key = docker_key(image);
  auto helper = helper_of(file, key);
  if (helper.empty()) helper = file.store();
  if (!helper.empty()) return {{}, helper, {}};
  if (const auto* const exact = find(entries, key)) return {{*exact}, {}, {}};
  Pick pick;
  std::copy_if(entries.begin(), entries.end(), std::back_inserter(pick.entries),
               [&](const Entry& entry) { return hostname_of(entry.key) == key; });
  return pick;
}

Pick podman_pick(const AuthFile& file, const ImageName& image) {
  const auto entries = file.entries();
  if (const auto helper = helper_of(file, image.host); !helper.empty()) return {{}, helper, {}};
  const auto pick = [](const Entry& entry) {
    return entry.fault.empty() || entry.fault.find("not base64(") != std::string::npos
               ? Pick{{entry}, {}, {}}
               : Pick{{}, {}, fault_of(entry)};
  };
  std::string_view path = image.repository;
  for (;;) {
    if (const auto* const entry = find(entries, path)) return pick(*entry);
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos) break;
    path = path.substr(0, slash);
  }
  Pick any;
  std::copy_if(
      entries.begin(), entries.end(), std::back_inserter(any.entries),
      [&](const Entry& entry) { return podman_key(entry.key) == podman_host(image.host); });
  return any;
}

std::string why_not_docker(const std::string& key, const ImageName& image) {
  if (key == docker_key(image) || hostname_of(key) == docker_key(image)) return "";
  return "the host differs";
}

std::string why_not_podman(const std::string& key, const ImageName& image) {
  if (is_above(key, image.repository) || podman_key(key) == podman_host(image.host)) return "";
  return before_slash(key) == image.host
             ? "the image is not below its path, of which each part counts as a whole"
             : "the host differs";
}

}  // namespace icrps::keyring
