#include <string>

#include <catch2/catch.hpp>

#include "iam/registry_probe.hpp"

namespace image_reference_test {

using namespace icrps;

namespace {

std::string read(std::string_view text) {
  const auto image = iam::parse_image_reference(text);
  if (!image) return "nothing";
  return image->host + " " + image->image.repository + " " + image->image.reference;
}

const std::string kDigest = "sha256:" + std::string(64, 'a');

}  // namespace

TEST_CASE("image references are taken apart", "[iam][image]") {
  CHECK(read("us.icr.io/team/app:1.2-b_3") == "us.icr.io team/app 1.2-b_3");
  CHECK(read("us.icr.io/team/app") == "us.icr.io team/app latest");
  CHECK(read("us.icr.io/team/app@" + kDigest) == "us.icr.io team/app " + kDigest);
  CHECK(read("us.icr.io/team/app:1@" + kDigest) == "us.icr.io team/app " + kDigest);
  CHECK(read("registry.example.com:5000/a/b-c/d__e.f_g--h:X") ==
        "registry.example.com:5000 a/b-c/d__e.f_g--h X");
}

TEST_CASE("what names no image at a host is refused", "[iam][image]") {
  for (const std::string& text : {std::string(),
                                  std::string("app"),
                                  std::string("team/app"),
                                  std::string("us.icr.io"),
                                  std::string("us.icr.io/"),
                                  std::string("us.icr.io//app"),
                                  std::string("us.icr.io/a/"),
                                  std::string("us.icr.io/A/b"),
                                  std::string("us.icr.io/a/b:"),
                                  std::string("us.icr.io/a:b/c"),
                                  std::string("us.icr.io/a/b:-x"),
                                  std::string("us.icr.io/a/b:x y"),
                                  std::string("us.icr.io/a/..:1"),
                                  std::string("us.icr.io/a/b..c"),
                                  std::string("us.icr.io/a/b___c"),
                                  std::string("us.icr.io/a/b._c"),
                                  std::string("us.icr.io/-a/b"),
                                  std::string("us.icr.io/a/b?x:1"),
                                  std::string("us.icr.io/a/b@"),
                                  std::string("us.icr.io/a/b@sha256:1"),
                                  "us.icr.io/a/b@sha512:" + std::string(64, 'a'),
                                  "us.icr.io/a/b@" + kDigest + "a",
                                  "us.icr.io/a/b:" + std::string(129, 'x'),
                                  "us.icr.io/" + std::string(256, 'x'),
                                  std::string("https://us.icr.io/a/b"),
                                  std::string("user@us.icr.io/a/b"),
                                  std::string("us.icr.io/a/\xc3\xa4")}) {
    CAPTURE(text);
    CHECK(read(text) == "nothing");
  }
}

}  // namespace image_reference_test
