#include "credentials/pure/source_words.hpp"

#include <vector>

#include <catch2/catch.hpp>

#include "runtime/timestamp.hpp"

namespace source_words_test {

using namespace icrps;
using namespace icrps::credentials;

TEST_CASE("a source is called by its Secret, or by its kind", "[credentials][words]") {
  CHECK(subject_of("icr-api-key", "apiKey") == "Secret icr-api-key, the source");
  CHECK(subject_of(std::nullopt, "trustedProfile") == "The trustedProfile");
  CHECK(not_good("The trustedProfile", "keyless", "iam: no") ==
        "The trustedProfile of credential \"keyless\" is not good for use: iam: no.");
  CHECK(unusable("icr-api-key", "default", "has no key \"apikey\"") ==
        "Secret icr-api-key, the source of credential \"default\", has no key \"apikey\".");
}

TEST_CASE("who reads that a source is not good reads what stays", "[credentials][words]") {
  const auto end = parse_rfc3339("2026-11-23T07:20:44Z");
  struct Case {
    InForce in_force;
    std::string begins;
    std::string holds;
  };
  for (const auto& [in_force, begins, holds] : std::vector<Case>{
           {{false, true, {}, true}, "No namespace gets this credential until then;", "are kept."},
           {{true, false, {}, false}, "The last good value stays in force everywhere.", ""},
           {{true, true, end, false},
            "The last good value stays in force until it expires.",
            "ends at 2026-11-23T07:20:44Z."},
           {{true, true, {}, false},
            "The last good value stays in force until it expires.",
            "ends within hours."},
           {{true, true, end, true},
            "The last good value stays in force: tokens go on being fetched with it",
            "To stop that on purpose, revoke the key"}}) {
    const auto text = what_stays(in_force);
    CHECK_THAT(text, Catch::StartsWith(begins));
    CHECK_THAT(text, Catch::Contains(holds));
  }
}

TEST_CASE("what was taken of a Secret's value is worth a note, and no problem",
          "[credentials][words]") {
  const auto note = taken_note("icr-api-key", "apikey", false);
  CHECK(note.note);
  CHECK(note.reason == "SourceTrimmed");
  CHECK_THAT(note.message, Catch::StartsWith("Secret icr-api-key, key \"apikey\": white space"));
  const auto of_file = taken_note("icr-api-key", "apikey", true);
  CHECK(of_file.note);
  CHECK(of_file.reason != note.reason);
  CHECK_THAT(of_file.message, Catch::Contains("its field \"apikey\" was taken"));
}

}  // namespace source_words_test
