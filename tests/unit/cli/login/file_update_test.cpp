// Files that others change too.
#include "cli/login/file_update.hpp"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <thread>

#include <catch2/catch.hpp>

#include "authfile/auth_file.hpp"
#include "authfile/merge.hpp"
#include "cli/login/auth_targets.hpp"
#include "unit/config/scratch.hpp"

namespace file_update_test {

namespace {

using namespace icrps;
namespace fs = std::filesystem;
using Edited = tl::expected<SecretString, std::string>;

std::string content_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

cli::EditContent adds(const std::string& more) {
  return [more](const SecretString& content) -> Edited {
    return SecretString(content.reveal() + more);
  };
}

/// Files beside it, but for the lock.
std::size_t files_in(const std::string& folder) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    count += entry.path().extension() == ".lock" ? 0 : 1;
  }
  return count;
}

}  // namespace

TEST_CASE("a new file is private, in a private folder") {
  const config::Scratch scratch;
  const auto file = scratch.path() + "/a/b/config.json";
  REQUIRE(cli::update_file(file, adds("x")));
  CHECK(content_of(file) == "x");
  struct stat status{};
  ::stat(file.c_str(), &status);
  CHECK((status.st_mode & 0777U) == 0600U);
  ::stat((scratch.path() + "/a/b").c_str(), &status);
  CHECK((status.st_mode & 0777U) == 0700U);
}

TEST_CASE("links are followed, also to where there is nothing yet; the mode stays") {
  const config::Scratch scratch;
  const auto target = scratch.file("real/config.json", "a");
  ::chmod(target.c_str(), 0640);
  const auto link = scratch.path() + "/link.json";
  fs::create_symlink("real/config.json", link);
  REQUIRE(cli::update_file(link, adds("b")));
  CHECK(fs::is_symlink(link));
  CHECK(content_of(target) == "ab");
  struct stat status{};
  ::stat(target.c_str(), &status);
  CHECK((status.st_mode & 0777U) == 0640U);
  const auto dangling = scratch.path() + "/dangling.json";
  fs::create_symlink("real/new.json", dangling);
  REQUIRE(cli::update_file(dangling, adds("c")));
  CHECK(content_of(scratch.path() + "/real/new.json") == "c");
  fs::create_symlink("loop.json", scratch.path() + "/loop.json");
  CHECK_FALSE(cli::update_file(scratch.path() + "/loop.json", adds("c")).has_value());
}

TEST_CASE("what is no file that may be written is refused, and nothing changes") {
  const config::Scratch scratch;
  const auto read_only = scratch.file("read-only.json", "a");
  ::chmod(read_only.c_str(), 0444);
  CHECK(cli::update_file(read_only, adds("b")).error() == read_only + ": is read-only");
  CHECK(content_of(read_only) == "a");
  fs::create_directory(scratch.path() + "/folder");
  CHECK(cli::update_file(scratch.path() + "/folder", adds("b")).error() ==
        scratch.path() + "/folder: is a folder");
  const auto large = scratch.file("large.json", "");
  fs::resize_file(large, 50'000'000);
  CHECK(cli::update_file(large, adds("b")).error().starts_with(large + ": is larger than"));
  const auto kept = scratch.file("kept.json", "a");
  const auto refused = cli::update_file(
      kept, [](const SecretString&) -> Edited { return tl::unexpected<std::string>("no"); });
  CHECK(refused.error() == "no");
  CHECK(content_of(kept) == "a");
}

TEST_CASE("what somebody else writes meanwhile is taken up") {
  const config::Scratch scratch;
  const auto file = scratch.file("config.json", "old ");
  int calls = 0;
  REQUIRE(cli::update_file(file, [&](const SecretString& content) -> Edited {
    // Between our reading and our writing, as docker does it: a new file under the same name.
    if (++calls == 1) {
      scratch.file("theirs", "theirs ");
      fs::rename(scratch.path() + "/theirs", file);
    }
    return SecretString(content.reveal() + "ours");
  }));
  CHECK(calls == 2);
  CHECK(content_of(file) == "theirs ours");
  calls = 0;
  REQUIRE(cli::update_file(file, [&](const SecretString& content) -> Edited {
    if (++calls == 1) fs::remove(file);
    return SecretString(content.reveal() + "!");
  }));
  CHECK(content_of(file) == "!");
  const auto made = scratch.path() + "/made.json";
  calls = 0;
  REQUIRE(cli::update_file(made, [&](const SecretString& content) -> Edited {
    if (++calls == 1) scratch.file("made.json", "theirs ");
    return SecretString(content.reveal() + "ours");
  }));
  CHECK(content_of(made) == "theirs ours");
  CHECK(files_in(scratch.path()) == 2);
}

TEST_CASE("what came between two of our swaps is not lost to a writer that could not know it") {
  const config::Scratch scratch;
  const auto file = scratch.file("config.json", R"({"auths":{}})");
  const auto write = [&](SecretString content, const std::string& key) {
    auto changed = authfile::AuthFile::parse(std::move(content)).value();
    changed.put(key, {"somebody", SecretString("p")});
    scratch.file("theirs", changed.text().reveal());
    fs::rename(scratch.path() + "/theirs", file);
  };
  int calls = 0;
  const cli::EditContent edit = [&](const SecretString& content) -> Edited {
    // Both before we swap; the second has read what we had swapped in for the first.
    if (++calls < 3) write(SecretString(content_of(file)), calls == 1 ? "a.example" : "b.example");
    auto ours = authfile::AuthFile::parse(content).value();
    CHECK(ours.put("us.icr.io", {"iamapikey", SecretString("k")}) == authfile::Change::kNew);
    return ours.text();
  };
  REQUIRE(cli::update_file(file, edit, authfile::merged));
  CHECK(calls == 3);
  std::string keys;
  const auto after = authfile::AuthFile::parse(SecretString(content_of(file))).value();
  for (const auto& entry : after.entries()) keys += entry.key + " ";
  CHECK(keys == "b.example a.example us.icr.io ");
}

TEST_CASE("many of us at once lose nothing, and what a killed one left is removed") {
  const config::Scratch scratch;
  const auto file = scratch.file("config.json", "");
  scratch.file(".config.json.icr-AbCdEf", "left behind");
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 5; ++j) static_cast<void>(cli::update_file(file, adds("x")));
    });
  }
  threads.clear();
  CHECK(content_of(file) == std::string(40, 'x'));
  CHECK(files_in(scratch.path()) == 1);
}

TEST_CASE("hosts come from names and regions, files from the clients' own variables") {
  using Hosts = icr::Hosts;
  CHECK(cli::wished_hosts({{"US.icr.io"}, "", "public"}, "all").value() == Hosts{"us.icr.io"});
  CHECK(cli::wished_hosts({{}, "us-south,eu-de", "all"}, "all").value() ==
        Hosts{"de.icr.io", "private.de.icr.io", "private.us.icr.io", "us.icr.io"});
  CHECK(cli::wished_hosts({{"x.example:5000"}, "global", "public"}, "").value() ==
        Hosts{"icr.io", "x.example:5000"});
  CHECK(cli::wished_hosts({{}, "", "public"}, "eu-de").value() == Hosts{"de.icr.io"});
  CHECK(cli::wished_hosts({{}, "", "public"}, "").value().size() == 14);
  CHECK_FALSE(cli::wished_hosts({{"us.icr.io/team"}, "", "public"}, "").has_value());
  CHECK_FALSE(cli::wished_hosts({{}, "us-sooth", "public"}, "").has_value());
  CHECK_FALSE(cli::wished_hosts({{}, "none", "public"}, "").has_value());

  const authfile::Lookup home = [](const std::string& name) -> std::optional<std::string> {
    if (name == "HOME") return "/home/ann";
    return std::nullopt;
  };
  const auto both = cli::auth_targets("docker,podman", "", home).value();
  REQUIRE(both.size() == 2);
  CHECK(both[0].file == "/home/ann/.docker/config.json");
  CHECK(both[1].file == "/home/ann/.config/containers/auth.json");
  CHECK(cli::auth_targets("docker, podman", "/x", home).value().size() == 1);
  CHECK_FALSE(cli::auth_targets("dockr", "", home).has_value());
  CHECK_FALSE(cli::auth_targets("", "", home).has_value());
}

}  // namespace file_update_test
