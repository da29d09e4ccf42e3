#include "cf/api.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "http/percent.hpp"
#include "iam/wipe.hpp"

namespace icrps::cf {
namespace {

constexpr std::chrono::milliseconds kCallDeadline{20'000};
constexpr std::size_t kLargestAnswer = std::size_t{4} << 20U;
constexpr int kUnauthorized = 401;
constexpr int kMissing = 404;
constexpr int kUnprocessable = 422;
constexpr int kOneHundredPages = 100;

http::Request request_for(http::Method method, std::string target) {
  http::Request request;
  request.method = method;
  request.target = std::move(target);
  request.headers = {{"Accept", "application/json"}};
  request.deadline = kCallDeadline;
  request.max_body = kLargestAnswer;
  return request;
}

bool is_good(const http::Response& answer) {
  return answer.status >= 200 && answer.status <= 299;
}

}  // namespace

Api::Result<http::Response> Api::call(http::Request request) {
  const iam::RequestWiper wiper(request);
  auto answer = transport_.send(request, {});
  if (!answer) return tl::unexpected(fmt::format("{}: {}", host_, answer.error().message));
  if (answer->status == kUnauthorized) {
    return tl::unexpected(fmt::format(
        "{}: 401, the login of cf has ended. Renew it: cf oauth-token >/dev/null, or cf login",
        host_));
  }
  return std::move(*answer);
}

Api::Result<std::vector<App>> Api::apps(const std::string& space_guid,
                                        const std::vector<std::string>& names) {
  std::vector<std::string> encoded;
  for (const auto& name : names) encoded.push_back(http::percent_encode(name));
  auto target =
      fmt::format("/v3/apps?space_guids={}&per_page=100", http::percent_encode(space_guid));
  if (!names.empty()) target += fmt::format("&names={}", fmt::join(encoded, ","));
  std::vector<App> all;
  for (int page = 1; page <= kOneHundredPages; ++page) {
    const auto answer =
        call(request_for(http::Method::kGet, fmt::format("{}&page={}", target, page)));
    if (!answer) return tl::unexpected(answer.error());
    auto apps = is_good(*answer) ? read_apps(answer->body) : std::nullopt;
    if (!apps) {
      return tl::unexpected(fmt::format("{}: {} to the list of apps: {}", host_, answer->status,
                                        read_error(answer->body)));
    }
    for (auto& app : apps->apps) all.push_back(std::move(app));
    if (!apps->more) break;
  }
  return all;
}

Api::Result<std::optional<Package>> Api::newest_package(const App& app) {
  const auto target =
      fmt::format("/v3/apps/{}/packages?types=docker&states=READY&order_by=-created_at&per_page=1",
                  http::percent_encode(app.guid));
  const auto answer = call(request_for(http::Method::kGet, target));
  if (!answer) return tl::unexpected(answer.error());
  auto package = is_good(*answer) ? read_first_package(answer->body) : std::nullopt;
  if (!package) {
    return tl::unexpected(fmt::format("{}: {} to the packages of {}: {}", host_, answer->status,
                                      app.name, read_error(answer->body)));
  }
  if (package->guid.empty()) return std::optional<Package>();
  return package;
}

Api::Result<std::string> Api::running_package(const App& app) {
  const auto target = fmt::format("/v3/apps/{}/droplets/current", http::percent_encode(app.guid));
  const auto answer = call(request_for(http::Method::kGet, target));
  if (!answer) return tl::unexpected(answer.error());
  if (answer->status == kMissing) return std::string();
  if (!is_good(*answer)) {
    return tl::unexpected(fmt::format("{}: {} to the droplet of {}: {}", host_, answer->status,
                                      app.name, read_error(answer->body)));
  }
  return read_droplet_package(answer->body);
}

Api::Result<void> Api::set_login(const Package& package, const icr::Login& login) {
  auto question =
      request_for(http::Method::kPatch, "/v3/packages/" + http::percent_encode(package.guid));
  question.headers.push_back({"Content-Type", "application/json"});
  question.body =
      nlohmann::json{{"username", login.username}, {"password", login.password.reveal()}}.dump();
  const auto answer = call(std::move(question));
  if (!answer) return tl::unexpected(answer.error());
  if (is_good(*answer)) return {};
  const auto why = read_error(answer->body);
  if (answer->status == kUnprocessable) {
    return tl::unexpected(fmt::format(
        "{}: 422 {}. If it does not know username and password here, the foundation is older than "
        "2023: push the app again instead (cf push, with CF_DOCKER_PASSWORD)",
        host_, why));
  }
  return tl::unexpected(fmt::format("{}: {} {}", host_, answer->status, why));
}

}  // namespace icrps::cf
