// Real programs as plugins: those that do well, and those that hang, flood or are missing.
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "config/kubeconfig.hpp"
#include "kube/connection.hpp"
#include "runtime/child_process.hpp"

namespace plugins_test {

using namespace icrps;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Kind = ChildEnd::Kind;

namespace {

/// A folder that goes when the test ends.
class Folder {
 public:
  Folder() {
    std::string name = "/tmp/icrps-plugins-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string script(const std::string& name, const std::string& text) const {
    const auto file = path_ + "/" + name;
    std::ofstream(file) << "#!/bin/sh\n" << text;
    ::chmod(file.c_str(), 0700);
    return file;
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

ChildEnd run(const std::string& program, std::chrono::milliseconds limit = 20s) {
  ChildOrder order;
  order.command = program;
  order.environment = {"PATH=/usr/bin:/bin"};
  order.time_limit = limit;
  return run_child(order);
}

/// Whether the process with this number is gone, or dead and waiting for its parent.
bool gone(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string number;
  std::string name;
  std::string state;
  file >> number >> name >> state;
  return state.empty() || state == "Z" || state == "X";
}

std::string text_of(const std::string& file) {
  std::ifstream stream(file);
  std::string text;
  stream >> text;
  return text;
}

std::string kubeconfig(const std::string& command) {
  return "current-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n"
         "clusters: [{name: c, cluster: {server: 'https://h'}}]\nusers:\n- name: u\n  user:\n"
         "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n"
         "      interactiveMode: Never\n      provideClusterInfo: true\n      command: " +
         command + "\n      args: ['$HOME', 'a;b']\n      env: [{name: WHO, value: me}]\n";
}

std::string login_of(const std::string& command) {
  const auto cluster = config::parse_kubeconfig(kubeconfig(command), "k");
  if (!cluster) return cluster.error().message;
  const SystemClock clock;
  const auto options = kube::transport_options(*cluster, clock);
  if (!options) return options.error();
  const auto header = options->authorization();
  return header ? header->reveal() : "nothing";
}

}  // namespace

TEST_CASE("a program's output is what it printed", "[plugins]") {
  const Folder folder;
  const auto end = run(folder.script("good", "cat; printf 'a\\0b'; echo warning >&2"));
  CHECK(end.kind == Kind::kExited);
  CHECK(end.code == 0);
  CHECK(end.output.reveal() == std::string("a\0b", 3));
  const auto bad = run(folder.script("bad", "echo no; exit 7"));
  CHECK(bad.kind == Kind::kExited);
  CHECK(bad.code == 7);
  const auto dead = run(folder.script("dead", "kill -9 $$"));
  CHECK(dead.kind == Kind::kSignal);
  CHECK(dead.code == SIGKILL);
}

TEST_CASE("a program that is not there, or is none, is told apart", "[plugins]") {
  const Folder folder;
  CHECK(run("no-such-program-of-ours").kind == Kind::kNotFound);
  CHECK(run(folder.path() + "/none").kind == Kind::kNotFound);
  CHECK(run(folder.path()).kind == Kind::kNotStarted);
  const auto file = folder.script("plain", "");
  ::chmod(file.c_str(), 0600);
  CHECK(run(file).kind == Kind::kNotStarted);
}

TEST_CASE("a program that hangs is killed with what it started", "[plugins]") {
  const Folder folder;
  const auto file = folder.script(
      "hangs", "sleep 600 & echo $! > " + folder.path() + "/pid\ntrap '' TERM INT\nwait\n");
  const auto begin = std::chrono::steady_clock::now();
  CHECK(run(file, 500ms).kind == Kind::kTooLong);
  CHECK(std::chrono::steady_clock::now() - begin < 10s);
  const auto pid = text_of(folder.path() + "/pid");
  REQUIRE_FALSE(pid.empty());
  for (int i = 0; i < 100 && !gone(pid); ++i) ::usleep(50'000);
  CHECK(gone(pid));
}

TEST_CASE("a program that prints without end is stopped early", "[plugins]") {
  const Folder folder;
  const auto begin = std::chrono::steady_clock::now();
  CHECK(run(folder.script("flood", "exec head -c 1000000000 /dev/zero")).kind == Kind::kTooMuch);
  CHECK(std::chrono::steady_clock::now() - begin < 10s);
}

TEST_CASE("a program's background helper is not waited for", "[plugins]") {
  const Folder folder;
  const auto file = folder.script("agent", "sleep 60 &\necho done\n");
  const auto begin = std::chrono::steady_clock::now();
  const auto end = run(file);
  CHECK(end.kind == Kind::kExited);
  CHECK(end.output.reveal() == "done\n");
  CHECK(std::chrono::steady_clock::now() - begin < 10s);
}

TEST_CASE("a program gets no open file of ours and no blocked signals", "[plugins]") {
  const Folder folder;
  const int pipe = ::open("/dev/null", O_RDONLY);  // not O_CLOEXEC
  const auto end = run(folder.script("files",
                                     "ls /proc/self/fd | sort -n | tr '\\n' ' '; "
                                     "grep SigBlk /proc/self/status"));
  ::close(pipe);
  // 3 is the folder that ls reads.
  CHECK(end.output.reveal() == "0 1 2 3 SigBlk:\t0000000000000000\n");
}

TEST_CASE("a kubeconfig's plugin logs in", "[plugins]") {
  const Folder folder;
  const auto good = folder.script("good", R"(
[ "$1" = '$HOME' ] && [ "$2" = 'a;b' ] && [ "$WHO" = me ] || exit 9
case $KUBERNETES_EXEC_INFO in *'"server":"https://h"'*) ;; *) exit 8 ;; esac
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}'
)");
  CHECK(login_of(good) == "Bearer t");
  CHECK_THAT(login_of(folder.script("nonsense", "echo 5ecret")),
             Contains("printed something that is not an ExecCredential") && !Contains("5ecret"));
  CHECK_THAT(login_of(folder.script("refuses", "exit 3")), Contains("ended with exit code 3"));
  CHECK_THAT(login_of("no-such-program-of-ours"),
             Contains("the plugin \"no-such-program-of-ours\" is not there"));
}

}  // namespace plugins_test
