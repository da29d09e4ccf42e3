#include "config/client.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

#include "config/fields.hpp"
#include "config/read_file.hpp"
#include "config/server_url.hpp"
#include "icr/text.hpp"

namespace icrps::config {
namespace {

std::string iam_of(const Located& at) {
  const auto origin = iam_origin(text_of(at, kIamAccepted));
  if (!origin) at.fail(origin.error(), kIamAccepted);
  return *origin;
}

/// A text, or a list of them.
std::string regions_of(const Located& at) {
  constexpr std::string_view kAccepted =
      "region ids, hosts, global or all: as a list, or as one text with commas between them";
  std::vector<std::string> words;
  if (at.value.kind == YamlValue::Kind::kList) {
    for (const auto& item : items_of(at, kAccepted)) words.push_back(text_of(item, kAccepted));
  } else {
    words.push_back(text_of(at, kAccepted));
  }
  auto text = fmt::format("{}", fmt::join(words, ","));
  const auto hosts = icr::RegionTable::builtin().select(text, icr::Endpoints::kPublic);
  if (!hosts) at.fail(hosts.error().message, kAccepted);
  return text;
}

Client read_client(const YamlValue& document) {
  if (document.kind == YamlValue::Kind::kNull) return {};
  const Fields fields({document, ""}, {"iam", "caFile", "apiKeyFile", "regions", "answer"});
  Client client;
  if (const auto at = fields.find("iam")) client.iam_origin = iam_of(*at);
  if (const auto at = fields.find("caFile")) client.ca_file = path_of(*at);
  if (const auto at = fields.find("apiKeyFile")) client.api_key_file = path_of(*at);
  if (const auto at = fields.find("regions")) client.regions = regions_of(*at);
  if (const auto at = fields.find("answer")) {
    client.answer = choice_of(*at, {"token", "key"}) == "key" ? Answer::kKey : Answer::kToken;
  }
  return client;
}

}  // namespace

tl::expected<std::string, std::string> iam_origin(std::string_view text) {
  constexpr std::string_view kHttps = "https://";
  auto origin = icr::lower(text);
  if (origin == "public") return "https://iam.cloud.ibm.com";
  if (origin == "private") return "https://private.iam.cloud.ibm.com";
  if (origin.starts_with("http://")) {
    return tl::unexpected<std::string>(
        "is http://, where API keys would travel without encryption");
  }
  if (!origin.starts_with(kHttps)) {
    return tl::unexpected<std::string>("is neither public, private nor an address");
  }
  const auto authority = read_authority(std::string_view(origin).substr(kHttps.size()));
  if (!authority) return tl::unexpected<std::string>("is not an address of host and port alone");
  return fmt::format("{}{}{}{}", kHttps, authority->host, authority->port.empty() ? "" : ":",
                     authority->port);
}

tl::expected<Client, ConfigError> parse_client(std::string_view text, const std::string& file) {
  try {
    if (text.size() > kLargestFile) throw Failure{0, "is larger than 1 MiB"};
    return read_client(parse_yaml(text));
  } catch (const Failure& failure) {
    return tl::make_unexpected(error_at(file, failure.line, failure.message));
  }
}

tl::expected<Client, ConfigError> load_client(const std::string& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(std::filesystem::symlink_status(file, ignored))) return {};
  const auto text = read_file(file);
  if (!text) return tl::make_unexpected(text.error());
  return parse_client(*text, file);
}

}  // namespace icrps::config
