#include "runtime/secret_string.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <ostream>
#include <type_traits>

#include <catch2/catch.hpp>

#include "runtime/log.hpp"

namespace secret_string_test {

using icrps::SecretString;

namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };
template <class T>
concept Concatenable = requires(const std::string& text, const T& value) { text + value; };

static_assert(Streamable<std::string>);
static_assert(!Streamable<SecretString>);
static_assert(!Concatenable<SecretString>);
static_assert(fmt::is_formattable<std::string>::value);
static_assert(!fmt::is_formattable<SecretString>::value);
static_assert(!std::is_convertible_v<SecretString, std::string>);
static_assert(!std::is_convertible_v<SecretString, std::string_view>);
static_assert(!std::is_convertible_v<SecretString, const char*>);
static_assert(!std::is_convertible_v<SecretString, bool>);
static_assert(!std::is_convertible_v<std::string, SecretString>);
static_assert(std::is_nothrow_move_constructible_v<SecretString>);
static_assert(std::is_constructible_v<icrps::Field, const char*, std::string>);
static_assert(!std::is_constructible_v<icrps::Field, const char*, SecretString>);

/// True when the first `length` bytes where `secret` keeps its text are zero.
bool is_wiped(const char* bytes, std::size_t length) {
  return std::all_of(bytes, bytes + length, [](char c) { return c == '\0'; });
}

const std::string kShort = "hunter2";  // fits into a std::string without allocation
const std::string kLong(200, 'x');

}  // namespace

TEST_CASE("a secret gives its bytes only when asked by name", "[runtime][secret]") {
  const SecretString secret(kShort);
  CHECK(secret.reveal() == kShort);
  CHECK(secret.size() == 7);
  CHECK_FALSE(secret.empty());
  CHECK(SecretString().empty());
}

TEST_CASE("secrets compare", "[runtime][secret]") {
  CHECK((SecretString("a") == SecretString("a")));
  CHECK_FALSE((SecretString("a") == SecretString("b")));
  CHECK_FALSE((SecretString("a") == SecretString("ab")));
  CHECK((SecretString() == SecretString("")));
  CHECK_FALSE((SecretString(std::string("a\0b", 3)) == SecretString(std::string("a\0c", 3))));
}

TEST_CASE("copies are independent", "[runtime][secret]") {
  SecretString one(kLong);
  SecretString two(one);
  two = SecretString(kShort);
  CHECK(one.reveal() == kLong);
  CHECK(two.reveal() == kShort);
  one = one;  // NOLINT: of itself
  CHECK(one.reveal() == kLong);
}

TEST_CASE("a secret that was moved from is wiped", "[runtime][secret]") {
  for (const auto& text : {kShort, kLong}) {
    SecretString from(text);
    const SecretString to(std::move(from));
    CHECK(to.reveal() == text);
    CHECK(from.empty());  // NOLINT: that is the question
    CHECK(is_wiped(from.reveal().data(), 8));

    SecretString again(text);
    SecretString target("old");
    target = std::move(again);
    CHECK(target.reveal() == text);
    CHECK(again.empty());  // NOLINT
    CHECK(is_wiped(again.reveal().data(), 8));
  }
}

TEST_CASE("a secret that is replaced is wiped first", "[runtime][secret]") {
  SecretString secret(kLong);
  const SecretString other(kShort);
  const char* const before = secret.reveal().data();
  secret = other;
  REQUIRE(secret.reveal().data() == before);  // the same memory
  CHECK(secret.reveal() == kShort);
  CHECK(is_wiped(before + kShort.size(), kLong.size() - kShort.size()));
}

}  // namespace secret_string_test
