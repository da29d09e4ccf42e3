#include "runtime/metrics.hpp"

#include <sstream>
#include <string>

#include <catch2/catch.hpp>

namespace metrics_test {

using namespace icrps;

namespace {

bool shows(const Metrics& metrics, const std::string& line) {
  return ("\n" + metrics.text()).find("\nicr_pull_secrets_" + line + "\n") != std::string::npos;
}

bool contains(const Metrics& metrics, const std::string& text) {
  return metrics.text().find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("each thing that is counted has its line", "[runtime][metrics]") {
  Metrics metrics("1.2.3", "abc");
  metrics.reconciled("done");
  metrics.reconciled("done");
  metrics.api_request("POST", "secrets", "201");
  metrics.watch_restarted("namespaces", "expired");
  metrics.set_namespaces("ready", 7);
  metrics.problem("InvalidRegions");
  metrics.set_credential_available("default", true);
  metrics.source_refused("default", "SourceMissing");
  metrics.set_queue_depth(3);
  metrics.set_queue_oldest(std::chrono::milliseconds(1500));
  metrics.set_watch_sign("secrets", std::chrono::system_clock::time_point(std::chrono::seconds(7)));
  metrics.set_synced(true);
  CHECK(shows(metrics, R"(build_info{revision="abc",version="1.2.3"} 1)"));
  CHECK(shows(metrics, R"(reconciles_total{outcome="done"} 2)"));
  CHECK(shows(metrics, R"(api_requests_total{code="201",resource="secrets",verb="POST"} 1)"));
  CHECK(shows(metrics, R"(watch_restarts_total{reason="expired",resource="namespaces"} 1)"));
  CHECK(shows(metrics, R"(namespaces{state="ready"} 7)"));
  CHECK(shows(metrics, R"(problems_total{reason="InvalidRegions"} 1)"));
  CHECK(shows(metrics, R"(credential_available{credential="default"} 1)"));
  CHECK(shows(metrics, R"(source_refusals_total{credential="default",reason="SourceMissing"} 1)"));
  CHECK(shows(metrics, "queue_depth 3"));
  CHECK(shows(metrics, "queue_oldest_seconds 1.5"));
  CHECK(shows(metrics, R"(watch_last_sign_timestamp_seconds{resource="secrets"} 7)"));
  CHECK(shows(metrics, "synced 1"));
}

TEST_CASE("each thing that is counted of a credential has its line", "[runtime][metrics]") {
  const std::chrono::system_clock::time_point now(std::chrono::seconds(1'795'414'844));
  Metrics metrics("v", "r");
  metrics.set_rollout("default", 4711, 289);
  metrics.credential_not_allowed("team-b");
  metrics.set_credential_expiry("default", now + std::chrono::hours(1));
  metrics.credential_proof("default", "proved", now);
  metrics.credential_proof("default", "refused", now + std::chrono::hours(1));
  metrics.credential_proof("team-b", "unknown", now);
  metrics.credential_refreshed("default", "done");
  metrics.iam_request("create key", "201");
  metrics.name_lookup("no_answer");
  metrics.set_rotation_step("default", "created");
  metrics.rotation_ended("default", "done");
  CHECK(shows(metrics, R"(rollout_namespaces{credential="default",state="current"} 4711)"));
  CHECK(shows(metrics, R"(rollout_namespaces{credential="default",state="behind"} 289)"));
  CHECK(shows(metrics, R"(credential_not_allowed_total{credential="team-b"} 1)"));
  CHECK(shows(metrics, R"(credential_expiry_timestamp_seconds{credential="default"} 1795418444)"));
  CHECK(shows(metrics,
              R"(credential_last_proof_timestamp_seconds{credential="default"} 1795414844)"));
  CHECK_FALSE(contains(metrics, R"(last_proof_timestamp_seconds{credential="team-b"})"));
  CHECK(shows(metrics, R"(credential_proofs_total{credential="default",outcome="proved"} 1)"));
  CHECK(shows(metrics, R"(credential_proofs_total{credential="default",outcome="refused"} 1)"));
  CHECK(shows(metrics, R"(credential_refreshes_total{credential="default",outcome="done"} 1)"));
  CHECK(shows(metrics, R"(iam_requests_total{code="201",what="create key"} 1)"));
  CHECK(shows(metrics, R"(name_lookups_total{outcome="no_answer"} 1)"));
  CHECK(shows(metrics, R"(rotation_step{credential="default",step="created"} 1)"));
  CHECK(shows(metrics, R"(rotations_total{credential="default",outcome="done"} 1)"));
}

TEST_CASE("a credential that does not expire has no expiry", "[runtime][metrics]") {
  const std::chrono::system_clock::time_point now(std::chrono::seconds(1'795'414'844));
  Metrics metrics("v", "r");
  metrics.set_credential_expiry("default", std::nullopt);
  CHECK_FALSE(contains(metrics, "expiry_timestamp_seconds{"));
  metrics.set_credential_expiry("default", now);
  metrics.set_credential_expiry("other", now);
  metrics.set_credential_expiry("default", std::nullopt);
  CHECK_FALSE(contains(metrics, R"(expiry_timestamp_seconds{credential="default"})"));
  CHECK(contains(metrics, R"(expiry_timestamp_seconds{credential="other"})"));
  metrics.set_credential_expiry("default", now);
  CHECK(shows(metrics, R"(credential_expiry_timestamp_seconds{credential="default"} 1795414844)"));
}

TEST_CASE("what changes by itself is set anew before each text", "[runtime][metrics]") {
  Metrics metrics("v", "r");
  int asked = 0;
  metrics.before_text(&asked, [&] { metrics.set_queue_oldest(std::chrono::seconds(++asked)); });
  CHECK(shows(metrics, "queue_oldest_seconds 1"));
  CHECK(shows(metrics, "queue_oldest_seconds 2"));
  metrics.no_more_before_text(&asked);
  CHECK(shows(metrics, "queue_oldest_seconds 2"));
}

TEST_CASE("a rotation is at one step at a time", "[runtime][metrics]") {
  Metrics metrics("v", "r");
  metrics.set_rotation_step("default", "created");
  metrics.set_rotation_step("default", "stored");
  metrics.set_rotation_step("default", "stored");
  CHECK_FALSE(contains(metrics, R"(step="created")"));
  CHECK(shows(metrics, R"(rotation_step{credential="default",step="stored"} 1)"));
}

TEST_CASE("gauges go down again", "[runtime][metrics]") {
  Metrics metrics("v", "r");
  CHECK(shows(metrics, "synced 0"));
  metrics.set_namespaces("ready", 7);
  metrics.set_namespaces("ready", 0);
  metrics.set_queue_depth(9);
  metrics.set_queue_depth(0);
  metrics.set_credential_available("default", true);
  metrics.set_credential_available("default", false);
  CHECK(shows(metrics, R"(namespaces{state="ready"} 0)"));
  CHECK(shows(metrics, "queue_depth 0"));
  CHECK(shows(metrics, R"(credential_available{credential="default"} 0)"));
}

TEST_CASE("times fall into buckets", "[runtime][metrics]") {
  Metrics metrics("v", "r");
  for (const double seconds : {0.004, 0.02, 0.02, 1000.0}) {
    metrics.event_to_done(std::chrono::duration<double>(seconds));
  }
  CHECK(shows(metrics, R"(event_to_done_seconds_bucket{le="0.005"} 1)"));
  CHECK(shows(metrics, R"(event_to_done_seconds_bucket{le="0.025"} 3)"));
  CHECK(shows(metrics, R"(event_to_done_seconds_bucket{le="300"} 3)"));
  CHECK(shows(metrics, R"(event_to_done_seconds_bucket{le="+Inf"} 4)"));
  CHECK(shows(metrics, "event_to_done_seconds_count 4"));
}

TEST_CASE("every metric has a help text and our prefix, or the usual one of a process",
          "[runtime][metrics]") {
  Metrics metrics("v", "r");
  metrics.reconciled("done");
  std::istringstream text(metrics.text());
  int metrics_seen = 0;
  for (std::string line; std::getline(text, line);) {
    if (line.rfind("# HELP ", 0) == 0) {
      ++metrics_seen;
      const bool known =
          line.starts_with("# HELP icr_pull_secrets_") || line.starts_with("# HELP process_");
      CHECK(known);
      CHECK(line.back() == '.');
    }
  }
  CHECK(metrics_seen >= 4);
}

}  // namespace metrics_test
