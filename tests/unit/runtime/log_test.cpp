#include "runtime/log.hpp"

#include <limits>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "unit/support/captured_log.hpp"

namespace log_test {

using namespace icrps;
using nlohmann::json;
using test::CapturedLog;

TEST_CASE("a line is a JSON object with the fields in order", "[runtime][log]") {
  const CapturedLog log;
  log.log.info("namespace written", {{"namespace", "shop"},
                                     {"writes", 2},
                                     {"seconds", 0.5},
                                     {"first", true},
                                     {"text", std::string("s")},
                                     {"view", std::string_view("v")}});
  CHECK(log.text() ==
        R"({"time":"2026-11-23T06:20:44.000000Z","level":"info","msg":"namespace written",)"
        R"("namespace":"shop","writes":2,"seconds":0.5,"first":true,"text":"s","view":"v"})"
        "\n");
}

TEST_CASE("levels below the threshold are dropped", "[runtime][log]") {
  struct Case {
    LogLevel threshold;
    std::string levels;
  };
  for (const auto& [threshold, levels] :
       std::vector<Case>{{LogLevel::kDebug, "debug info warn error "},
                         {LogLevel::kInfo, "info warn error "},
                         {LogLevel::kWarn, "warn error "},
                         {LogLevel::kError, "error "}}) {
    const CapturedLog log(threshold);
    log.log.debug("m");
    log.log.info("m");
    log.log.warn("m");
    log.log.error("m");
    std::string seen;
    const auto text = log.text();
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
      seen += json::parse(text.substr(at, text.find('\n', at) - at))["level"].get<std::string>();
      seen += ' ';
    }
    CHECK(seen == levels);
  }
}

TEST_CASE("whatever stands in a field, a line is one line of JSON", "[runtime][log]") {
  struct Case {
    const char* name;
    std::string text;
    std::string shown;
  };
  for (const auto& [name, text, shown] : std::vector<Case>{
           {"quotes and backslashes", R"(a"b\c)", R"(a"b\c)"},
           {"line ends", "a\r\nb", "a\r\nb"},
           {"control characters", std::string("a\0\x1b[31m", 7), std::string("a\0\x1b[31m", 7)},
           {"UTF-8", "\xc3\xa9\xf0\x9f\x94\x91", "\xc3\xa9\xf0\x9f\x94\x91"},
           {"not UTF-8", "a\xff\xfez", "a\xef\xbf\xbd\xef\xbf\xbdz"},
           {"a character cut short", "a\xe2\x82", "a\xef\xbf\xbd"},
           {"an injected field", R"(x","level":"error)", R"(x","level":"error)"}}) {
    DYNAMIC_SECTION(name) {
      const CapturedLog log;
      log.log.info("m", {{"field", text}});
      const auto line = log.text();
      CHECK(line.find('\n') == line.size() - 1);
      const auto parsed = json::parse(line);
      CHECK(parsed["field"] == shown);
      CHECK(parsed["level"] == "info");
    }
  }
}

TEST_CASE("integers of every kind", "[runtime][log]") {
  const CapturedLog log;
  log.log.info("m", {{"a", std::numeric_limits<std::int64_t>::min()},
                     {"b", std::size_t{7}},
                     {"c", -1},
                     {"d", static_cast<unsigned short>(65535)}});
  CHECK(log.text().find(R"("a":-9223372036854775808,"b":7,"c":-1,"d":65535})") !=
        std::string::npos);
}

TEST_CASE("the text form is for people", "[runtime][log]") {
  const CapturedLog log(LogLevel::kInfo, Log::Format::kText);
  log.log.warn("watch interrupted", {{"reason", "a\nb"}, {"retry_in_ms", 200}});
  CHECK(log.text() == "06:20:44.000 warn  watch interrupted reason=\"a\\nb\" retry_in_ms=200\n");
}

TEST_CASE("a log that can't be written stops nobody", "[runtime][log]") {
  const test::FakeClock clock;
  const Log log(LogLevel::kDebug, Log::Format::kJson, clock, -1);
  CHECK_NOTHROW(log.error("m"));
}

TEST_CASE("times as the Kubernetes API has them", "[runtime][log]") {
  using namespace std::chrono;
  const system_clock::time_point noon{seconds(1'795'414'844)};
  CHECK(rfc3339(noon) == "2026-11-23T06:20:44Z");
  CHECK(rfc3339_micro(noon) == "2026-11-23T06:20:44.000000Z");
  CHECK(rfc3339_micro(noon + microseconds(123'456)) == "2026-11-23T06:20:44.123456Z");
  CHECK(rfc3339(noon + milliseconds(999)) == "2026-11-23T06:20:44Z");
  CHECK(rfc3339({}) == "1970-01-01T00:00:00Z");
}

TEST_CASE("lines within a scope carry its field, those of other threads do not", "[runtime][log]") {
  const CapturedLog log;
  {
    const LogScope outer("reconcile", "17");
    log.log.info("a");
    {
      const LogScope inner("step", "s");
      log.log.info("b", {{"n", 1}});
    }
    std::thread([&] { log.log.info("c"); }).join();
    log.log.info("d");
  }
  log.log.info("e");
  std::vector<json> lines;
  std::istringstream text(log.text());
  for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
  REQUIRE(lines.size() == 5);
  CHECK(lines[0].at("reconcile") == "17");
  CHECK(lines[1].at("reconcile") == "17");
  CHECK(lines[1].at("step") == "s");
  CHECK(lines[1].at("n") == 1);
  CHECK_FALSE(lines[2].contains("reconcile"));
  CHECK(lines[3].at("reconcile") == "17");
  CHECK_FALSE(lines[3].contains("step"));
  CHECK_FALSE(lines[4].contains("reconcile"));
}

TEST_CASE("the threshold can be changed", "[runtime][log]") {
  CapturedLog log(LogLevel::kWarn);
  log.log.info("before");
  log.log.set_threshold(LogLevel::kInfo);
  log.log.info("after");
  CHECK(log.text().find("before") == std::string::npos);
  CHECK(log.text().find("after") != std::string::npos);
}

}  // namespace log_test
