// What nearly every test starts from: the cluster, the fault proxy, a source with a fresh API key,
// and at most one operator at a time, which reaches the cluster through the proxy with the rights
// that the chart gives it.
//
// When a scene ends, its operator must end well, and no API key may have got into the operator's
// log, its metrics, its command line, an Event, its record, or an annotation.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/cluster.hpp"
#include "harness/eventually.hpp"
#include "harness/operator_process.hpp"
#include "harness/proxy.hpp"

namespace itest {

using Hosts = std::set<std::string>;

/// One for all tests; made by the first.
Cluster& cluster();
Proxy& proxy();

/// Files that lead to the cluster as the operator's service account. `server` is the proxy's
/// unless given.
std::string token_kubeconfig(const std::string& token, const std::string& server = {});
std::string operator_kubeconfig();

/// The chart's value rescue.enabled, as far as the operator's rights follow from it.
void let_rescue(bool allowed);

/// What the chart renders of these templates for the credentials of the tests; `settings` are for
/// `helm template --set`.
std::string rendered(const std::vector<std::string>& templates,
                     const std::vector<std::string>& settings = {});

/// {"icr-pull-secrets/regions": regions}
[[nodiscard]] Annotations in(const std::string& regions);

class Scene {
 public:
  Scene();
  ~Scene() noexcept(false);
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  // ---- the source

  /// An API key that was never used before; it is looked for in logs and Events at the end.
  std::string new_key();
  [[nodiscard]] const std::string& key() const { return key_; }
  /// Any other credential, to be looked for in the same places.
  void guard(const std::string& credential) {
    if (!credential.empty()) keys_.insert(credential);
  }
  /// A new key into the source.
  void rotate();
  /// Any bytes into the source.
  static void set_source(const std::string& value);

  // ---- the operator

  /// Starts it and waits until it is ready; empty options mean the usual ones.
  OperatorProcess& start(OperatorProcess::Options options = {});
  OperatorProcess& start_with(const std::string& more_configuration);
  /// The same without the wait.
  OperatorProcess& launch(OperatorProcess::Options options = {});
  [[nodiscard]] OperatorProcess& op() { return *operator_; }
  /// With SIGTERM; it must end with 0 and without a word about memory errors.
  void stop();
  void kill();

  // ---- namespaces, deleted at the end

  std::string make(const Annotations& annotations, const std::string& prefix = "shop");
  std::string make_in(const std::string& regions) { return make(in(regions)); }
  /// Its Events are looked through at the end.
  void track(const std::string& ns) { namespaces_.push_back(ns); }
  [[nodiscard]] const std::vector<std::string>& namespaces() const { return namespaces_; }

  // ---- what should be; each returns what is wrong

  /// The copy is there, has these hosts and the present key, and the account names it once.
  [[nodiscard]] std::string served(const std::string& ns, const Hosts& hosts = {"us.icr.io"},
                                   const std::string& account = "default") const;
  /// Neither copy nor a reference to it.
  [[nodiscard]] static std::string bare(const std::string& ns);
  /// Waits until it is served.
  void expect_served(const std::string& ns, const Hosts& hosts = {"us.icr.io"},
                     const std::string& account = "default") const;
  static void expect_bare(const std::string& ns);
  /// Waits for an Event of that reason in `ns` and returns it.
  static json expect_event(const std::string& ns, const std::string& reason);

  /// What the operator asked in `ns` so far.
  [[nodiscard]] static Requests requests(const std::string& ns);

 protected:
  /// Of an operator that the scene did not start itself.
  void check_log(OperatorProcess& op);

 private:
  void finish();
  /// After a failure: shows what led to it, checks nothing.
  void give_up();
  /// What helps to understand a failure.
  void show() const;
  /// Everything in the cluster where a credential must not be.
  void check_cluster();
  /// No key in this text, in no form.
  void check_text(const std::string& text) const;

  std::string key_;
  std::set<std::string> keys_;
  std::unique_ptr<OperatorProcess> operator_;
  std::vector<std::string> namespaces_;
};

}  // namespace itest
