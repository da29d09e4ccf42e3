// `serviceId`: the rotation of a service ID's keys with all that it needs around it.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "config/config.hpp"
#include "credentials/host_proofs.hpp"
#include "credentials/manager_token.hpp"
#include "credentials/mint.hpp"
#include "credentials/publisher.hpp"
#include "credentials/rotation/iam_key_service.hpp"
#include "credentials/rotation/kube_state_store.hpp"
#include "credentials/rotation/rotation.hpp"
#include "credentials/source.hpp"
#include "credentials/source_context.hpp"

namespace icrps::credentials {

class RotatedSource final : public Source {
 public:
  /// `iam` and `context` outlive the source. `credential` has the source serviceId.
  RotatedSource(const config::Credential& credential, iam::Client& iam, SourceContext& context);

  void run(std::stop_token stop) override;
  [[nodiscard]] bool settled() const override;
  void poke() override;
  void asked_for(const icr::Hosts& hosts) override { host_proofs_.asked_for(hosts); }

 private:
  /// Hears of the state Secret whatever happens to it.
  class StateSink final : public kube::Sink {
   public:
    explicit StateSink(RotatedSource& owner) : owner_(owner) {}
    void relist_begins() override {}
    void apply(kube::Object&& /*object*/) override { owner_.state_changed(); }
    void removed(kube::Object&& /*object*/) override { owner_.state_changed(); }
    void relist_ends(const std::string& /*version*/) override {}

   private:
    RotatedSource& owner_;
  };

  [[nodiscard]] std::optional<std::string> wait_for_uid(const std::stop_token& stop);
  [[nodiscard]] rotation::Rotation::Environment environment();
  tl::expected<void, iam::Refusal> prove(const icr::Login& login, const std::stop_token& stop);
  [[nodiscard]] Against against(const icr::Login& login) const;
  void publish(const icr::Login& login);
  std::optional<std::chrono::milliseconds> tend_hosts();
  void wake();
  void state_changed();
  void manager_changed(SecretInput input);

  const std::string name_;
  const config::ServiceIdSource source_;
  SourceContext& context_;
  const Mint mint_;
  Publisher publisher_;
  ManagerToken manager_;
  std::optional<SecretFeed> manager_feed_;
  rotation::IamKeyService keys_;
  rotation::KubeStateStore store_;
  StateSink state_sink_;

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  bool poked_ = false;                            // guarded by mutex_
  std::unique_ptr<rotation::Rotation> rotation_;  // guarded by mutex_, set once

  HostProofs host_proofs_;  // the last: its threads use the others
};

}  // namespace icrps::credentials
