// Which login the kubelet, docker and podman take for an image.
#include <catch2/catch.hpp>

#include "icr/base64.hpp"
#include "keyring/clients.hpp"
#include "keyring/go_url.hpp"
#include "keyring/image_name.hpp"
#include "keyring/kubelet.hpp"

namespace keyring_test {

namespace {

using namespace icrps;
using namespace icrps::keyring;

/// The user names are the keys themselves.
std::string config_of(const std::vector<std::string>& keys) {
  std::string text;
  for (const auto& key : keys) {
    text += (text.empty() ? "{\"auths\":{" : ",") + authfile::json_quoted(key) + ":{\"auth\":\"" +
            icr::base64_encode("u" + std::to_string(text.size()) + ":p") + "\"}";
  }
  return text + "}}";
}

std::vector<std::string> keys_for(const std::vector<std::string>& keys, const std::string& image) {
  const auto keyring = Kubelet::of({{"ns/a", {}, SecretString(config_of(keys))}});
  REQUIRE(keyring);
  std::vector<std::string> found;
  for (const auto& held : keyring->lookup(parse_image_name(image).value().repository)) {
    found.push_back(held.key);
  }
  return found;
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("image names are normalised as docker does it") {
  struct Case {
    std::string reference;
    std::string host;
    std::string repository;
  };
  const std::string digest = "@sha256:" + std::string(64, 'a');
  const std::vector<Case> cases{
      {"us.icr.io/team/app:1", "us.icr.io", "us.icr.io/team/app"},
      {"us.icr.io/team/app:1" + digest, "us.icr.io", "us.icr.io/team/app"},
      {"us.icr.io:5000/team/app" + digest, "us.icr.io:5000", "us.icr.io:5000/team/app"},
      {"nginx", "docker.io", "docker.io/library/nginx"},
      {"nginx:1", "docker.io", "docker.io/library/nginx"},
      {"team/app", "docker.io", "docker.io/team/app"},
      {"index.docker.io/app", "docker.io", "docker.io/library/app"},
      {"localhost/app", "localhost", "localhost/app"},
      {"[::1]:80/app", "[::1]:80", "[::1]:80/app"},
      {"US.icr.io/app", "US.icr.io", "US.icr.io/app"},
      {"a_b.c/app", "", "a_b.c/app"},
  };
  for (const auto& [reference, host, repository] : cases) {
    INFO(reference);
    const auto name = parse_image_name(reference);
    REQUIRE(name);
    CHECK(name->host == host);
    CHECK(name->repository == repository);
  }
  for (const std::string reference :
       {"", ":", "/", "us.icr.io/", "us.icr.io/Team/app", "us.icr.io/team/app:", "us.icr.io//app",
        "us.icr.io/team/app:-x", "us.icr.io/team/app@sha256:abc", "us.icr.io/te--_am/app",
        "https://us.icr.io/team/app", "us.icr.io/team/app:1:2", "-x/app.", "a b", "us.icr.io:/a"}) {
    INFO(reference);
    CHECK_FALSE(parse_image_name(reference));
  }
  CHECK_FALSE(parse_image_name(std::string(64, 'a')));
}

TEST_CASE("the kubelet tries the logins that match, the most specific first") {
  struct Case {
    Keys keys;
    std::string image;
    Keys found;
  };
  const std::vector<Case> cases{
      {{"us.icr.io"}, "us.icr.io/team/app", {"us.icr.io"}},
      {{"https://us.icr.io"}, "us.icr.io/team/app", {"https://us.icr.io"}},
      {{"https://us.icr.io/v2/"}, "us.icr.io/team/app", {"https://us.icr.io/v2/"}},
      {{"us.icr.io", "us.icr.io/team/"}, "us.icr.io/team/app", {"us.icr.io/team/", "us.icr.io"}},
      {{"us.icr.io/team"}, "us.icr.io/team-b/app", {"us.icr.io/team"}},  // a prefix is text
      {{"us.icr.io/team/"}, "us.icr.io/team-b/app", {}},
      {{"*.icr.io", "us.icr.io"}, "us.icr.io/a", {"us.icr.io", "*.icr.io"}},
      {{"*.icr.io"}, "icr.io/a", {}},
      {{"*.icr.io", "*.*.icr.io"}, "private.us.icr.io/a", {"*.*.icr.io"}},
      {{"us.icr.io/*"}, "us.icr.io/a", {}},
      {{"us.icr.io:443"}, "us.icr.io/a", {}},
      {{"us.icr.io"}, "us.icr.io:443/a", {}},
      {{"u?.icr.io", "u[ts].icr.io", "u*.icr.io"},
       "us.icr.io/a",
       {"u*.icr.io"}},  // ? begins a query
      {{"user@us.icr.io"}, "us.icr.io/a", {"user@us.icr.io"}},
      {{"us.icr.io/a?b#c"}, "us.icr.io/a", {"us.icr.io/a?b#c"}},
      {{"us.icr.io/%61"}, "us.icr.io/a", {"us.icr.io/%61"}},
      {{"https://index.docker.io/v1/"}, "nginx", {"https://index.docker.io/v1/"}},
      {{"docker.io", "https://index.docker.io/v1/"}, "nginx", {"docker.io"}},
      {{"US.icr.io"}, "us.icr.io/a", {}},
  };
  for (const auto& [keys, image, found] : cases) {
    INFO(image << " " << config_of(keys));
    CHECK(keys_for(keys, image) == found);
  }
}

TEST_CASE("secrets are tried in the pod's order, and one bad entry spoils all") {
  const PullSecret first{"ns/a", {}, SecretString(config_of({"us.icr.io"}))};
  const PullSecret second{"ns/b", {}, SecretString(config_of({"us.icr.io/team", "us.icr.io"}))};
  const auto keyring = Kubelet::of({first, second});
  REQUIRE(keyring);
  const auto found = keyring->lookup("us.icr.io/team/app");
  REQUIRE(found.size() == 3);
  CHECK(found[0].key == "us.icr.io/team");
  CHECK(found[1].secret == "ns/a");
  CHECK(found[2].secret == "ns/b");

  struct Case {
    std::string content;
    std::string error;
  };
  const std::vector<Case> cases{
      {R"({"auths":{"us.icr.io":{"auth":"!"}}})",
       "ns/c: the entry \"us.icr.io\": \"auth\" is not base64(user:password)"},
      {R"({"auths":{"us.icr.io":{"auth":"YWJj"}}})", "ns/c: the entry \"us.icr.io\": \"auth\""},
      {R"({"auths":{"us.icr.io":{"username":1}}})",
       "ns/c: the entry \"us.icr.io\": \"username\" is no text"},
      {R"({"auths":[]})", "ns/c: \"auths\" is no object"},
      {"[]", "ns/c: it is no object"},
      {"{", "ns/c: line 1, column 2: the text ends"},
      {R"({"HttpHeaders":{"a":1}})", "ns/c: \"HttpHeaders\": \"a\" is no text"},
  };
  for (const auto& [content, error] : cases) {
    INFO(content);
    const auto all = Kubelet::of({first, {"ns/c", {}, SecretString(content)}});
    REQUIRE_FALSE(all);
    CHECK(all.error().substr(0, error.size()) == error);
  }
}

TEST_CASE("why the kubelet passes over a key is told") {
  CHECK(why_not("us.icr.io", "us.icr.io/a").empty());
  CHECK(why_not("de.icr.io", "us.icr.io/a") == "the host differs");
  CHECK(why_not("*.icr.io", "private.us.icr.io/a") == "* stands for one label of the host only");
  CHECK(why_not("us.icr.io:443", "us.icr.io/a") == "the port differs");
  CHECK(why_not("us.icr.io/team/", "us.icr.io/other/a") == "the image is not below its path");
  CHECK(why_not("us.icr.io/*", "us.icr.io/a") ==
        "the image is not below its path, where * stands for itself");
  CHECK(why_not("https://us .icr.io", "us.icr.io/a") == "it is no address");
}

TEST_CASE("docker takes the host's entry, podman the nearest path") {
  const auto pick = [](const Keys& keys, const std::string& image, bool podman) {
    const auto file = authfile::AuthFile::parse(SecretString(config_of(keys))).value();
    const auto name = parse_image_name(image).value();
    Keys found;
    for (const auto& entry : (podman ? podman_pick(file, name) : docker_pick(file, name)).entries) {
      found.push_back(entry.key);
    }
    return found;
  };
  struct Case {
    Keys keys;
    std::string image;
    Keys docker;
    Keys podman;
  };
  const std::vector<Case> cases{
      {{"us.icr.io"}, "us.icr.io/team/app", {"us.icr.io"}, {"us.icr.io"}},
      {{"us.icr.io", "us.icr.io/team"}, "us.icr.io/team/app", {"us.icr.io"}, {"us.icr.io/team"}},
      // docker takes a path's entry for the whole host; with two it is a matter of chance
      {{"us.icr.io/a"}, "us.icr.io/team/app", {"us.icr.io/a"}, {}},
      {{"us.icr.io/a", "us.icr.io/b"},
       "us.icr.io/a/x",
       {"us.icr.io/a", "us.icr.io/b"},
       {"us.icr.io/a"}},
      {{"us.icr.io/team"}, "us.icr.io/team-b/app", {"us.icr.io/team"}, {}},
      {{"us.icr.io/team/"}, "us.icr.io/team/app", {"us.icr.io/team/"}, {}},
      {{"https://us.icr.io/v2/"},
       "us.icr.io/a",
       {"https://us.icr.io/v2/"},
       {"https://us.icr.io/v2/"}},
      {{"*.icr.io"}, "us.icr.io/a", {}, {}},
      {{"https://index.docker.io/v1/"},
       "nginx",
       {"https://index.docker.io/v1/"},
       {"https://index.docker.io/v1/"}},
      {{"docker.io"}, "nginx", {}, {"docker.io"}},
  };
  for (const auto& [keys, image, docker, podman] : cases) {
    INFO(image << " " << config_of(keys));
    CHECK(pick(keys, image, false) == docker);
    CHECK(pick(keys, image, true) == podman);
  }
}

TEST_CASE("a helper goes before the file; one bad entry spoils all of it for docker alone") {
  const auto name = parse_image_name("us.icr.io/a").value();
  const auto of = [](const std::string& text) {
    return authfile::AuthFile::parse(SecretString(text)).value();
  };
  const auto helper = of(R"({"credHelpers":{"us.icr.io":"icr"},"credsStore":"pass"})");
  CHECK(docker_pick(helper, name).helper == "icr");
  CHECK(podman_pick(helper, name).helper == "icr");
  const auto store = of(R"({"credsStore":"pass","auths":{"us.icr.io":{"auth":"dTpw"}}})");
  CHECK(docker_pick(store, name).helper == "pass");
  CHECK(podman_pick(store, name).entries.size() == 1);
  const auto bad = of(R"({"auths":{"x":{"auth":"!"},"us.icr.io":{"auth":"dTpw"}}})");
  CHECK(docker_pick(bad, name).fault.starts_with("the entry \"x\""));
  CHECK(podman_pick(bad, name).entries.size() == 1);
}

}  // namespace keyring_test
