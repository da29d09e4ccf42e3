// The Cloud Foundry API (v3): the few calls of `cf rotate`.
// Thread safety: all methods may be called from any thread at once; they block the caller.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "cf/pure/answers.hpp"
#include "http/transport.hpp"
#include "icr/docker_config.hpp"

namespace icrps::cf {

class Api {
 public:
  template <typename T>
  using Result = tl::expected<T, std::string>;  ///< a sentence for a person

  /// `transport` leads to the API with the session's Authorization; it outlives this.
  Api(http::Transport& transport, std::string host)
      : transport_(transport), host_(std::move(host)) {}

  /// Those of the space, all of them or by their names, page by page.
  Result<std::vector<App>> apps(const std::string& space_guid,
                                const std::vector<std::string>& names);
  /// The newest docker package: the one that a restage makes a droplet of. Nothing: there is none.
  Result<std::optional<Package>> newest_package(const App& app);
  /// The package that runs; empty: none does.
  Result<std::string> running_package(const App& app);
  Result<void> set_login(const Package& package, const icr::Login& login);

 private:
  Result<http::Response> call(http::Request request);

  http::Transport& transport_;
  const std::string host_;
};

}  // namespace icrps::cf
