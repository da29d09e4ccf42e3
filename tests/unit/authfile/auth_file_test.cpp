// Auth files: what is changed, and that nothing else is.
#include "authfile/auth_file.hpp"

#include <catch2/catch.hpp>

#include "icr/base64.hpp"

namespace auth_file_test {

namespace {

using namespace icrps;
using authfile::AuthFile;
using authfile::Change;

const icr::Login kLogin{"iamapikey", SecretString("s3cret")};

AuthFile parsed(const std::string& text) {
  auto file = AuthFile::parse(SecretString(text));
  INFO((file ? "" : file.error()));
  REQUIRE(file);
  return std::move(*file);
}

std::string auth(const std::string& both) {
  return icr::base64_encode(both);
}

const std::string kAuth = auth("iamapikey:s3cret");

/// Foreign content of every kind, in an order that no program would choose.
const std::string kForeign =
    "{\n"
    "\t\"psFormat\": \"table {{.ID}}\\t{{.Names}}\",\n"
    "\t\"auths\": {\n"
    "\t\t\"quay.io\": {\n"
    "\t\t\t\"email\": \"a@b\", \"auth\": \"dTpw\",   \"x\": [1, 2.50, {\"y\": null}]\n"
    "\t\t},\n"
    "\t\t\"us.icr.io\": {}\n"
    "\t},\n"
    "  \"credsStore\" : \"pass\" , \"HttpHeaders\": {\"a\": \"\\u00e9\\/\"},\n"
    "\t\"big\": 12345678901234567890.10e+2\n"
    "}\n \n";

}  // namespace

TEST_CASE("a login is put into an empty file as docker lays it out") {
  for (const std::string text : {"", " \n", "{}", "{\n}"}) {
    auto file = parsed(text);
    CHECK(file.put("us.icr.io", kLogin) == Change::kNew);
    CHECK(file.put("de.icr.io", kLogin) == Change::kNew);
    const std::string content = "{\n\t\"auths\": {\n\t\t\"us.icr.io\": {\n\t\t\t\"auth\": \"" +
                                kAuth + "\"\n\t\t},\n\t\t\"de.icr.io\": {\n\t\t\t\"auth\": \"" +
                                kAuth + "\"\n\t\t}\n\t}\n}";
    CHECK(file.text().reveal().substr(0, content.size()) == content);
  }
}

TEST_CASE("what is foreign stays byte for byte") {
  auto file = parsed(kForeign);
  CHECK(file.put("de.icr.io", kLogin) == Change::kNew);
  CHECK(file.put("us.icr.io", kLogin) == Change::kNew);
  CHECK(file.put("us.icr.io", kLogin) == Change::kUnchanged);
  auto expected = kForeign;
  const std::string ours = "{\n\t\t\t\"auth\": \"" + kAuth + "\"\n\t\t}";
  expected.replace(expected.find("{}"), 2, ours + ",\n\t\t\"de.icr.io\": " + ours);
  CHECK(file.text().reveal() == expected);
  CHECK(file.remove("de.icr.io"));
  CHECK(file.remove("us.icr.io"));
  CHECK_FALSE(file.remove("us.icr.io"));
  expected = kForeign;
  expected.erase(expected.find(",\n\t\t\"us.icr.io\": {}"), 19);
  CHECK(file.text().reveal() == expected);
}

TEST_CASE("an entry is updated in its place, with its other fields") {
  const std::string text = R"({"auths":{"us.icr.io":{"email":"a@b","identitytoken":"t","auth":")" +
                           auth("old:x") + R"(","username":"old","password":"x"}}})";
  auto file = parsed(text);
  CHECK(file.put("us.icr.io", kLogin) == Change::kUpdated);
  CHECK(file.text().reveal() == R"({"auths":{"us.icr.io":{"email":"a@b","auth":")" + kAuth +
                                    R"(","username":"iamapikey","password":"s3cret"}}})");
  CHECK(file.put("us.icr.io", kLogin) == Change::kUnchanged);
  CHECK(file.remove("us.icr.io"));
  CHECK(file.text().reveal() == R"({"auths":{}})");
}

TEST_CASE("helpers are set and removed among others") {
  auto file = parsed("{\r\n  \"credHelpers\": {\r\n    \"gcr.io\": \"gcloud\"\r\n  }\r\n}");
  CHECK(file.set_helper("us.icr.io", "icr") == Change::kNew);
  CHECK(file.set_helper("us.icr.io", "icr") == Change::kUnchanged);
  CHECK(file.set_helper("gcr.io", "icr") == Change::kUpdated);
  CHECK(file.text().reveal() ==
        "{\r\n  \"credHelpers\": {\r\n    \"gcr.io\": \"icr\",\r\n    \"us.icr.io\": \"icr\"\r\n  "
        "}\r\n}");
  CHECK(file.helpers() ==
        std::map<std::string, std::string>{{"gcr.io", "icr"}, {"us.icr.io", "icr"}});
  CHECK(file.remove_helper("gcr.io"));
  CHECK(file.remove_helper("us.icr.io"));
  CHECK(file.put("us.icr.io", kLogin) == Change::kNew);
  CHECK(file.text().reveal() ==
        "{\r\n  \"credHelpers\": {},\r\n  \"auths\": {\r\n    \"us.icr.io\": "
        "{\r\n      \"auth\": \"" +
            kAuth + "\"\r\n    }\r\n  }\r\n}");
}

TEST_CASE("auths that are null are replaced") {
  auto file = parsed("{\"auths\": null}");
  CHECK(file.put("us.icr.io", kLogin) == Change::kNew);
  CHECK(file.entries().size() == 1);
  CHECK(file.text().reveal().find("null") == std::string::npos);
}

TEST_CASE("entries are read as docker reads them") {
  const auto file = parsed(R"({"credsStore":"pass","auths":{
    "a":{"auth":")" + auth("user:pass:word") +
                           R"("},"b":{},"c":{"auth":"!"},"d":{"auth":")" + auth("nocolon") +
                           R"("},"e":{"identitytoken":"t"},"f":null}})");
  const auto all = file.entries();
  REQUIRE(all.size() == 6);
  CHECK(all[0].login == icr::Login{"user", SecretString("pass:word")});
  CHECK(all[1].login == icr::Login{});
  CHECK(all[1].fault.empty());
  CHECK(all[2].fault == "its \"auth\" is not base64");
  CHECK(all[3].fault == "its \"auth\" is not base64(user:password)");
  CHECK(all[4].identity_token);
  CHECK(file.store() == "pass");
}

TEST_CASE("a file that readers would not agree about is refused with its place") {
  struct Case {
    std::string text;
    std::string error;
  };
  const std::vector<Case> cases{
      {"\xef\xbb\xbf{}", "line 1, column 1: a byte order mark"},
      {"{\n\t\"auths\": {\n}", "line 3, column 2: the text ends"},
      {"{\n  \"a\": 1,\n}", "line 3, column 1: no key in quotes here"},
      {"{'a': 1}", "line 1, column 2: no key in quotes here"},
      {"{} x", "line 1, column 4: more text after the end of the value"},
      {"[]", "line 1, column 1: it is no object"},
      {"{\"a\": 01}", "line 1, column 8: no ',' here"},
      {"{\"a\": +1}", "line 1, column 7: no value here"},
      {"{\"a\": \"\t\"}", "line 1, column 8: a control character in a string"},
      {"{\"a\": \"\\x\"}", "line 1, column 9: an escape that JSON does not have"},
      {"{\"a\": tru}", "line 1, column 7: no value here"},
      {"{\"a\": 1, \"a\": 2}", "line 1, column 10: the key \"a\" is there twice"},
      {"{\"auths\": {\"h\": {}, \"h\": {}}}", "line 1, column 21: the key \"h\" is there twice"},
      {"{\"auths\": {\"h\": {\"auth\": \"\", \"auth\": \"\"}}}",
       "line 1, column 30: the key \"auth\" is there twice"},
      {"{\"Auths\": {}}", "line 1, column 2: the key \"Auths\" is read as \"auths\""},
      {"{\"auths\": []}", "line 1, column 11: \"auths\" is no object"},
      {"{\"auths\": {\"h\": \"x\"}}",
       "line 1, column 17: the entry \"h\" of \"auths\" is no object"},
      {"{\"credHelpers\": {\"h\": 1}}",
       "line 1, column 23: the entry \"h\" of \"credHelpers\" is no text"},
      {"{\"credsStore\": {}}", "line 1, column 16: \"credsStore\" is no text"},
      {std::string(300, '['), "line 1, column 102: nested too deeply"},
      {std::string("{}\0", 3), "line 1, column 3: more text"},
  };
  for (const auto& [text, error] : cases) {
    INFO(text);
    const auto file = AuthFile::parse(SecretString(text));
    REQUIRE_FALSE(file);
    CHECK(file.error().substr(0, error.size()) == error);
  }
}

}  // namespace auth_file_test
