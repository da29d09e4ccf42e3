// Answers cases from the standard input, one JSON object a line, as the kubelet would:
//   {"secrets": [{"type": "json|cfg", "content": BASE64}], "images": [IMAGE, …]}
//   {"failed": false, "images": [[{"secret": "0", "user": BASE64, "password": BASE64}, …], null,
//   …]}
// null: no image name. Bytes are in base64, as not all of them are UTF-8.
#include <iostream>

#include <nlohmann/json.hpp>

#include "icr/base64.hpp"
#include "keyring/image_name.hpp"
#include "keyring/kubelet.hpp"

namespace {

using namespace icrps;
using nlohmann::json;

std::vector<keyring::PullSecret> secrets_of(const json& secrets) {
  std::vector<keyring::PullSecret> all;
  for (const auto& secret : secrets) {
    const auto kind = secret["type"] == "cfg" ? keyring::PullSecret::Kind::kDockercfg
                                              : keyring::PullSecret::Kind::kDockerConfigJson;
    const auto content = icr::base64_decode(secret["content"].get<std::string>());
    all.push_back({std::to_string(all.size()), kind, SecretString(content.value())});
  }
  return all;
}

json logins(const keyring::Kubelet& keyring, const std::string& image) {
  const auto name = keyring::parse_image_name(image);
  if (!name) return nullptr;
  auto all = json::array();
  for (const auto& held : keyring.lookup(name->repository)) {
    all.push_back({{"secret", held.secret},
                   {"user", icr::base64_encode(held.login.username)},
                   {"password", icr::base64_encode(held.login.password.reveal())}});
  }
  return all;
}

json answer(const json& question) {
  const auto keyring = keyring::Kubelet::of(secrets_of(question["secrets"]));
  auto images = json::array();
  for (const auto& image : question["images"]) {
    images.push_back(keyring ? logins(*keyring, image) : json::array());
  }
  return {{"failed", !keyring}, {"images", images}};
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << answer(json::parse(line)) << std::endl;
  }
}
