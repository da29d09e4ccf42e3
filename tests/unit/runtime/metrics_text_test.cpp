// Every metric at least once, as /metrics shows it. With ICRPS_METRICS_FILE set the text is left
// there, for promtool and for a comparison with docs/metrics.md (tests/chart/metrics.sh).
#include <cstdlib>
#include <fstream>
#include <string>

#include <catch2/catch.hpp>

#include "runtime/metrics.hpp"

namespace metrics_text_test {

using namespace icrps;

namespace {

void use_every_metric(Metrics& metrics) {
  const std::chrono::system_clock::time_point now(std::chrono::seconds(1'795'414'844));
  metrics.reconciled("done");
  metrics.api_request("POST", "secrets", "201");
  metrics.watch_restarted("namespaces", "expired");
  metrics.set_namespaces("ready", 1);
  metrics.event_to_done(std::chrono::milliseconds(20));
  metrics.problem("InvalidRegions");
  metrics.set_credential_available("default", true);
  metrics.source_refused("default", "SourceMissing");
  metrics.set_rollout("default", 1, 0);
  metrics.credential_not_allowed("default");
  metrics.set_credential_expiry("default", now);
  metrics.credential_proof("default", "proved", now);
  metrics.credential_refreshed("default", "done");
  metrics.iam_request("token", "200");
  metrics.name_lookup("found");
  metrics.set_rotation_step("default", "steady");
  metrics.rotation_ended("default", "done");
  metrics.set_queue_depth(0);
  metrics.set_queue_oldest(std::chrono::seconds(0));
  metrics.set_watch_sign("namespaces", now);
  metrics.set_synced(true);
  metrics.set_leader(true);
  metrics.config_read("done", now);
  metrics.rescue_look("done");
  metrics.rescue_pod("evicted");
}

}  // namespace

TEST_CASE("the text ends with a line end and names every type", "[runtime][metrics-text]") {
  Metrics metrics("1.2.3", "abc");
  use_every_metric(metrics);
  const auto text = metrics.text();
  CHECK(text.ends_with('\n'));
  CHECK(text.find("untyped") == std::string::npos);
  const char* const file = std::getenv("ICRPS_METRICS_FILE");
  if (file == nullptr) return;
  std::ofstream out(file);
  out << text;
  out.close();
  CHECK(out.good());
}

TEST_CASE("a credential that is forgotten leaves no state behind", "[runtime]") {
  Metrics metrics("1.2.3", "abc");
  use_every_metric(metrics);
  metrics.set_credential_available("team", true);
  metrics.set_rollout("team", 1, 0);
  metrics.forget_credential("default");
  metrics.forget_credential("never-known");
  const auto text = metrics.text();
  for (const auto* const name :
       {"credential_available", "rollout_namespaces", "credential_expiry_timestamp_seconds",
        "credential_last_proof_timestamp_seconds", "rotation_step"}) {
    INFO(name);
    CHECK(text.find(std::string(name) + "{credential=\"default\"") == std::string::npos);
  }
  CHECK(text.find("credential_available{credential=\"team\"} 1") != std::string::npos);
  // What has happened has happened: counters stay.
  CHECK(text.find("credential_proofs_total{credential=\"default\"") != std::string::npos);
}

}  // namespace metrics_text_test
