#include "cli/provision/caller.hpp"

#include <thread>

#include "cli/client/person.hpp"
#include "cli/setup.hpp"
#include "http/transport_cpprest.hpp"
#include "iam/pure/claims.hpp"
#include "kube/connection.hpp"

namespace icrps::cli {
namespace {

/// The account that the token works in.
iam::Client::Result<std::string> account_of(const iam::Directory& directory, const Key& key,
                                            const SecretString& bearer) {
  if (!key.profile.empty()) {
    // The key is perhaps of another account than the profile.
    if (auto account = iam::account_in_token(bearer)) return std::move(*account);
  }
  auto details = directory.key_details(bearer, key.value, {});
  if (!details) return tl::unexpected(std::move(details.error()));
  return std::move(details->account_id);
}

int work_in_account(const Person& person, const provision::Waiting& waiting,
                    const icr::RegionTable& regions, const std::function<int(Caller&)>& work) {
  const auto& outside = person.outside;
  const auto token = log_in_at_iam(*outside.iam, person.key);
  if (!token) return refused(token.error());
  const iam::Directory directory(
      iam::Exchange(*outside.iam_transport, outside.iam_host, [](auto, auto) {}));
  auto account_id = account_of(directory, person.key, token->access);
  if (!account_id) return refused(account_id.error());
  provision::Account account(*outside.iam, directory, token->access, std::move(*account_id),
                             waiting);
  Caller caller{*outside.iam, account, outside.registries, outside.connect, regions, waiting};
  return work(caller);
}

}  // namespace

int with_caller(const KeyOptions& options, const icr::RegionTable& regions,
                const std::function<int(Caller&)>& work) {
  return with_person(options, [&](Person& person) {
    const SystemClock clock;
    const provision::Waiting waiting{
        clock, [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); },
        [](const std::string& text) { complain(text); }, person.settings.timeout};
    return work_in_account(person, waiting, regions, work);
  });
}

ClusterRoad::ClusterRoad(const ClusterOptions& options) {
  const auto cluster = find_cluster(options);
  if (!cluster) {
    why_not_ = cluster.error().message;
    return;
  }
  auto road = kube::transport_options(*cluster, clock_);
  if (!road) {
    why_not_ = road.error();
    return;
  }
  transport_ = http::make_cpprest_transport(std::move(*road));
  client_ = std::make_unique<kube::Client>(*transport_, [](auto, auto, auto) {});
}

ClusterRoad::~ClusterRoad() = default;

}  // namespace icrps::cli
