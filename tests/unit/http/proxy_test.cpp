// Proxies: which address, and for whom.
#include "http/proxy.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace proxy_test {
namespace {

using namespace icrps::http;

struct Host {
  const char* host;
  bool by_proxy;
};

}  // namespace

TEST_CASE("NO_PROXY means what it means to Go's httpproxy", "[http][proxy]") {
  // The table of its own tests.
  const NoProxy list(
      "foobar.com, .barbaz.net, *.wildcard.io, 192.168.1.1, 192.168.1.2:81, 192.168.1.3:80, "
      "10.0.0.0/30, 2001:db8::52:0:1, [2001:db8::52:0:2]:443, [2001:db8::52:0:3]:80, "
      "2002:db8:a::45/64");
  for (const auto& [host, by_proxy] : std::vector<Host>{{"localhost", false},
                                                        {"127.0.0.1", false},
                                                        {"127.0.0.2", false},
                                                        {"::1", false},
                                                        {"::2", true},
                                                        {"192.168.1.1", false},
                                                        {"192.168.1.2", true},
                                                        {"192.168.1.3", false},
                                                        {"192.168.1.4", true},
                                                        {"10.0.0.2", false},
                                                        {"10.0.0.4", true},
                                                        {"2001:db8::52:0:1", false},
                                                        {"2001:db8::52:0:2", true},
                                                        {"2001:db8::52:0:3", false},
                                                        {"2002:db8:a::123", false},
                                                        {"fe80::424b:c8be:1643:a1b6", true},
                                                        {"barbaz.net", true},
                                                        {"www.barbaz.net", false},
                                                        {"foobar.com", false},
                                                        {"www.foobar.com", false},
                                                        {"FooBar.com", false},
                                                        {"foofoobar.com", true},
                                                        {"baz.com", true},
                                                        {"localhost.net", true},
                                                        {"local.localhost", true},
                                                        {"barbarbaz.net", true},
                                                        {"wildcard.io", true},
                                                        {"nested.wildcard.io", false},
                                                        {"awildcard.io", true}}) {
    INFO(host);
    CHECK(list.matches(host, "80") == !by_proxy);
  }
}

TEST_CASE("NO_PROXY of odd forms", "[http][proxy]") {
  CHECK(NoProxy("*").matches("us.icr.io", "443"));
  CHECK(NoProxy("a.example,*").matches("us.icr.io", "443"));
  CHECK(NoProxy("icr.io:443").matches("us.icr.io", "443"));
  CHECK_FALSE(NoProxy("icr.io:444").matches("us.icr.io", "443"));
  CHECK(NoProxy("::ffff:10.0.0.1").matches("10.0.0.1", "443"));
  CHECK(NoProxy("0.0.0.0/0").matches("192.0.2.1", "443"));
  CHECK_FALSE(NoProxy("0.0.0.0/0").matches("us.icr.io", "443"));
  for (const char* nothing : {"", ",", " , ,", ":443", "10.0.0.0/33", "[::1", "/", "10.0.0.0/x"}) {
    INFO(nothing);
    CHECK_FALSE(NoProxy(nothing).matches("us.icr.io", "443"));
    CHECK_FALSE(NoProxy(nothing).matches("10.0.0.1", "443"));
  }
}

TEST_CASE("Where a proxy is", "[http][proxy]") {
  struct Row {
    const char* url;
    const char* address;
    const char* user = nullptr;
    const char* password = "";
  };
  for (const auto& [url, address, user, password] :
       std::vector<Row>{{"http://proxy:3128", "proxy:3128"},
                        {"http://proxy:3128/", "proxy:3128"},
                        {"proxy.example", "proxy.example:80"},
                        {"10.0.0.1:3128", "10.0.0.1:3128"},
                        {"HTTP://Proxy.Example.:8080", "proxy.example.:8080"},
                        {"http://[fd00::1]:3128", "[fd00::1]:3128"},
                        {"http://me:5ecret@proxy:3128", "proxy:3128", "me", "5ecret"},
                        {"http://me@proxy", "proxy:80", "me", ""},
                        {"me%40corp:p%3Aw%25@proxy:1", "proxy:1", "me@corp", "p:w%"},
                        {"http://me:a:b@c@proxy:1", "proxy:1", "me", "a:b@c"}}) {
    INFO(url);
    const auto proxy = parse_proxy(url);
    REQUIRE(proxy);
    CHECK(proxy->address() == address);
    REQUIRE(proxy->login.has_value() == (user != nullptr));
    if (user == nullptr) continue;
    CHECK(proxy->login->user == user);
    CHECK(proxy->login->password.reveal() == password);
  }
}

TEST_CASE("What is no proxy is refused without repeating it", "[http][proxy]") {
  for (const char* url :
       {"", "http://", "http://:3128", "https://me:5ecret@proxy:3128", "socks5://5ecret:1080",
        "ftp://5ecret", "http://5ecret:x", "http://5ecret:0", "http://5ecret:99999",
        "http://5ecret/path", "http://5ecret proxy", "http://me:5ecret%zz@proxy",
        "http://me:5ecret%0a@proxy", "http://:5ecret@proxy", "http://[::1", "http://[5ecret]:1"}) {
    INFO(url);
    const auto proxy = parse_proxy(url);
    REQUIRE_FALSE(proxy);
    CHECK_THAT(proxy.error(), Catch::Contains("; accepted: http://"));
    CHECK_THAT(proxy.error(), !Catch::Contains("5ecret"));
  }
}

TEST_CASE("A proxy's user and password in a file", "[http][proxy]") {
  const auto login = parse_proxy_login("me:a:b%41 c\n");
  REQUIRE(login);
  CHECK(login->user == "me");
  CHECK(login->password.reveal() == "a:b%41 c");
  for (const char* nothing : {"", "me", ":x", "me:a\nb:c"}) CHECK_FALSE(parse_proxy_login(nothing));
}

TEST_CASE("Which origins are reached by the proxy", "[http][proxy]") {
  ProxyRules rules;
  CHECK_FALSE(rules.for_origin("https://us.icr.io"));
  rules.proxy = Proxy{"proxy", "3128"};
  CHECK(rules.for_origin("https://us.icr.io") == rules.proxy);
  CHECK(rules.for_origin("https://[2001:db8::1]:8443/path") == rules.proxy);
  CHECK_FALSE(rules.for_origin("https://localhost:8443"));
  rules.no_proxy = NoProxy("icr.io:443,2001:db8::1");
  CHECK_FALSE(rules.for_origin("https://us.icr.io"));
  CHECK(rules.for_origin("https://us.icr.io:8443"));
  CHECK_FALSE(rules.for_origin("https://[2001:db8::1]:8443/path"));
}

}  // namespace proxy_test
