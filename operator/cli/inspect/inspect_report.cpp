#include "cli/inspect/inspect_report.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "authfile/auth_file.hpp"
#include "cli/table.hpp"
#include "icr/jwt.hpp"
#include "keyring/clients.hpp"
#include "runtime/timestamp.hpp"

namespace icrps::cli {
namespace {

using authfile::AuthFile;
using authfile::Entry;
using keyring::ImageName;
using keyring::Pick;
using nlohmann::json;

/// A .dockercfg is the same without `auths` around it.
SecretString as_auth_file(const keyring::PullSecret& secret) {
  if (secret.kind != keyring::PullSecret::Kind::kDockercfg) return secret.content;
  return SecretString("{\"auths\":" + secret.content.reveal() + "}");
}

/// Why entries are not taken: the reasons, each with its keys.
class Others {
 public:
  void add(const std::string& key, const std::string& why) {
    if (!why.empty()) keys_[why].push_back(key);
  }
  [[nodiscard]] std::vector<std::string> notes() const {
    constexpr std::size_t kMost = 3;
    std::vector<std::string> notes;
    for (const auto& [why, keys] : keys_) {
      const std::vector<std::string> shown(
          keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(std::min(kMost, keys.size())));
      const auto more = keys.size() - shown.size();
      notes.push_back(fmt::format("not {}{}: {}", fmt::join(shown, ", "),
                                  more > 0 ? fmt::format(" and {} more", more) : "", why));
    }
    return notes;
  }

 private:
  std::map<std::string, std::vector<std::string>> keys_;
};

ClientView kubelet_view(const tl::expected<keyring::Kubelet, std::string>& keyring,
                        const std::vector<Entry>& entries, const ImageName& image) {
  ClientView view{"kubelet"};
  if (!keyring) {
    view.notes.push_back("no pull works with it: " + keyring.error());
    return view;
  }
  for (const auto& held : keyring->lookup(image.repository)) {
    view.taken.push_back({held.key, held.login.username});
  }
  Others others;
  for (const auto& entry : entries) {
    others.add(entry.key, keyring::why_not(entry.key, image.repository));
  }
  view.notes = others.notes();
  return view;
}

ClientView file_view(std::string client, const Pick& pick, const std::vector<Entry>& entries,
                     const ImageName& image,
                     std::string (*why_not)(const std::string&, const ImageName&)) {
  ClientView view{std::move(client)};
  for (const auto& entry : pick.entries) view.taken.push_back({entry.key, entry.login.username});
  if (!pick.fault.empty()) {
    view.notes.push_back("it can't use the file: " + pick.fault);
    return view;
  }
  if (!pick.helper.empty()) {
    view.notes.push_back("asks docker-credential-" + pick.helper + ", not the file");
    return view;
  }
  Others others;
  for (const auto& entry : entries) others.add(entry.key, why_not(entry.key, image));
  view.notes = others.notes();
  if (pick.entries.size() > 1) view.notes.emplace_back("takes one of them by chance");
  return view;
}

json taken_json(const ClientView& view) {
  auto all = json::array();
  for (const auto& taken : view.taken) {
    all.push_back({{"key", taken.key}, {"username", taken.username}});
  }
  return all;
}

json entry_json(const HeldEntry& entry) {
  return {{"key", entry.key},
          {"username", entry.username},
          {"expiresAt", entry.expires_at ? json(rfc3339(*entry.expires_at)) : json(nullptr)},
          {"identityToken", entry.identity_token},
          {"fault", entry.fault}};
}

std::string expiry(const HeldEntry& entry, std::chrono::system_clock::time_point now) {
  if (!entry.expires_at) return "-";
  const auto left = std::chrono::duration_cast<std::chrono::seconds>(*entry.expires_at - now);
  return left.count() >= 0 ? "in " + short_duration(left.count())
                           : short_duration(-left.count()) + " ago";
}

}  // namespace

bool InspectReport::good() const {
  return std::all_of(entries.begin(), entries.end(),
                     [](const HeldEntry& entry) { return entry.fault.empty(); });
}

tl::expected<InspectReport, std::string> inspect_content(const keyring::PullSecret& secret,
                                                         const std::vector<std::string>& images) {
  const auto file = AuthFile::parse(as_auth_file(secret));
  if (!file) return tl::unexpected(secret.name + ": " + file.error());
  const auto entries = file->entries();
  InspectReport report;
  for (const auto& entry : entries) {
    report.entries.push_back({entry.key, entry.login.username,
                              icr::jwt_expiry(entry.login.password), entry.fault,
                              entry.identity_token});
  }
  report.helpers = file->helpers();
  report.store = file->store();
  const auto kubelet = keyring::Kubelet::of({secret});
  for (const auto& image : images) {
    const auto name = keyring::parse_image_name(image);
    if (!name) return tl::unexpected("--image " + name.error());
    report.images.push_back(
        {image,
         {kubelet_view(kubelet, entries, *name),
          file_view("docker", docker_pick(*file, *name), entries, *name, keyring::why_not_docker),
          file_view("podman", podman_pick(*file, *name), entries, *name,
                    keyring::why_not_podman)}});
  }
  return report;
}

std::string inspect_json(const InspectReport& report) {
  json document = {{"entries", json::array()},
                   {"images", json::array()},
                   {"helpers", report.helpers},
                   {"store", report.store},
                   {"madeBy", report.made_by}};
  for (const auto& entry : report.entries) document["entries"].push_back(entry_json(entry));
  for (const auto& image : report.images) {
    json view = {{"image", image.image}, {"notes", json::array()}};
    for (const auto& client : image.clients) {
      view[client.client] = taken_json(client);
      for (const auto& note : client.notes) view["notes"].push_back(client.client + ": " + note);
    }
    document["images"].push_back(std::move(view));
  }
  return document.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

std::string inspect_table(const InspectReport& report, std::chrono::system_clock::time_point now) {
  std::vector<Row> rows{{"KEY", "USER", "EXPIRES", "DETAIL"}};
  for (const auto& entry : report.entries) {
    const auto detail = entry.identity_token ? "holds an identity token" : entry.fault;
    rows.push_back(
        {entry.key, entry.username.empty() ? "-" : entry.username, expiry(entry, now), detail});
  }
  for (const auto& [host, helper] : report.helpers) {
    rows.push_back({host, "-", "-", "asks docker-credential-" + helper});
  }
  auto text = format_table(rows);
  if (!report.store.empty()) text += "docker asks docker-credential-" + report.store + "\n";
  if (!report.made_by.empty()) text += "made by " + report.made_by + "\n";
  if (report.images.empty()) return text;
  rows = {{"IMAGE", "CLIENT", "TRIES", "KEY", "USER", "WHY NOT OTHERS"}};
  for (const auto& image : report.images) {
    for (const auto& client : image.clients) {
      const auto lines = std::max({client.taken.size(), client.notes.size(), std::size_t{1}});
      for (std::size_t i = 0; i < lines; ++i) {
        const bool taken = i < client.taken.size();
        rows.push_back({i == 0 ? image.image : "", i == 0 ? client.client : "",
                        taken ? std::to_string(i + 1) : (i == 0 ? "none" : ""),
                        taken ? client.taken[i].key : "", taken ? client.taken[i].username : "",
                        i < client.notes.size() ? client.notes[i] : ""});
      }
    }
  }
  return text + '\n' + format_table(rows);
}

}  // namespace icrps::cli
