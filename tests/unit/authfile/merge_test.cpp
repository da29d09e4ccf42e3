// Others read the whole file, change an entry and write it all, as docker does; we swap ours in.
#include "authfile/merge.hpp"

#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "authfile/auth_file.hpp"

namespace merge_test {

using namespace icrps;
using authfile::AuthFile;
using authfile::merged;

namespace {

SecretString file(const std::string& auths) {
  return SecretString(R"({"auths":{)" + auths + "}}");
}

std::map<std::string, std::string> users(const SecretString& text) {
  std::map<std::string, std::string> found;
  for (const auto& entry : AuthFile::parse(text)->entries()) {
    found[entry.key] = entry.login.username;
  }
  return found;
}

using Users = std::map<std::string, std::string>;

SecretString with(const SecretString& text, const std::string& key, const std::string& user) {
  auto file = AuthFile::parse(text).value();
  file.put(key, {user, SecretString("p")});
  return file.text();
}

SecretString without(const SecretString& text, const std::string& key) {
  auto file = AuthFile::parse(text).value();
  file.remove(key);
  return file.text();
}

}  // namespace

TEST_CASE("an entry that a writer could not know of comes back", "[authfile][merge]") {
  const auto before = with(file(""), "old", "ann");
  const auto ours = with(before, "us.icr.io", "iamapikey");  // what we had swapped in
  const auto latest = with(before, "a.example", "bob");      // what came out of the file for it
  const std::vector<SecretString> history{before, ours, latest};

  CHECK(users(merged(history, latest, with(ours, "b.example", "cid"))) ==
        Users{{"old", "ann"}, {"a.example", "bob"}, {"b.example", "cid"}});  // ours: put in again
  CHECK(users(merged(history, latest, with(latest, "b.example", "cid"))) ==
        Users{{"old", "ann"}, {"a.example", "bob"}, {"b.example", "cid"}});
  CHECK(users(merged(history, latest, with(latest, "a.example", "cid"))) ==
        Users{{"old", "ann"}, {"a.example", "cid"}});  // the newer one stays
  CHECK(users(merged(history, latest, without(latest, "a.example"))) == Users{{"old", "ann"}});
  CHECK(users(merged(history, without(before, "old"), with(ours, "b.example", "cid"))) ==
        Users{{"b.example", "cid"}});  // one that was taken out stays out
}

TEST_CASE("helpers come back, too, and what is no login stays as it is", "[authfile][merge]") {
  const auto before = SecretString(R"({"credHelpers":{"x":"pass"}})");
  const auto latest = SecretString(R"({"credHelpers":{"x":"pass","y":"pass"}})");
  const auto theirs = SecretString(R"({"psFormat":[1, 2],"credHelpers":{"x":"other"}})");
  CHECK(merged({before}, latest, theirs).reveal() ==
        R"({"psFormat":[1, 2],"credHelpers":{"x":"other","y":"pass"}})");
  const auto odd = file(R"("z":{"auth":"","since":[1, 2],"empty":null})");
  const auto merge = merged({file("")}, odd, file(R"("b":{})"));
  CHECK(merge.reveal() == R"({"auths":{"b":{},"z":{"auth":"","since":[1, 2],"empty":null}}})");
}

TEST_CASE("what is no auth file is left alone", "[authfile][merge]") {
  CHECK(merged({file("")}, file(R"("a":{})"), SecretString("{")).reveal() == "{");
  CHECK(merged({file("")}, SecretString("["), file(R"("b":{})")) == file(R"("b":{})"));
  CHECK(merged({SecretString("[")}, file(R"("a":{})"), file(R"("b":{})")) == file(R"("b":{})"));
}

// Writers come one after the other, as people do; each reads at some moment, and writes later.
TEST_CASE("beside writers without a lock nothing of theirs is lost", "[authfile][merge]") {
  std::size_t swaps = 0;  // that met somebody
  for (unsigned seed = 0; seed < 1000; ++seed) {
    std::mt19937 random(seed);
    const auto chance = [&random](unsigned of) { return random() % of == 0; };
    SecretString disk = file("");
    Users expected;
    std::optional<SecretString> read;  // by a writer who has not written yet
    unsigned number = 0;
    // A login takes longer than we do between two swaps.
    const auto others = [&] {
      if (read && chance(2)) {
        const auto key = std::string(1, static_cast<char>('a' + random() % 6));
        if (chance(4) && expected.contains(key)) {
          disk = without(*read, key);
          expected.erase(key);
        } else {
          expected[key] = "user" + std::to_string(++number);
          disk = with(*read, key, expected[key]);
        }
        read.reset();
      }
      if (!read && chance(2)) read = disk;
    };
    // As cli/login/file_update does it.
    const auto edit = [](const SecretString& text) { return with(text, "us.icr.io", "iamapikey"); };
    others();
    auto base = disk;
    std::vector<SecretString> history{base};
    auto expected_out = base;
    for (;;) {
      const auto ours = edit(base);
      others();
      const auto out = std::exchange(disk, ours);
      if (out == expected_out) break;
      base = merged(history, base, out);
      history.push_back(ours);
      history.push_back(out);
      expected_out = ours;
    }
    auto found = users(disk);
    INFO(seed);
    CHECK(found["us.icr.io"] == "iamapikey");
    found.erase("us.icr.io");
    CHECK(found == expected);
    swaps += history.size() / 2;
  }
  CHECK(swaps > 200);
}

}  // namespace merge_test
