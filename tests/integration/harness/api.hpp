// A thin JSON client for the API server, over the project's own Transport.
#pragma once

#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "http/transport_cpprest.hpp"
#include "runtime/clock.hpp"

namespace itest {

using nlohmann::json;

struct Answer {
  int status = 0;
  std::string text;

  [[nodiscard]] bool ok() const { return status >= 200 && status <= 299; }
  /// Null when it is not JSON.
  [[nodiscard]] json body() const;
};

/// Thread safety: all methods may be called from any thread.
class Api {
 public:
  explicit Api(const std::string& kubeconfig);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  Answer get(const std::string& target) { return send(icrps::http::Method::kGet, target); }
  Answer post(const std::string& target, const json& body);
  Answer put(const std::string& target, const json& body);
  Answer merge(const std::string& target, const json& patch);
  Answer json_patch(const std::string& target, const json& patch);
  Answer remove(const std::string& target, const json& options = {});

 private:
  Answer send(icrps::http::Method method, const std::string& target, const json& body = {},
              const std::string& type = "application/json");

  const icrps::SystemClock clock_;
  std::unique_ptr<icrps::http::Transport> transport_;
};

/// The answer's body; throws std::runtime_error unless the status is 2xx.
json must(const Answer& answer);

}  // namespace itest
