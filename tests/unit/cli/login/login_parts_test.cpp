// The parts of login: who is waited for, and what is written where.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <catch2/catch.hpp>

#include "cli/login/auth_writer.hpp"
#include "cli/login/host_answers.hpp"
#include "unit/config/scratch.hpp"

namespace login_parts_test {

namespace {

using namespace icrps;
using namespace icrps::cli;
using std::chrono::milliseconds;

const icr::Login kLogin{"iamapikey", SecretString("s3cret")};

std::string text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string results(const std::vector<LoginLine>& lines) {
  std::string text;
  for (const auto& line : lines) text += line.host + " " + line.result + ";";
  return text;
}

}  // namespace

TEST_CASE("a host that is silent holds up the others no longer than the patience says") {
  const credentials::AskHost ask = [](const std::string& host, const icr::Login&,
                                      const std::optional<iam::ImageName>&,
                                      const std::stop_token& stop) -> credentials::Answer {
    while (host == "silent" && !stop.stop_requested()) std::this_thread::sleep_for(milliseconds(5));
    iam::Refusal no;
    no.kind = iam::Refusal::Kind::kRefused;
    if (host == "refuses") return tl::unexpected(no);
    return {};
  };
  std::size_t last = 0;
  const auto begin = std::chrono::steady_clock::now();
  const auto replies = prove_at_hosts(ask, kLogin, {"a", "b", "refuses", "silent"},
                                      {milliseconds(60'000), milliseconds(50)},
                                      [&](std::size_t answered, std::size_t) { last = answered; });
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
  CHECK(last == 3);
  CHECK(replies.at("a").value().has_value());
  CHECK_FALSE(replies.at("refuses").value().has_value());
  CHECK_FALSE(replies.at("silent").has_value());
}

TEST_CASE("what was logged in is logged out, and nothing else") {
  const config::Scratch scratch;
  const std::string before =
      R"({"auths":{"us.icr.io":{"auth":"Y3A6eA=="},"quay.io":{"auth":"dTpw"},"uk.icr.io":{}}})";
  const AuthTarget target{AuthClient::kDocker, scratch.file("config.json", before)};
  std::vector<LoginLine> lines;
  REQUIRE(write_logins(target, {"de.icr.io"}, kLogin, {}, lines));
  CHECK(results(lines) == "de.icr.io new;");
  lines.clear();
  REQUIRE(remove_logins(target, {"de.icr.io", "uk.icr.io", "us.icr.io"}, true, lines));
  CHECK(results(lines) == "us.icr.io kept;de.icr.io removed;");
  CHECK(text_of(target.file) != before);  // it was a dry run
  lines.clear();
  REQUIRE(remove_logins(target, {"de.icr.io", "uk.icr.io", "us.icr.io"}, false, lines));
  CHECK(text_of(target.file) == before);
  lines.clear();
  REQUIRE(
      remove_logins({AuthClient::kPodman, scratch.path() + "/none"}, {"de.icr.io"}, false, lines));
  CHECK_FALSE(std::filesystem::exists(scratch.path() + "/none"));
}

TEST_CASE("where a helper is asked, the file is written only if it is wanted so") {
  const config::Scratch scratch;
  const std::string before = R"({"credHelpers":{"us.icr.io":"none-such"},"credsStore":"neither"})";
  const AuthTarget docker{AuthClient::kDocker, scratch.file("config.json", before)};
  std::vector<LoginLine> lines;
  CHECK_FALSE(write_logins(docker, {"de.icr.io", "us.icr.io"}, kLogin, {}, lines));
  CHECK(results(lines) == "de.icr.io failed;us.icr.io failed;");
  CHECK(lines[1].detail.find("docker-credential-none-such can't be started") == 0);
  CHECK(text_of(docker.file) == before);
  lines.clear();
  // podman knows no credsStore.
  const AuthTarget podman{AuthClient::kPodman, docker.file};
  CHECK(write_logins(podman, {"de.icr.io"}, kLogin, {}, lines));
  CHECK(write_logins(docker, {"us.icr.io"}, kLogin, {.file_only = true}, lines));
  CHECK(results(lines) == "de.icr.io new;us.icr.io new;");
}

}  // namespace login_parts_test
