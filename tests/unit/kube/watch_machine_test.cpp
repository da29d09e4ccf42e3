// Literal sequences of answers → what the machine does next and what its sink heard.
#include "kube/pure/watch_machine.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "kube/pure/line_splitter.hpp"
#include "unit/kube/watch_machine_rig.hpp"

namespace watch_machine_test {

using namespace icrps;
using namespace icrps::test;
using namespace std::chrono_literals;
using Kind = kube::WatchTrouble::Kind;

namespace {

struct Case {
  const char* name;
  std::vector<Input> inputs;
  std::string next;
  std::vector<std::string> heard;
  Kind trouble = Kind::kClosed;  // what a machine without trouble says
  std::chrono::milliseconds delay{0};
};

void check(const std::vector<Case>& cases) {
  for (const auto& [name, inputs, next, heard, trouble, delay] : cases) {
    DYNAMIC_SECTION(name) {
      WatchRig rig;
      rig.feed(inputs);
      CHECK(rig.next() == next);
      CHECK(rig.sink.heard == heard);
      CHECK(rig.machine.trouble().kind == trouble);
      CHECK(rig.machine.delay() == delay);
    }
  }
}

const Input kListed = gets_page({"a@1"}, "10");
const std::vector<std::string> kHeardList{"begin", "apply a@1", "end @10"};

/// What the sink heard after the list of kListed.
std::vector<std::string> after_list(std::vector<std::string> more) {
  more.insert(more.begin(), kHeardList.begin(), kHeardList.end());
  return more;
}

}  // namespace

TEST_CASE("a list comes in pages", "[kube][watch]") {
  check({
      {"it begins with a list", {}, "list", {}},
      {"of one page", {kListed}, "watch @10", kHeardList},
      {"of several pages",
       {gets_page({"a@1", "b@2"}, "10", "t1"), gets_page({"c@3"}, "10", "t2"),
        gets_page({"d@4"}, "10")},
       "watch @10",
       {"begin", "apply a@1", "apply b@2", "apply c@3", "apply d@4", "end @10"}},
      {"with more to come", {gets_page({"a@1"}, "10", "t1")}, "list t1", {"begin", "apply a@1"}},
      {"of nothing at all", {gets_page({}, "10")}, "watch @10", {"begin", "end @10"}},
      {"with an empty page in the middle",
       {gets_page({"a@1"}, "10", "t1"), gets_page({}, "10", "t2"), gets_page({"b@2"}, "10")},
       "watch @10",
       {"begin", "apply a@1", "apply b@2", "end @10"}},
      {"with an empty first and last page",
       {gets_page({}, "10", "t1"), gets_page({"a@1"}, "10", "t2"), gets_page({}, "10")},
       "watch @10",
       {"begin", "apply a@1", "end @10"}},
      {"whose version moved on between two pages",
       {gets_page({"a@1"}, "10", "t1"), gets_page({"b@12"}, "12")},
       "watch @12",
       {"begin", "apply a@1", "apply b@12", "end @12"}},
      {"with items null, as Go writes an empty list",
       {gets_page_text(R"({"metadata":{"resourceVersion":"10"},"items":null})")},
       "watch @10",
       {"begin", "end @10"}},
  });
}

TEST_CASE("a list that fails starts over", "[kube][watch]") {
  const auto first = gets_page({"a@1"}, "10", "t1");
  check({
      {"410 on the first page", {is_refused(410, "Expired")}, "list", {}, Kind::kExpired, 200ms},
      {"410 on a later page",
       {first, is_refused(410, "Expired")},
       "list",
       {"begin", "apply a@1"},
       Kind::kExpired,
       200ms},
      {"500 on a later page",
       {first, is_refused(500)},
       "list",
       {"begin", "apply a@1"},
       Kind::kRefused,
       200ms},
      {"401", {is_refused(401, "Unauthorized")}, "list", {}, Kind::kForbidden, 200ms},
      {"403", {is_refused(403, "Forbidden")}, "list", {}, Kind::kForbidden, 200ms},
      {"404", {is_refused(404, "NotFound")}, "list", {}, Kind::kRefused, 200ms},
      {"429 that says when", {is_refused(429, "", 5s)}, "list", {}, Kind::kThrottled, 5s},
      {"429 that does not", {is_refused(429)}, "list", {}, Kind::kThrottled, 200ms},
      {"503 that says when", {is_refused(503, "", 1s)}, "list", {}, Kind::kRefused, 1s},
      {"a broken connection", {breaks_off()}, "list", {}, Kind::kBroken, 200ms},
      {"a deadline", {breaks_off(Kind::kSilent)}, "list", {}, Kind::kSilent, 200ms},
      {"a broken connection on a later page",
       {first, breaks_off()},
       "list",
       {"begin", "apply a@1"},
       Kind::kBroken,
       200ms},
      {"a page that is HTML", {gets_page_text("<html>")}, "list", {"begin"}, Kind::kGarbled, 200ms},
      {"a page cut in the middle",
       {gets_page_text(page({object("a@1"), object("b@2")}, "10").substr(0, 100))},
       "list",
       {"begin", "apply a@1"},
       Kind::kGarbled,
       200ms},
      {"a page without a version",
       {gets_page_text(R"({"metadata":{},"items":[]})")},
       "list",
       {"begin"},
       Kind::kGarbled,
       200ms},
      {"and the new one begins anew",
       {first, is_refused(410), gets_page({"b@2"}, "20")},
       "watch @20",
       {"begin", "apply a@1", "begin", "apply b@2", "end @20"},
       Kind::kExpired},
  });
}

TEST_CASE("events move the version on", "[kube][watch]") {
  check({
      {"ADDED", {kListed, sees("ADDED", "b@11")}, "watch @11", after_list({"apply b@11"})},
      {"MODIFIED", {kListed, sees("MODIFIED", "a@11")}, "watch @11", after_list({"apply a@11"})},
      {"DELETED", {kListed, sees("DELETED", "a@11")}, "watch @11", after_list({"removed a@11"})},
      {"BOOKMARK says nothing else", {kListed, sees("BOOKMARK", "@99")}, "watch @99", kHeardList},
      {"several",
       {kListed, sees("ADDED", "b@11"), sees("DELETED", "b@12"), sees("BOOKMARK", "@15"),
        sees("ADDED", "b@16")},
       "watch @16",
       after_list({"apply b@11", "removed b@12", "apply b@16"})},
  });
}

TEST_CASE("a watch that ends is resumed, asked about or replaced by a list", "[kube][watch]") {
  const auto event_11 = sees("ADDED", "b@11");
  const auto heard_11 = after_list({"apply b@11"});
  check({
      {"closed after its time, with an event",
       {kListed, event_11, is_closed_after(5min)},
       "watch @11",
       heard_11},
      {"closed a little before its time",
       {kListed, event_11, is_closed_after(296s, 300s)},
       "watch @11",
       heard_11},
      {"closed after its time, without any sign",
       {kListed, is_closed_after(5min)},
       "ask",
       kHeardList},
      {"closed soon, with an event", {kListed, event_11, is_closed_after(5ms)}, "ask", heard_11},
      {"closed at once, without an event",
       {kListed, is_closed_after(999ms)},
       "ask",
       kHeardList,
       Kind::kClosed,
       200ms},
      {"closed after a second, without an event",
       {kListed, is_closed_after(1s)},
       "ask",
       kHeardList},
      {"closed at once after a watch with events",
       {kListed, event_11, is_closed_after(5min), is_closed_after(0ms)},
       "ask",
       heard_11,
       Kind::kClosed,
       200ms},
      {"broken", {kListed, event_11, breaks_off()}, "ask", heard_11, Kind::kBroken, 200ms},
      {"silent",
       {kListed, event_11, breaks_off(Kind::kSilent)},
       "ask",
       heard_11,
       Kind::kSilent,
       200ms},
      {"410 in the stream",
       {kListed, event_11, sees_error(410, "Expired")},
       "list",
       heard_11,
       Kind::kExpired,
       200ms},
      {"410 in the stream, told by its reason only",
       {kListed, sees_error(0, "Expired")},
       "list",
       kHeardList,
       Kind::kExpired,
       200ms},
      {"410 as the status of the watch",
       {kListed, is_refused(410, "Gone")},
       "list",
       kHeardList,
       Kind::kExpired,
       200ms},
      {"500 in the stream",
       {kListed, event_11, sees_error(500, "InternalError")},
       "ask",
       heard_11,
       Kind::kRefused,
       200ms},
      {"429 in the stream that says when",
       {kListed, sees_error(429, "TooManyRequests", {{"retryAfterSeconds", 3}})},
       "ask",
       kHeardList,
       Kind::kThrottled,
       3s},
      {"429 whose wait is shorter than the backoff",
       {kListed, sees_error(429, "TooManyRequests", {{"retryAfterSeconds", 0}})},
       "ask",
       kHeardList,
       Kind::kThrottled,
       200ms},
      {"401", {kListed, is_refused(401)}, "ask", kHeardList, Kind::kForbidden, 200ms},
      {"403", {kListed, is_refused(403)}, "ask", kHeardList, Kind::kForbidden, 200ms},
      {"503", {kListed, is_refused(503)}, "ask", kHeardList, Kind::kRefused, 200ms},
      {"410 of a load balancer",
       {kListed, is_refused_in_between(410)},
       "ask",
       kHeardList,
       Kind::kRefused,
       200ms},
      {"403 of a firewall",
       {kListed, is_refused_in_between(403)},
       "ask",
       kHeardList,
       Kind::kRefused,
       200ms},
      {"a garbled line",
       {kListed, event_11, sees_line("{\"type\":")},
       "list",
       heard_11,
       Kind::kGarbled,
       200ms},
      {"an event of an unknown type",
       {kListed, sees("SYNC", "a@11")},
       "list",
       kHeardList,
       Kind::kGarbled,
       200ms},
      {"an object without a version",
       {kListed, sees("MODIFIED", "a")},
       "list",
       kHeardList,
       Kind::kGarbled,
       200ms},
      {"a bookmark without a version",
       {kListed, sees("BOOKMARK", "a")},
       "list",
       kHeardList,
       Kind::kGarbled,
       200ms},
      {"a line without end",
       {kListed, [](auto& machine) { machine.on_garbled("a line of more than 16 MiB"); }},
       "list",
       kHeardList,
       Kind::kGarbled,
       200ms},
  });
}

TEST_CASE("a watch goes on only with a server that has not gone back in time", "[kube][watch]") {
  check({
      {"it is as far as we are",
       {kListed, is_closed_after(2s), hears_version("10")},
       "watch @10",
       kHeardList},
      {"it is further",
       {kListed, is_closed_after(2s), hears_version("2000")},
       "watch @10",
       kHeardList},
      {"it is not as far",
       {kListed, is_closed_after(2s), hears_version("9")},
       "list",
       kHeardList,
       Kind::kRewound},
      {"its versions can't be compared",
       {kListed, is_closed_after(2s), hears_version("x")},
       "watch @10",
       kHeardList},
      {"what it answers is no list",
       {kListed, is_closed_after(2s), [](auto& machine) { machine.on_version("<html>"); }},
       "ask",
       kHeardList,
       Kind::kGarbled,
       200ms},
      {"it does not answer",
       {kListed, is_closed_after(2s), breaks_off()},
       "ask",
       kHeardList,
       Kind::kBroken,
       200ms},
      {"it says that it is too old",
       {kListed, is_closed_after(2s), is_refused(410, "Expired")},
       "list",
       kHeardList,
       Kind::kExpired,
       200ms},
      {"an event of the past",
       {kListed, sees("MODIFIED", "a@9")},
       "list",
       kHeardList,
       Kind::kRewound},
      {"a bookmark of the past",
       {kListed, sees("BOOKMARK", "@9")},
       "list",
       kHeardList,
       Kind::kRewound},
      {"the bookmark of where it stands",
       {kListed, sees("BOOKMARK", "@10")},
       "watch @10",
       kHeardList},
      {"and the new list is lower",
       {kListed, is_closed_after(2s), hears_version("9"), gets_page({"b@4"}, "9")},
       "watch @9",
       after_list({"begin", "apply b@4", "end @9"}),
       Kind::kRewound},
  });
}

TEST_CASE("a watch that can't be resumed for about a minute begins anew", "[kube][watch]") {
  const auto refused = GENERATE(is_refused(400), is_refused(404), is_refused(500), breaks_off());
  WatchRig rig;
  rig.feed({kListed});
  std::chrono::milliseconds waited{0};
  int failures = 0;
  while (rig.next() != "list" && failures < 100) {
    if (rig.next() == "ask") rig.feed({hears_version("10")});
    CHECK(rig.next() == "watch @10");
    rig.feed({refused});
    ++failures;
    waited += rig.machine.delay();
  }
  CHECK(failures == 20);
  CHECK(waited > 40s);
  CHECK(waited < 90s);
}

TEST_CASE("a line that ends the stream says so to the reader", "[kube][watch]") {
  WatchRig rig;
  rig.feed({kListed});
  CHECK(rig.machine.on_line(event("ADDED", object("b@11"))));
  CHECK(rig.machine.on_line(event("BOOKMARK", object("@12"))));
  CHECK_FALSE(rig.machine.on_line(event("ERROR", status(500))));
  CHECK_FALSE(rig.machine.on_line("nonsense"));
  CHECK(rig.machine.trouble().message == "not valid JSON at byte 2");
}

TEST_CASE("bytes of a watch through splitter and machine", "[kube][watch]") {
  const auto a = event("ADDED", object("a@11"));
  const auto b = event("MODIFIED", object("b@12"));
  struct Stream {
    const char* name;
    std::vector<std::string> chunks;
    std::string next;
    std::vector<std::string> heard;
    bool partial = false;
  };
  for (const auto& [name, chunks, next, heard, partial] : std::vector<Stream>{
           {"two events in one chunk", {a + b}, "watch @12", {"apply a@11", "apply b@12"}},
           {"an event in two chunks",
            {a.substr(0, 20), a.substr(20) + b},
            "watch @12",
            {"apply a@11", "apply b@12"}},
           {"half a line, then the end",
            {a + b.substr(0, b.size() - 1)},
            "watch @11",
            {"apply a@11"},
            true},
           {"a blank line between", {a + "\n" + b}, "watch @12", {"apply a@11", "apply b@12"}},
           {"line ends of another system",
            {a.substr(0, a.size() - 1) + "\r\n"},
            "watch @11",
            {"apply a@11"}}}) {
    DYNAMIC_SECTION(name) {
      WatchRig rig;
      rig.feed({kListed});
      kube::LineSplitter splitter(1000);
      for (const auto& chunk : chunks) {
        splitter.feed(chunk, [&](auto line) { return rig.machine.on_line(line); });
      }
      CHECK(splitter.has_partial_line() == partial);
      rig.machine.on_broken(Kind::kBroken, "cut");
      rig.machine.on_version(page({}, "99"));
      CHECK(rig.next() == next);
      CHECK(rig.sink.heard == after_list(heard));
    }
  }
}

TEST_CASE("an event of 8 MiB is an event like any other", "[kube][watch]") {
  auto big = object("a@11");
  big["metadata"]["managedFields"] = {{{"x", std::string(std::size_t{8} << 20U, 'x')}}};
  WatchRig rig;
  rig.feed({kListed});
  const auto line = event("MODIFIED", big);
  kube::LineSplitter splitter(std::size_t{16} << 20U);
  for (std::size_t at = 0; at < line.size(); at += 65'536) {
    REQUIRE(splitter.feed(std::string_view(line).substr(at, 65'536),
                          [&](auto whole) { return rig.machine.on_line(whole); }));
  }
  CHECK(rig.next() == "watch @11");
  CHECK(rig.sink.heard == after_list({"apply a@11"}));
}

}  // namespace watch_machine_test
