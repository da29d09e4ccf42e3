// Objects as the API server sends them, as JSON text.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "plan/content.hpp"

namespace icrps::test {

using Json = nlohmann::json;

/// Name and version of a plain object: "shop@7" or "shop/default@7".
[[nodiscard]] Json object(const std::string& name_and_version);

[[nodiscard]] Json namespace_object(const std::string& name_and_version, Json annotations = {});
[[nodiscard]] Json account(const std::string& name_and_version,
                           const std::vector<std::string>& pull_secrets = {});
/// Keys and their values, not yet in base64.
[[nodiscard]] Json secret(const std::string& name_and_version,
                          const std::vector<std::pair<std::string, std::string>>& data = {});
/// A copy as the operator writes it: "shop/icr-default@7".
[[nodiscard]] Json own_copy(const std::string& name_and_version, const plan::Content& content,
                            const std::string& credential = "default");

/// Of a controller, with the account `default` and no pull secret; it waits for an image of
/// us.icr.io in ImagePullBackOff.
[[nodiscard]] Json stuck_pod(const std::string& name_and_version);

[[nodiscard]] std::string page(const std::vector<Json>& items, const std::string& version,
                               const std::string& continue_token = {});
/// One line of a watch, with its line end.
[[nodiscard]] std::string event(const std::string& type, const Json& object);
[[nodiscard]] Json status(int code, const std::string& reason = {},
                          const std::string& message = "no", Json details = {});

}  // namespace icrps::test
