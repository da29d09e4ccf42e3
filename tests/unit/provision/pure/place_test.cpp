#include "provision/pure/place.hpp"

#include <string>

#include <catch2/catch.hpp>

namespace place_test {

using namespace icrps;
using provision::Place;

namespace {

const auto kTable = icr::RegionTable::builtin();

}  // namespace

TEST_CASE("a place is a registry namespace and perhaps a region", "[provision][place]") {
  struct Row {
    std::string text;
    Place place;
  };
  const std::vector<Row> rows{
      {"team@us-south", {"team", "us-south"}},   {"team", {"team", ""}},
      {" team@US-South ", {"team", "us-south"}}, {"team@uk-south", {"team", "eu-gb"}},
      {"team@de.icr.io", {"team", "eu-de"}},     {"team@private.us.icr.io", {"team", "us-south"}},
      {"team@global", {"team", "global"}},       {"team-a_1@jp-tok", {"team-a_1", "jp-tok"}},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    const auto place = provision::parse_place(row.text, kTable);
    REQUIRE(place);
    CHECK(*place == row.place);
  }
}

TEST_CASE("a place that makes no sense is refused in words", "[provision][place]") {
  struct Row {
    std::string text;
    std::string says;
  };
  const std::vector<Row> rows{
      {"", "4 to 30"},
      {"abc", "4 to 30"},
      {"Team", "4 to 30"},
      {"team/app", "4 to 30"},
      {"-team", "4 to 30"},
      {std::string(31, 'a'), "4 to 30"},
      {"team@us-sout", "us-so"},
      {"team@", "@"},
      {"team@all", "leave @ away"},
      {"team@us-east", "global"},
  };
  for (const auto& row : rows) {
    INFO(row.text);
    const auto place = provision::parse_place(row.text, kTable);
    REQUIRE_FALSE(place);
    INFO(place.error().message);
    CHECK(place.error().message.find(row.says) != std::string::npos);
  }
}

TEST_CASE("a policy is about a place as IBM's documentation has it", "[provision][place]") {
  using iam::Attributes;
  const Attributes common{{"accountId", "A"},
                          {"serviceName", "container-registry"},
                          {"resourceType", "namespace"},
                          {"resource", "team"}};
  CHECK(provision::attributes_of({"team", ""}, "A") == common);
  auto regional = common;
  regional["region"] = "eu-de";
  CHECK(provision::attributes_of({"team", "eu-de"}, "A") == regional);
  auto global = common;
  global["geography"] = "global";  // icr.io has no region
  CHECK(provision::attributes_of({"team", "global"}, "A") == global);

  for (const auto& place : {Place{"team", ""}, Place{"team", "eu-de"}, Place{"team", "global"}}) {
    CHECK(provision::place_of(provision::attributes_of(place, "A")) == place);
  }
}

TEST_CASE("which policies open the registry", "[provision][place]") {
  using provision::place_of;
  CHECK(place_of({{"serviceName", "container-registry"}}) == Place{});
  CHECK(place_of({{"serviceType", "service"}}) == Place{});
  CHECK(place_of({{"serviceType", "service"}, {"region", "eu-de"}}) == Place{"", "eu-de"});
  CHECK_FALSE(place_of({{"serviceName", "cloud-object-storage"}}));
  CHECK_FALSE(place_of({{"serviceType", "platform_service"}}));
  CHECK_FALSE(place_of({{"serviceName", "container-registry"}, {"resourceType", "other"}}));
  CHECK_FALSE(place_of({}));
  CHECK(to_string(Place{"", "eu-de"}) == "*@eu-de");
  CHECK(to_string(Place{"team", ""}) == "team");
}

}  // namespace place_test
