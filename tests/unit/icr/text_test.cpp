#include "icr/text.hpp"

#include <string>

#include <catch2/catch.hpp>

namespace text_test {

using namespace icrps::icr;

TEST_CASE("blanks go from both ends and nowhere else", "[icr][text]") {
  CHECK(trim("") == "");
  CHECK(trim(" \t\r\n\v\f") == "");
  CHECK(trim("  a b\t") == "a b");
  CHECK(trim("a") == "a");
}

TEST_CASE("only ASCII letters change their case", "[icr][text]") {
  CHECK(lower("Us-SOUTH, Z[@`{") == "us-south, z[@`{");
  CHECK(lower("\xc3\x84") == "\xc3\x84");
}

TEST_CASE("DNS labels and subdomains", "[icr][text]") {
  struct Case {
    std::string text;
    bool label, subdomain;
  };
  const std::string l63(63, 'a');
  for (const auto& [text, label, subdomain] :
       std::vector<Case>{{"a", true, true},
                         {"0", true, true},
                         {"a-b", true, true},
                         {"a--b", true, true},
                         {l63, true, true},
                         {"a.b", false, true},
                         {l63 + "." + l63 + "." + l63 + "." + std::string(61, 'b'), false, true},
                         {l63 + "." + l63 + "." + l63 + "." + std::string(62, 'b'), false, false},
                         {l63 + "a", false, false},
                         {"", false, false},
                         {".", false, false},
                         {"a.", false, false},
                         {".a", false, false},
                         {"a..b", false, false},
                         {"-a", false, false},
                         {"a-", false, false},
                         {"a.-b", false, false},
                         {"A", false, false},
                         {"a_b", false, false},
                         {"a b", false, false},
                         {"\xc3\xa4", false, false}}) {
    DYNAMIC_SECTION('"' << text << '"') {
      CHECK(is_dns_label(text) == label);
      CHECK(is_dns_subdomain(text) == subdomain);
    }
  }
}

TEST_CASE("ports", "[icr][text]") {
  for (const char* port : {"1", "443", "5000", "65535"}) CHECK(is_port(port));
  for (const char* port : {"", "0", "0443", "65536", "99999999999", "-1", "+1", "1a", " 1"}) {
    CHECK_FALSE(is_port(port));
  }
}

TEST_CASE("a slip of the keyboard finds the word that was meant", "[icr][text]") {
  const std::vector<std::string> words{"eu-de", "eu-gb", "us-south", "regions", "credentials"};
  struct Case {
    std::string word;
    std::optional<std::string> meant;
  };
  for (const auto& [word, meant] : std::vector<Case>{{"us-suoth", "us-south"},   // swapped
                                                     {"us-soth", "us-south"},    // left out
                                                     {"us-southh", "us-south"},  // doubled
                                                     {"us_south", "us-south"},   // changed
                                                     {"ussouht", "us-south"},    // two slips
                                                     {"regoins", "regions"},
                                                     {"credential", "credentials"},
                                                     {"eu-dd", "eu-de"},
                                                     {"eu-xx", std::nullopt},  // short: one slip
                                                     {"u", std::nullopt},
                                                     {"", std::nullopt},
                                                     {"something", std::nullopt},
                                                     {std::string(10'000, 'u'), std::nullopt}}) {
    DYNAMIC_SECTION('"' << word.substr(0, 20) << '"') {
      CHECK(nearest(word, words) == meant);
    }
  }
  CHECK_FALSE(nearest("eu-de", {}));
}

}  // namespace text_test
