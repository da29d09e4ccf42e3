#include "icr/regions.hpp"

#include <string>

#include <catch2/catch.hpp>

namespace regions_test {

using namespace icrps::icr;
using namespace std::string_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

struct Row {
  std::string id, old_name, host, legacy_host;
};

// IBM's table, typed again: the code's own copy must agree.
const std::vector<Row> kRows{
    {"global", "", "icr.io", "registry.bluemix.net"},
    {"us-south", "", "us.icr.io", "registry.ng.bluemix.net"},
    {"eu-gb", "uk-south", "uk.icr.io", "registry.eu-gb.bluemix.net"},
    {"eu-de", "eu-central", "de.icr.io", "registry.eu-de.bluemix.net"},
    {"au-syd", "ap-south", "au.icr.io", "registry.au-syd.bluemix.net"},
    {"jp-tok", "ap-north", "jp.icr.io", ""},
    {"jp-osa", "", "jp2.icr.io", ""},
    {"ca-tor", "", "ca.icr.io", ""},
    {"ca-mon", "", "ca2.icr.io", ""},
    {"br-sao", "", "br.icr.io", ""},
    {"eu-es", "", "es.icr.io", ""},
    {"in-che", "", "in.icr.io", ""},
    {"in-mum", "", "in2.icr.io", ""},
    {"eu-fr2", "", "fr2.icr.io", ""},
};

constexpr const char* kAccepted =
    "accepted: au-syd, br-sao, ca-mon, ca-tor, eu-de, eu-es, eu-fr2, eu-gb, in-che, in-mum, "
    "jp-osa, jp-tok, us-south, their old names and hosts (us.icr.io), global, all; none by itself";

Hosts select(std::string_view value, Endpoints endpoints = Endpoints::kPublic) {
  const auto hosts = RegionTable::builtin().select(value, endpoints);
  if (!hosts) FAIL(hosts.error().message);
  return *hosts;
}

std::string mistake_in(std::string_view value) {
  const auto hosts = RegionTable::builtin().select(value, Endpoints::kPublic);
  return hosts ? "" : hosts.error().message;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

TEST_CASE("every region is known by id, old name and host in any case", "[icr][regions]") {
  REQUIRE(RegionTable::builtin().regions().size() == kRows.size());
  for (const auto& [id, old_name, host, legacy_host] : kRows) {
    DYNAMIC_SECTION(id) {
      std::vector<std::string> names{id, host};
      if (!old_name.empty()) names.push_back(old_name);
      for (const std::string& name : names) {
        for (const std::string& spelt : {name, upper(name)}) {
          CHECK(select(spelt) == Hosts{host});
          CHECK(select(spelt, Endpoints::kPrivate) == Hosts{"private." + host});
          CHECK(select(spelt, Endpoints::kAll) == Hosts{host, "private." + host});
        }
      }
    }
  }
}

TEST_CASE("a private or legacy host is served beside its region", "[icr][regions]") {
  for (const auto& [id, old_name, host, legacy_host] : kRows) {
    const std::string private_host = "private." + host;
    DYNAMIC_SECTION("private host of " << id) {
      CHECK(select(private_host) == Hosts{host, private_host});
      CHECK(select(private_host, Endpoints::kPrivate) == Hosts{private_host});
      CHECK(select(private_host, Endpoints::kAll) == Hosts{host, private_host});
    }
    if (legacy_host.empty()) continue;
    DYNAMIC_SECTION("legacy host of " << id) {
      CHECK(select(legacy_host) == Hosts{host, legacy_host});
      CHECK(select(legacy_host, Endpoints::kPrivate) == Hosts{private_host, legacy_host});
      CHECK(select(upper(legacy_host), Endpoints::kAll) == Hosts{host, private_host, legacy_host});
    }
  }
}

TEST_CASE("all is every region as the endpoints say and no legacy host", "[icr][regions]") {
  Hosts open;
  Hosts closed;
  for (const Row& row : kRows) {
    open.insert(row.host);
    closed.insert("private." + row.host);
  }
  Hosts both = open;
  both.insert(closed.begin(), closed.end());
  CHECK(select("all") == open);
  CHECK(select(" ALL ", Endpoints::kPrivate) == closed);
  CHECK(select("all", Endpoints::kAll) == both);
  CHECK(select("all,us-south,eu-central") == open);
  open.insert("registry.ng.bluemix.net");
  CHECK(select("all,registry.ng.bluemix.net") == open);
}

TEST_CASE("entries may be mixed, repeated and surrounded by blanks", "[icr][regions]") {
  struct Case {
    std::string value;
    Hosts hosts;
  };
  for (const auto& [value, hosts] : std::vector<Case>{
           {"us-south,eu-de", {"us.icr.io", "de.icr.io"}},
           {"eu-de,us-south", {"us.icr.io", "de.icr.io"}},
           {" us-south ,\teu-de\n", {"us.icr.io", "de.icr.io"}},
           {"us-south,us-south,US.ICR.IO", {"us.icr.io"}},
           {"eu-central,eu-de,de.icr.io", {"de.icr.io"}},
           {"us-south,,eu-de,", {"us.icr.io", "de.icr.io"}},
           {",us-south", {"us.icr.io"}},
           {"global", {"icr.io"}},
           {"global,icr.io,us-south", {"icr.io", "us.icr.io"}},
           {"jp-tok,jp-osa", {"jp.icr.io", "jp2.icr.io"}},
           {"private.us.icr.io,eu-de", {"us.icr.io", "private.us.icr.io", "de.icr.io"}}}) {
    DYNAMIC_SECTION('"' << value << '"') {
      CHECK(select(value) == hosts);
    }
  }
}

TEST_CASE("none gives no host and must stand alone", "[icr][regions]") {
  for (const char* value : {"none", " None ", "NONE,", "none,none"}) {
    DYNAMIC_SECTION('"' << value << '"') {
      CHECK(select(value).empty());
    }
  }
  for (const char* value : {"none,us-south", "us-south, NONE", "all,none", "none,nonsense"}) {
    DYNAMIC_SECTION('"' << value << '"') {
      CHECK_THAT(mistake_in(value), StartsWith("none stands beside other regions; accepted: none "
                                               "by itself, or regions without it (au-syd, "));
    }
  }
}

TEST_CASE("a value without any entry is a mistake", "[icr][regions]") {
  for (const char* value : {"", " ", ",", " , ,\t\n"}) {
    DYNAMIC_SECTION('"' << value << '"') {
      CHECK(mistake_in(value) == "no region given; "s + kAccepted);
    }
  }
}

TEST_CASE("an unknown region is named, with what was meant and what is accepted",
          "[icr][regions]") {
  struct Case {
    std::string value, begins;
  };
  for (
      const auto& [value, begins] : std::vector<Case>{
          {"mars", R"(unknown region "mars"; )"},
          {"us-suoth", R"(unknown region "us-suoth" (did you mean "us-south"?); )"},
          {"US_South", R"(unknown region "us_south" (did you mean "us-south"?); )"},
          {"us", R"(unknown region "us" (did you mean "us.icr.io"?); )"},
          {"de", R"(unknown region "de" (did you mean "de.icr.io"?); )"},
          {"private.de", R"(unknown region "private.de" (did you mean "private.de.icr.io"?); )"},
          {"https://us.icr.io",
           R"(unknown region "https://us.icr.io" (did you mean "us.icr.io"?); )"},
          {"us.icr.io/team", R"(unknown region "us.icr.io/team" (did you mean "us.icr.io"?); )"},
          {"https:///", R"(unknown region "https:///"; )"},
          {"globl", R"(unknown region "globl" (did you mean "global"?); )"},
          {"eu-centrall", R"(unknown region "eu-centrall" (did you mean "eu-central"?); )"},
          {"us-south;eu-de", R"(unknown region "us-south;eu-de"; )"},
          {"us-south eu-de", R"(unknown region "us-south eu-de"; )"},
          {"us-east",
           R"(unknown region "us-east" (it has no registry of its own, its images are at global); )"},
          {"cp.icr.io",
           R"(unknown region "cp.icr.io" (the entitled registry takes no IBM Cloud API key); )"},
          {"xx.icr.io", R"(unknown region "xx.icr.io"; )"},  // hosts differ by two letters only
          {"icr.io.evil.example", R"(unknown region "icr.io.evil.example"; )"},
          {"us-south,mars", R"(unknown region "mars"; )"},
          {"mars,mars,MARS", R"(unknown region "mars"; )"},
          {"mars,venus", R"(unknown regions "mars", "venus"; )"},
          {"e,d,c,b,a", R"(unknown regions "a", "b", "c" and 2 more; )"},
          {"\"x\"\n\x01,all", R"(unknown region "\"x\"\n\x01"; )"},
          {"\xc3\xbc\x7f", R"(unknown region "\xc3\xbc\x7f"; )"},
          {"us-south\0"s, R"(unknown region "us-south\x00" (did you mean "us-south"?); )"}}) {
    DYNAMIC_SECTION(begins) {
      CHECK(mistake_in(value) == begins + kAccepted);
    }
  }
}

TEST_CASE("a huge value gives a short message", "[icr][regions]") {
  SECTION("one entry of 10,000 characters") {
    const std::string message = mistake_in(std::string(10'000, 'x'));
    CHECK_THAT(message, StartsWith("unknown region \"" + std::string(40, 'x') + "…\"; "));
    CHECK(message.size() < 400);
  }
  SECTION("10,000 bytes that all need escapes") {
    CHECK(mistake_in(std::string(10'000, '\x01')).size() < 500);
  }
  SECTION("thousands of unknown entries") {
    std::string value;
    for (int i = 10'000; i < 20'000; ++i) value += "r" + std::to_string(i) + ",";
    CHECK_THAT(mistake_in(value),
               StartsWith(R"(unknown regions "r10000", "r10001", "r10002" and 9997 more; )"));
  }
  SECTION("10,000 characters of regions that exist") {
    std::string value;
    while (value.size() < 10'000) value += "us-south,";
    CHECK(select(value) == Hosts{"us.icr.io"});
  }
}

TEST_CASE("the table can be extended", "[icr][regions]") {
  RegionTable table = RegionTable::builtin();
  table.set("eu-xx", "xx.icr.io");
  table.set("lab", "registry.example.com:5000");
  table.set("us-south", "us.mirror.example");
  table.set("us-east", "icr.io");
  const auto hosts = [&](std::string_view value, Endpoints endpoints = Endpoints::kPublic) {
    return table.select(value, endpoints).value();
  };

  SECTION("a new region has a private host as the others do") {
    CHECK(hosts("eu-xx", Endpoints::kAll) == Hosts{"xx.icr.io", "private.xx.icr.io"});
    CHECK(hosts("private.XX.icr.io") == Hosts{"xx.icr.io", "private.xx.icr.io"});
  }
  SECTION("a port belongs to the host") {
    CHECK(hosts("lab") == Hosts{"registry.example.com:5000"});
    CHECK(hosts("Registry.Example.com:5000") == Hosts{"registry.example.com:5000"});
    CHECK_FALSE(table.select("registry.example.com", Endpoints::kPublic));
  }
  SECTION("a known region keeps its other names with another host") {
    CHECK(hosts("us-south") == Hosts{"us.mirror.example"});
    CHECK(hosts("registry.ng.bluemix.net") ==
          Hosts{"registry.ng.bluemix.net", "us.mirror.example"});
    CHECK_FALSE(table.select("us.icr.io", Endpoints::kPublic));
    table.set("eu-de", "de.mirror.example");
    CHECK(hosts("eu-central") == Hosts{"de.mirror.example"});
  }
  SECTION("two regions may share a host") {
    CHECK(hosts("us-east") == Hosts{"icr.io"});
    CHECK(hosts("icr.io") == Hosts{"icr.io"});
    CHECK(hosts("registry.bluemix.net") == Hosts{"icr.io", "registry.bluemix.net"});
  }
  SECTION("a region whose host is a private one has no second private host") {
    table.set("us-south", "private.us.icr.io");
    CHECK(hosts("us-south", Endpoints::kAll) == Hosts{"private.us.icr.io"});
  }
  SECTION("all and the messages know them") {
    CHECK(hosts("all").count("xx.icr.io") == 1);
    CHECK(hosts("all").count("us.icr.io") == 0);
    CHECK_THAT(table.select("mars", Endpoints::kPublic).error().message, Contains("eu-xx, in-che"));
  }
  SECTION("hundreds of regions don't make the messages long") {
    for (int i = 100; i < 400; ++i) table.set("zz-" + std::to_string(i), "z.example");
    const std::string message = table.select("mars", Endpoints::kPublic).error().message;
    CHECK(message.size() < 500);
    CHECK_THAT(message, Contains("…, their old names"));
  }
}

TEST_CASE("the known hosts are all public, private and legacy ones", "[icr][regions]") {
  Hosts expected;
  for (const Row& row : kRows) {
    expected.insert({row.host, "private." + row.host});
    if (!row.legacy_host.empty()) expected.insert(row.legacy_host);
  }
  CHECK(RegionTable::builtin().known_hosts() == expected);
}

TEST_CASE("endpoints are read in any case", "[icr][regions]") {
  CHECK(parse_endpoints("public") == Endpoints::kPublic);
  CHECK(parse_endpoints(" Private\n") == Endpoints::kPrivate);
  CHECK(parse_endpoints("ALL") == Endpoints::kAll);
  for (const char* text : {"", " ", "both", "public,private", "publi", "publicc", "none",
                           "all                                  x"}) {
    CHECK_FALSE(parse_endpoints(text));
  }
  for (const Endpoints endpoints : {Endpoints::kPublic, Endpoints::kPrivate, Endpoints::kAll}) {
    CHECK(parse_endpoints(to_string(endpoints)) == endpoints);
  }
}

TEST_CASE("region ids are checked", "[icr][regions]") {
  for (const Row& row : kRows) CHECK_FALSE(check_region_id(row.id));
  CHECK(check_region_id("all")->message == R"("all" is a reserved word and can't name a region)");
  CHECK(check_region_id("none"));
  for (const char* id : {"", "EU-DE", "eu_de", "-eu", "eu-", "eu.de", "eu de", "us.icr.io"}) {
    DYNAMIC_SECTION('"' << id << '"') {
      REQUIRE(check_region_id(id));
      CHECK_THAT(check_region_id(id)->message,
                 StartsWith("\""s + id + "\" is not a region id; accepted: 1 to 63 "));
    }
  }
  CHECK(check_region_id(std::string(64, 'a')));
  CHECK_FALSE(check_region_id(std::string(63, 'a')));
}

TEST_CASE("hosts are checked", "[icr][regions]") {
  for (const std::string& host : RegionTable::builtin().known_hosts())
    CHECK_FALSE(check_host(host));
  for (const char* host : {"registry.example.com:5000", "a.b", "a.b:1", "127.0.0.1:65535"}) {
    CHECK_FALSE(check_host(host));
  }
  for (const char* host : {"",
                           "localhost",
                           "localhost:5000",
                           "US.icr.io",
                           "https://us.icr.io",
                           "us.icr.io/",
                           "us.icr.io/team",
                           "us.icr.io:",
                           "us.icr.io:0",
                           "us.icr.io:65536",
                           "us.icr.io:http",
                           "us.icr.io:5000:1",
                           "*.icr.io",
                           "us..icr.io",
                           ".icr.io",
                           "us.icr.io.",
                           "us icr.io",
                           "us.icr.io:99999999999999",
                           "[::1]:5000",
                           "user@us.icr.io"}) {
    DYNAMIC_SECTION('"' << host << '"') {
      REQUIRE(check_host(host));
      CHECK_THAT(check_host(host)->message,
                 StartsWith("\""s + host + "\" is not a registry host; accepted: a lower-case") &&
                     EndsWith("such as xx.icr.io or registry.example.com:5000"));
    }
  }
}

TEST_CASE("quoted text is short, printable ASCII", "[icr][regions]") {
  CHECK(icrps::icr::quoted("") == R"("")");
  CHECK(icrps::icr::quoted("plain") == R"("plain")");
  CHECK(icrps::icr::quoted("a\"b\\c") == R"("a\"b\\c")");
  CHECK(icrps::icr::quoted("\n\r\t\x1b[31m\x7f") == R"("\n\r\t\x1b[31m\x7f")");
  CHECK(icrps::icr::quoted("\0"s) == R"("\x00")");
  CHECK(icrps::icr::quoted("\xc3\xa9") == R"("\xc3\xa9")");
  CHECK(icrps::icr::quoted(std::string(60, 'a')) == '"' + std::string(60, 'a') + '"');
  CHECK(icrps::icr::quoted(std::string(61, 'a')) == '"' + std::string(60, 'a') + "…\"");
  CHECK(icrps::icr::quoted("abcdef", 3) == "\"abc…\"");
}

}  // namespace regions_test
