#include "cli/helper/credential_helper.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fmt/core.h>
#include <fmt/format.h>
#include <functional>
#include <map>
#include <optional>
#include <poll.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authfile/auth_file.hpp"
#include "cli/client/key.hpp"
#include "cli/client/settings.hpp"
#include "cli/client/time_limit.hpp"
#include "cli/helper/token_cache.hpp"
#include "cli/login/auth_targets.hpp"
#include "cli/login/file_update.hpp"
#include "cli/outside.hpp"
#include "helper/protocol.hpp"
#include "http/transport_cpprest.hpp"
#include "icr/text.hpp"
#include "runtime/digest.hpp"

namespace icrps::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// No client has a limit of its own: one that hangs would hang `docker build`.
constexpr std::chrono::seconds kHelperTime{10};
constexpr std::size_t kMostInput = std::size_t{1} << 20U;

/// The text that is printed before exit code 1.
struct HelperError {
  std::string text;
};

void warn(const std::string& text) {
  fmt::print(stderr, "{}: {}\n", helper::kName, text);
}

/// Whether nobody gave us one: then a library may have opened something of its own in its place,
/// which is no file, pipe or terminal.
bool input_is_closed() {
  struct stat status{};
  return ::fstat(STDIN_FILENO, &status) != 0 || (status.st_mode & S_IFMT) == 0;
}

/// The whole standard input, which may be closed, endless or silent.
SecretString read_input(SteadyClock::time_point end) {
  if (input_is_closed()) return {};
  std::string text(kMostInput + 1, '\0');
  std::size_t size = 0;
  while (size <= kMostInput) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - SteadyClock::now());
    pollfd wait{STDIN_FILENO, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&wait, 1, static_cast<int>(left.count())) == 0) {
      throw HelperError{"the standard input did not end within 10 s"};
    }
    const auto count = ::read(STDIN_FILENO, text.data() + size, text.size() - size);
    if (count == 0 || (count < 0 && errno != EINTR)) break;
    if (count > 0) size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  SecretString input(std::move(text));
  if (size > kMostInput) throw HelperError{"the standard input is larger than 1 MiB"};
  return input;
}

void print_line(const SecretString& text) {
  std::fwrite(text.reveal().data(), 1, text.size(), stdout);
  std::fputc('\n', stdout);
}

class CredentialHelper {
 public:
  CredentialHelper()
      : environment_(process_environment()), end_(SteadyClock::now() + kHelperTime) {}

  void get() {
    const auto server = helper::joined_input(read_input(end_).reveal());
    if (server.empty()) throw HelperError{std::string(helper::kNoServer)};
    const auto host = helper::host_of_server(server);
    // Before any file and the network: it may be asked for every registry.
    if (!helper::is_registry_host(host)) throw HelperError{std::string(helper::kNotFound)};
    const auto login = login_for(host);
    if (!login) throw HelperError{std::string(helper::kNotFound)};
    print_line(helper::get_answer(server, *login));
  }

  void store() {
    const auto input = read_input(end_);
    const auto request = helper::parse_store(input.reveal());
    if (!request) throw HelperError{request.error()};
    const auto host = helper::host_of_server(request->server);
    if (!helper::is_registry_host(host)) {
      throw HelperError{
          fmt::format("{} is no host of IBM Cloud Container Registry, and this helper "
                      "keeps logins of no other; remove it from credHelpers",
                      icr::quoted(host))};
    }
    if (request->login.username == helper::kTokenUser) {
      throw HelperError{"identity tokens are not for IBM Cloud Container Registry"};
    }
    if (has_source()) {
      warn("not kept: the API key comes from " + source_name_);
      return;
    }
    edit([&](authfile::AuthFile& file) { file.put(host, request->login); });
  }

  void erase() {
    const auto server = helper::joined_input(read_input(end_).reveal());
    if (server.empty()) throw HelperError{std::string(helper::kNoServer)};
    const auto host = helper::host_of_server(server);
    if (!kept(host)) return;
    edit([&](authfile::AuthFile& file) { file.remove(host); });
  }

  void list() {
    std::map<std::string, std::string> users;
    for (const auto& entry : kept_file().entries()) users[entry.key] = answered_user(entry.login);
    if (has_source()) {
      const auto hosts = wished_hosts({}, settings().regions);
      if (hosts) {
        for (const auto& host : *hosts) users[host] = answered_user({icr::kApiKeyUser, {}});
      }
    }
    fmt::print("{}\n", helper::list_answer(users));
  }

 private:
  const Settings& settings() {
    if (settings_) return *settings_;
    auto read = read_settings({}, environment_);
    if (!read) throw HelperError{read.error()};
    return settings_.emplace(std::move(*read));
  }

  /// Whether the key comes from the environment or from client.yaml: then nothing is kept.
  bool has_source() {
    if (environment_("IBMCLOUD_API_KEY")) source_name_ = "$IBMCLOUD_API_KEY";
    if (source_name_.empty() && environment_("IBMCLOUD_API_KEY_FILE")) {
      source_name_ = "$IBMCLOUD_API_KEY_FILE";
    }
    if (source_name_.empty() && !settings().api_key_file.empty()) {
      source_name_ = "`apiKeyFile` of client.yaml";
    }
    return !source_name_.empty();
  }

  std::optional<icr::Login> login_for(const std::string& host) {
    std::optional<icr::Login> login;
    if (has_source()) {
      auto places = process_places();
      places.prompt = [] { return tl::unexpected<std::string>("there is no API key"); };
      const auto key = find_key({}, settings(), places);
      if (!key) throw HelperError{key.error()};
      login = key->login();
    } else {
      login = kept(host);
    }
    const bool by_token = settings().answer == config::Answer::kToken;
    if (!login || !by_token || login->username != icr::kApiKeyUser) return login;
    return icr::Login{icr::kBearerUser, token(login->password)};
  }

  SecretString token(const SecretString& key) {
    const auto source = digest({key.reveal(), settings().iam_origin}, 32);
    const TokenCache cache(file_of("helper-token.json"), source);
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end_ - SteadyClock::now());
    const auto answer = cache.get([&](auto limit) { return ask_iam(key, limit); }, left);
    if (!answer) throw HelperError{answer.error()};
    if (!answer->warning.empty()) warn("goes on with the token it has: " + answer->warning);
    return answer->token;
  }

  tl::expected<iam::Token, iam::Refusal> ask_iam(const SecretString& key,
                                                 std::chrono::milliseconds limit) {
    config::Config config;
    config.iam.origin = settings().iam_origin;
    config.iam.ca_file = settings().ca_file;
    http::initialize_http();
    const auto outside = roads_outside(config, {[](auto, auto) {}});
    if (!outside) throw HelperError{outside.error()};
    const TimeLimit time(limit);
    return outside->iam->token_by_api_key(key, time.token());
  }

  std::string answered_user(const icr::Login& login) {
    const bool by_token = settings().answer == config::Answer::kToken;
    return by_token && login.username == icr::kApiKeyUser ? icr::kBearerUser : login.username;
  }

  // ---- what `docker login` stored ----

  std::string file_of(const char* name) {
    const auto folder = own_folder(environment_);
    if (folder.empty()) throw HelperError{"HOME is not set"};
    return folder + "/" + name;
  }

  authfile::AuthFile kept_file() {
    const auto name = file_of("helper-logins.json");
    const auto content = read_if_there(name);
    if (!content) throw HelperError{content.error()};
    auto file = authfile::AuthFile::parse(*content);
    if (!file) throw HelperError{name + ": " + file.error()};
    return std::move(*file);
  }

  std::optional<icr::Login> kept(const std::string& host) {
    for (const auto& entry : kept_file().entries()) {
      if (entry.key == host && !entry.login.username.empty()) return entry.login;
    }
    return std::nullopt;
  }

  void edit(const std::function<void(authfile::AuthFile&)>& change) {
    const auto name = file_of("helper-logins.json");
    const auto done = update_file(
        name, [&](const SecretString& content) -> tl::expected<SecretString, std::string> {
          auto file = authfile::AuthFile::parse(content);
          if (!file) return tl::unexpected(name + ": " + file.error());
          change(*file);
          return file->text();
        });
    if (!done) throw HelperError{done.error()};
  }

  const Environment environment_;
  const SteadyClock::time_point end_;
  std::optional<Settings> settings_;
  std::string source_name_;
};

int do_action(const std::string& action) {
  CredentialHelper one;
  try {
    if (action == "get") {
      one.get();
    } else if (action == "store") {
      one.store();
    } else if (action == "erase") {
      one.erase();
    } else if (action == "list") {
      one.list();
    } else {
      throw HelperError{fmt::format("{}: unknown action: {}", helper::kName, action)};
    }
  } catch (const HelperError& error) {
    fmt::print("{}\n", error.text);
    return 1;
  } catch (const std::exception& error) {
    fmt::print("{}\n", error.what());
    return 1;
  }
  return 0;
}

}  // namespace

int credential_helper(int argc, char** argv) {
  ::prctl(PR_SET_DUMPABLE, 0);  // credentials are in its memory
  std::signal(SIGPIPE, SIG_IGN);
  const auto usage = fmt::format("Usage: {} <store|get|erase|list|version>\n", helper::kName);
  if (argc != 2) {
    fmt::print("{}", usage);
    return 1;
  }
  const std::string action = argv[1];
  if (action == "--help" || action == "-h") {
    fmt::print("{}", usage);
    return 0;
  }
  if (action == "version" || action == "--version" || action == "-v") {
    fmt::print("{} (icr-pull-secrets) {}\n", helper::kName, ICRPS_VERSION);
    return 0;
  }
  return do_action(action);
}

}  // namespace icrps::cli
