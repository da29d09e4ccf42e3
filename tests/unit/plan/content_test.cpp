#include "plan/content.hpp"

#include <set>

#include <catch2/catch.hpp>

#include "icr/base64.hpp"
#include "unit/support/facts.hpp"

namespace content_test {

using namespace icrps;
using namespace icrps::plan;

namespace {

using Data = std::vector<std::pair<std::string, SecretString>>;

Data data(std::initializer_list<std::pair<const char*, const char*>> entries) {
  Data data;
  for (const auto& [key, value] : entries) data.emplace_back(key, SecretString(value));
  return data;
}

}  // namespace

TEST_CASE("a content hash stands for the data, whatever its order", "[plan][content]") {
  const auto hash = content_hash(data({{"a", "1"}, {"b", "2"}}));
  CHECK(hash.size() == 32);
  CHECK(content_hash(data({{"b", "2"}, {"a", "1"}})) == hash);
}

TEST_CASE("any edit changes the content hash", "[plan][content]") {
  std::set<std::string> hashes;
  const std::vector<Data> all{data({}),
                              data({{"a", "1"}}),
                              data({{"a", "2"}}),
                              data({{"b", "1"}}),
                              data({{"a1", ""}}),
                              data({{"", "a1"}}),
                              data({{"a", "1"}, {"b", ""}}),
                              data({{"a", "1"}, {"b", "1"}}),
                              data({{"a", "1b"}, {"1", ""}})};
  for (const auto& one : all) hashes.insert(content_hash(one));
  CHECK(hashes.size() == all.size());
}

TEST_CASE("a content is made once for the same hosts", "[plan][content]") {
  const auto value = test::material();
  const auto content = value->content({"us.icr.io", "de.icr.io"});
  CHECK(value->content({"de.icr.io", "us.icr.io"}) == content);
  CHECK(value->content({"de.icr.io"}) != content);
  CHECK(content->hosts == "de.icr.io,us.icr.io");
  CHECK(content->revision == value->revision());
  CHECK(content->hash ==
        content_hash(data({{".dockerconfigjson", content->data.reveal().c_str()}})));
  CHECK(icr::base64_decode(content->data.reveal()) ==
        icr::docker_config_json({"de.icr.io", "us.icr.io"}, value->login()).reveal());
}

TEST_CASE("whoever asks for other hosts every time fills no memory", "[plan][content]") {
  const auto value = test::material();
  const auto usual = value->content({"us.icr.io"});
  std::vector<std::weak_ptr<const Content>> made;
  for (int i = 0; i < 1000; ++i) {
    made.emplace_back(value->content({std::to_string(i) + ".icr.io"}));
    CHECK(value->content({"us.icr.io"}) == usual);  // what is in use stays
  }
  const auto kept =
      std::count_if(made.begin(), made.end(), [](const auto& one) { return !one.expired(); });
  CHECK(static_cast<std::size_t>(kept) == Material::kMostContents - 1);
}

TEST_CASE("a revision names a login, the same one after a restart", "[plan][content]") {
  const auto revision = [](const char* credential, const char* user, const char* password) {
    return revision_of(credential, {user, SecretString(password)});
  };
  const auto one = revision("default", "iamapikey", "key-1");
  CHECK(one == "5ccc3e7cbbb3");
  CHECK(revision("default", "iamapikey", "key-1") == one);
  CHECK(std::set{one, revision("default", "iamapikey", "key-2"),
                 revision("default", "iambearer", "key-1"), revision("other", "iamapikey", "key-1"),
                 revision("defaultiamapikey", "", "key-1")}
            .size() == 5);
}

TEST_CASE("only known hosts are taken from an annotation", "[plan][content]") {
  const icr::Hosts known{"de.icr.io", "us.icr.io"};
  CHECK(hosts_from_text("us.icr.io,de.icr.io", known) == known);
  CHECK(hosts_from_text("us.icr.io,evil.example,us.icr.io", known) == icr::Hosts{"us.icr.io"});
  CHECK(hosts_from_text("", known).empty());
  CHECK(hosts_from_text(",,", known).empty());
}

}  // namespace content_test
