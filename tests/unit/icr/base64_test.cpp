#include "icr/base64.hpp"

#include <random>
#include <string>

#include <catch2/catch.hpp>

namespace base64_test {

using icrps::icr::base64_decode;
using icrps::icr::base64_encode;
using namespace std::string_literals;

TEST_CASE("base64 of tokens has an alphabet for URLs and no padding", "[icr][base64]") {
  using icrps::icr::base64url_decode;
  CHECK(base64url_decode("") == "");
  CHECK(base64url_decode("Zg") == "f");
  CHECK(base64url_decode("Zm8") == "fo");
  CHECK(base64url_decode("-_A") == "\xfb\xf0");
  for (const char* text : {"Zg==", "+/A", "Z", "Zm9vY", "Zh", "Z g", "Zg."}) {
    CHECK_FALSE(base64url_decode(text));
  }
}

TEST_CASE("base64 encodes and decodes the vectors of RFC 4648", "[icr][base64]") {
  struct Case {
    std::string bytes, text;
  };
  for (const auto& [bytes, text] : std::vector<Case>{{"", ""},
                                                     {"f", "Zg=="},
                                                     {"fo", "Zm8="},
                                                     {"foo", "Zm9v"},
                                                     {"foob", "Zm9vYg=="},
                                                     {"fooba", "Zm9vYmE="},
                                                     {"foobar", "Zm9vYmFy"},
                                                     {"\x00\x00\x00"s, "AAAA"},
                                                     {"\xff\xfe\xfd", "//79"},
                                                     {"\xfb\xf0", "+/A="}}) {
    DYNAMIC_SECTION(text) {
      CHECK(base64_encode(bytes) == text);
      CHECK(base64_decode(text) == bytes);
    }
  }
}

TEST_CASE("base64 that is not canonical is refused", "[icr][base64]") {
  struct Case {
    const char* why;
    std::string text;
  };
  for (const auto& [why, text] : std::vector<Case>{{"no padding", "Zg"},
                                                   {"half the padding", "Zg="},
                                                   {"too much padding", "Zg==="},
                                                   {"nothing but padding", "===="},
                                                   {"padding and one letter", "Z==="},
                                                   {"padding inside", "Zg==Zg=="},
                                                   {"padding before the end", "Z=g="},
                                                   {"bits after the last byte", "Zh=="},
                                                   {"bits after the last two bytes", "Zm9="},
                                                   {"the alphabet of URLs", "-_79"},
                                                   {"a line end at the end", "Zm9v\n"},
                                                   {"a line end inside", "Zm9\nv123"},
                                                   {"a blank", "Zm 9v123"},
                                                   {"a NUL byte", "Zm9\0"s},
                                                   {"a byte above ASCII", "Zm9\xc3"}}) {
    DYNAMIC_SECTION(why) {
      CHECK_FALSE(base64_decode(text));
    }
  }
}

TEST_CASE("any bytes come back from base64", "[icr][base64]") {
  std::mt19937 random(1);  // NOLINT: the same bytes every time
  for (std::size_t size = 0; size < 200; ++size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::string text = base64_encode(bytes);
    REQUIRE(text.size() == (size + 2) / 3 * 4);
    REQUIRE(base64_decode(text) == bytes);
  }
}

}  // namespace base64_test
