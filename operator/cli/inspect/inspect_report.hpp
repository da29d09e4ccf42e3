// What an auth file or a pull secret holds, and who would take which of it. Never a value. Pure.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "keyring/kubelet.hpp"

namespace icrps::cli {

/// What one client does with one image.
struct ClientView {
  struct Taken {
    std::string key;
    std::string username;
  };
  std::string client;                ///< "kubelet", "docker", "podman"
  std::vector<Taken> taken{};        ///< in the order in which it tries them
  std::vector<std::string> notes{};  ///< why not others, or why none at all
};

struct ImageView {
  std::string image;
  std::vector<ClientView> clients;
};

struct HeldEntry {
  std::string key;
  std::string username;
  std::optional<std::chrono::system_clock::time_point> expires_at{};
  std::string fault{};  ///< why it can't be read; or empty
  bool identity_token = false;
};

struct InspectReport {
  std::string made_by;  ///< "icr-pull-secrets, revision 5f0c…"; or empty
  std::vector<HeldEntry> entries;
  std::map<std::string, std::string> helpers;  ///< host → credential helper
  std::string store;                           ///< the helper for all others; or empty
  std::vector<ImageView> images;

  /// Every client can read it.
  [[nodiscard]] bool good() const;
};

/// The error is a sentence: why it is no auth file, or which image is none.
[[nodiscard]] tl::expected<InspectReport, std::string> inspect_content(
    const keyring::PullSecret& secret, const std::vector<std::string>& images);

/// {"entries": [{"key", "username", "expiresAt", …}], "images": [{"image", "kubelet": [{"key",
/// "username"}], "docker": […], "podman": […], "notes": […]}], …}
[[nodiscard]] std::string inspect_json(const InspectReport& report);
[[nodiscard]] std::string inspect_table(const InspectReport& report,
                                        std::chrono::system_clock::time_point now);

}  // namespace icrps::cli
