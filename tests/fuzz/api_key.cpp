// The content of a source Secret: accepted keys give a readable dockerconfigjson, refused ones
// never show up in the message.
#include <nlohmann/json.hpp>

#include "fuzz.hpp"
#include "icr/base64.hpp"
#include "icr/docker_config.hpp"

using namespace icrps;

namespace {

void check_login(const std::string& password) {
  const std::string json =
      icr::docker_config_json({"icr.io", "us.icr.io"}, {"iamapikey", SecretString(password)})
          .reveal();
  const auto parsed = nlohmann::json::parse(json, nullptr, false);
  fuzz::require(!parsed.is_discarded(), "JSON for any password");
  const auto& entry = parsed.at("auths").at("us.icr.io");
  const auto auth = icr::base64_decode(entry.at("auth").get<std::string>());
  fuzz::require(auth == "iamapikey:" + password, "auth holds the bytes as they are");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  check_login(std::string(bytes));
  const auto key = icr::parse_api_key(bytes);
  if (!key) {
    fuzz::require_presentable(key.error().message);
    static const std::string kOwnWords = icr::parse_api_key("").error().message;
    const bool distinct = size >= 12 && bytes.find(' ') == std::string_view::npos;
    fuzz::require(!distinct || key.error().message.find(bytes) == std::string::npos ||
                      kOwnWords.find(bytes) != std::string::npos,
                  "no key in a message");
    return 0;
  }
  const std::string& value = key->value.reveal();
  fuzz::require(!value.empty() && value.size() <= 4096, "a key has 1 to 4096 characters");
  for (const char c : value) {
    fuzz::require(c > ' ' && c < 0x7f && c != '"' && c != '\\', "a key is plain");
  }
  fuzz::require(key->trimmed == (value.size() != size), "trimming is said");
  return 0;
}
