#include "kube/token_file.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "kube/pure/token_text.hpp"
#include "unit/support/fake_clock.hpp"

namespace token_file_test {

using namespace icrps;
using namespace icrps::kube;
using namespace std::chrono_literals;

namespace {

/// {"alg":"RS256","kid":"k"} and {"sub":"a"}
const std::string kHeader = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ";
const std::string kPayload = "eyJzdWIiOiJhIn0";
/// 256 bytes.
const std::string kSignature(342, 'A');
const std::string kToken = kHeader + "." + kPayload + "." + kSignature;

struct File {
  File() : path(std::filesystem::temp_directory_path() / ("token-" + std::to_string(::getpid()))) {}
  ~File() { std::filesystem::remove(path); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  void write(const std::string& text) const { std::ofstream(path, std::ios::binary) << text; }

  const std::filesystem::path path;
};

}  // namespace

TEST_CASE("a token that was cut off anywhere is not a whole one", "[kube][token]") {
  CHECK(is_whole_token(kToken));
  for (std::size_t length = 0; length < kToken.size(); ++length) {
    INFO(length);
    // Before the first three letters it could be any word.
    if (length < 1 || length > 2) CHECK_FALSE(is_whole_token(kToken.substr(0, length)));
  }
}

TEST_CASE("which texts are tokens", "[kube][token]") {
  struct Case {
    const char* name;
    std::string text;
    bool whole;
  };
  const std::string elliptic = "eyJhbGciOiJFUzI1NiJ9." + kPayload + ".";  // ES256
  const std::string other = "eyJhbGciOiJ4In0." + kPayload + ".";          // an algorithm "x"
  for (const auto& [name, text, whole] :
       std::vector<Case>{{"nothing", "", false},
                         {"a word", "abcdef.0123456789abcdef", true},
                         {"two words", "abc def", false},
                         {"two lines", "abc\ndef", false},
                         {"zeros, as after a crash of the machine", std::string(8, '\0'), false},
                         {"a signature of 64 bytes", elliptic + std::string(86, 'A'), true},
                         {"one of 63 bytes", elliptic + std::string(84, 'A'), false},
                         {"an algorithm that nobody knows", other + "AAAA", true},
                         {"no signature", other, false},
                         {"a payload that is none", kHeader + ".AAAA." + kSignature, false}}) {
    DYNAMIC_SECTION(name) {
      CHECK(is_whole_token(text) == whole);
    }
  }
}

TEST_CASE("a token file that is empty or half written leaves the last token", "[kube][token]") {
  const File file;
  test::FakeClock clock;
  TokenFile token(clock);
  file.write("");
  CHECK_FALSE(token.authorization(file.path.string()));
  file.write(kToken + "\n");
  REQUIRE(token.authorization(file.path.string()));
  CHECK(token.authorization(file.path.string())->reveal() == "Bearer " + kToken);
  for (const auto& broken : {std::string(), kToken.substr(0, 200)}) {
    file.write(broken);
    clock.advance(2min);
    CHECK(token.authorization(file.path.string())->reveal() == "Bearer " + kToken);
  }
  file.write("next");
  CHECK(token.authorization(file.path.string())->reveal() == "Bearer next");
}

TEST_CASE("a token that was refused is read again at once", "[kube][token]") {
  const File file;
  const test::FakeClock clock;
  TokenFile token(clock);
  file.write("one");
  CHECK(token.authorization(file.path.string())->reveal() == "Bearer one");
  file.write("two");
  CHECK(token.authorization(file.path.string())->reveal() == "Bearer one");  // a minute long
  token.refused();
  CHECK(token.authorization(file.path.string())->reveal() == "Bearer two");
}

}  // namespace token_file_test
