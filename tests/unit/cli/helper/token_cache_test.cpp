// One token for all: who asks IAM, and who goes on with what there is.
#include "cli/helper/token_cache.hpp"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include <catch2/catch.hpp>

#include "unit/config/scratch.hpp"

namespace token_cache_test {

namespace {

using namespace icrps;
using cli::CachedToken;
using cli::TokenCache;
using std::chrono::milliseconds;
using std::chrono::seconds;

const config::Scratch& scratch() {
  static const config::Scratch one;
  return one;
}

iam::Refusal refusal(iam::Refusal::Kind kind) {
  iam::Refusal one;
  one.kind = kind;
  one.message = "iam: why";
  return one;
}

cli::AskForToken gives(const std::string& token) {
  return [token](milliseconds) -> tl::expected<iam::Token, iam::Refusal> {
    return iam::Token{SecretString(token), {}, seconds(3600)};
  };
}

cli::AskForToken refuses(iam::Refusal::Kind kind) {
  return [kind](milliseconds) -> tl::expected<iam::Token, iam::Refusal> {
    return tl::unexpected(refusal(kind));
  };
}

/// A cache file with a token of an hour that was had `age` ago.
std::string file_with(const std::string& name, seconds age) {
  const auto now = std::chrono::system_clock::now();
  return scratch().file(
      name, cli::cache_text({"source", SecretString("old"), now - age, now - age + seconds(3600)})
                .reveal());
}

}  // namespace

TEST_CASE("a token is fresh for 80 % of its life, and usable to its end") {
  const std::chrono::system_clock::time_point start(seconds(1'000'000));
  const CachedToken token{"s", SecretString("t"), start, start + seconds(1000)};
  CHECK(token.fresh(start + seconds(799)));
  CHECK_FALSE(token.fresh(start + seconds(800)));
  CHECK_FALSE(token.fresh(start - seconds(1)));  // a clock that was set back
  CHECK(token.usable(start + seconds(989)));
  CHECK_FALSE(token.usable(start + seconds(990)));
}

TEST_CASE("what is in the cache file is what was written, and nonsense is nothing") {
  const std::chrono::system_clock::time_point start(seconds(1'700'000'000));
  const CachedToken token{"s", SecretString("abc.def"), start, start + seconds(3600)};
  const auto read = cli::parse_cache(cli::cache_text(token));
  REQUIRE(read);
  CHECK(read->token == token.token);
  CHECK(read->expires == token.expires);
  for (const std::string text :
       {"", "{}", "[]", "x", R"({"source":1,"token":"t"})", R"({"source":"s","token":"a b"})",
        R"({"source":"s","token":"t","expires":"soon"})"}) {
    INFO(text);
    CHECK_FALSE(cli::parse_cache(SecretString(text)).has_value());
  }
}

TEST_CASE("the first asks IAM, and those after it find the token") {
  const auto file = scratch().path() + "/first/token.json";
  const TokenCache cache(file, "source");
  CHECK(cache.get(gives("one"), seconds(5))->token.reveal() == "one");
  CHECK(cache.get(gives("two"), seconds(5))->token.reveal() == "one");
  CHECK((std::filesystem::status(file).permissions() & std::filesystem::perms::mask) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  const TokenCache other(file, "another key");
  CHECK(other.get(gives("two"), seconds(5))->token.reveal() == "two");
}

TEST_CASE("28 at once make one request") {
  const TokenCache cache(scratch().path() + "/many.json", "source");
  std::atomic<int> requests = 0;
  std::atomic<int> good = 0;
  const cli::AskForToken ask = [&](milliseconds) -> tl::expected<iam::Token, iam::Refusal> {
    ++requests;
    std::this_thread::sleep_for(milliseconds(30));
    return iam::Token{SecretString("one"), {}, seconds(3600)};
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 28; ++i) {
    threads.emplace_back([&] { good += cache.get(ask, seconds(5))->token.reveal() == "one"; });
  }
  threads.clear();
  CHECK(requests == 1);
  CHECK(good == 28);
}

TEST_CASE("while IAM is silent the old token goes on; a refusal is told") {
  const auto file = file_with("old.json", seconds(3000));
  const TokenCache cache(file, "source");
  const auto answer = cache.get(refuses(iam::Refusal::Kind::kUnknown), seconds(5));
  REQUIRE(answer);
  CHECK(answer->token.reveal() == "old");
  CHECK(answer->warning == "iam: why");
  CHECK(cache.get(refuses(iam::Refusal::Kind::kRefused), seconds(5)).error() == "iam: why");
  CHECK(cache.get(gives("new"), seconds(5))->token.reveal() == "new");
  const TokenCache ended(file_with("ended.json", seconds(3599)), "source");
  CHECK_FALSE(ended.get(refuses(iam::Refusal::Kind::kUnknown), seconds(5)).has_value());
  scratch().file("broken.json", "{\"source\": ");
  const TokenCache broken(scratch().path() + "/broken.json", "source");
  CHECK(broken.get(gives("new"), seconds(5))->token.reveal() == "new");
}

}  // namespace token_cache_test
