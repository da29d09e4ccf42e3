// `make soak`: two replicas and users who never rest. What the operator holds may go up and down
// with what it does, but whenever all is quiet it must be as little as the first time.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>

#include "options.hpp"
#include "stage.hpp"

namespace soak_test {

using namespace chaos;
using namespace itest;
namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostNamespaces = 40;
constexpr int kTokenSeconds = 60;
constexpr auto kBetweenSamples = 10s;
/// Within that the HTTP library closes connections that nobody uses, and a token's roll-out needs
/// them anew: the least in between is what is held for good.
constexpr auto kRest = 75s;
constexpr long kMoreKib = 4L * 1024;

struct Sample {
  long rss_kib = 0;
  long files = 0;
  long threads = 0;
  long connections = 0;
};

/// Inodes of the established TCP connections.
std::set<std::string> established(pid_t pid) {
  constexpr std::size_t kState = 3;
  constexpr std::size_t kInode = 9;
  std::set<std::string> inodes;
  for (const auto* const table : {"tcp", "tcp6"}) {
    std::istringstream lines(read_text(fmt::format("/proc/{}/net/{}", pid, table)));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream fields(line);
      std::vector<std::string> words;
      for (std::string word; fields >> word;) words.push_back(word);
      if (words.size() > kInode && words[kState] == "01") inodes.insert(words[kInode]);
    }
  }
  return inodes;
}

Sample sample(OperatorProcess& op) {
  const auto folder = fmt::format("/proc/{}/", op.process().pid());
  const auto connected = established(op.process().pid());
  Sample sample;
  sample.rss_kib = op.resident_kib();
  for (const auto& entry : fs::directory_iterator(folder + "fd")) {
    std::error_code gone;
    const auto target = fs::read_symlink(entry.path(), gone).string();
    if (gone) continue;
    ++sample.files;
    const std::string kSocket = "socket:[";
    if (!target.starts_with(kSocket)) continue;
    const auto inode = target.substr(kSocket.size(), target.size() - kSocket.size() - 1);
    if (connected.contains(inode)) ++sample.connections;
  }
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder + "task")) {
    ++sample.threads;
  }
  return sample;
}

template <class Choose>
Sample of_each(const Sample& one, const Sample& other, Choose choose) {
  return {choose(one.rss_kib, other.rss_kib), choose(one.files, other.files),
          choose(one.threads, other.threads), choose(one.connections, other.connections)};
}

Sample larger(const Sample& one, const Sample& other) {
  return of_each(one, other, [](long a, long b) { return std::max(a, b); });
}

Sample smaller(const Sample& one, const Sample& other) {
  return of_each(one, other, [](long a, long b) { return std::min(a, b); });
}

using Samples = std::array<Sample, kReplicas>;

/// A quiet moment, and the most that was seen in all.
struct Row {
  std::string when;
  Samples of;
};

std::string table_of(const std::vector<Row>& rows) {
  std::string text =
      "| replica | when | RSS, MiB | file descriptors | threads | connections |\n"
      "| --- | --- | --- | --- | --- | --- |\n";
  for (std::size_t i = 0; i < kReplicas; ++i) {
    for (const auto& [when, of] : rows) {
      constexpr double kMib = 1024;
      text += fmt::format("| {} | {} | {:.1f} | {} | {} | {} |\n", i == 0 ? "leader" : "stands by",
                          when, static_cast<double>(of[i].rss_kib) / kMib, of[i].files,
                          of[i].threads, of[i].connections);
    }
  }
  return text;
}

class Soak {
 public:
  Soak(std::uint64_t seed, std::chrono::seconds time)
      : time_(time),
        stage_(std::chrono::seconds(kTokenSeconds)),
        churn_(seed, {kMostNamespaces, 30ms}) {
    leader_ = stage_.leader();
  }

  void run() {
    work_for(time_ / 5);  // what grows until every buffer has been needed once is no leak
    look("at rest, after a fifth");
    work_for(time_ / 5 * 2);
    look("at rest, after three");
    work_for(time_ / 5 * 2);
    look("at rest, at the end");
    stage_.finish(churn_);
    rows_.push_back({"the most", most_});
  }

  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }
  [[nodiscard]] std::string work() const {
    return fmt::format(
        "{} steps of users, {} watches ended, {} API keys, {} service-account tokens",
        churn_.steps(), cut_, keys_, tokens_);
  }

 private:
  [[nodiscard]] Samples now() {
    return {sample(stage_.replica(leader_).op()), sample(stage_.replica(1 - leader_).op())};
  }

  void work_for(std::chrono::seconds time) {
    const auto end = Clock::now() + time;
    while (Clock::now() < end) {
      std::this_thread::sleep_for(std::min<Clock::duration>(kBetweenSamples, end - Clock::now()));
      stage_.supervise();
      stir();
      const auto found = now();
      for (std::size_t i = 0; i < kReplicas; ++i) most_[i] = larger(most_[i], found[i]);
    }
  }

  /// What a day brings, one thing after the other.
  void stir() {
    switch (++stirred_ % 4) {
      case 1:
        for (std::size_t i = 0; i < kReplicas; ++i) cut_ += stage_.replica(i).road().cut("watch=1");
        break;
      case 2:
        stage_.rotate_source();
        ++keys_;
        break;
      case 3:
        for (std::size_t i = 0; i < kReplicas; ++i) {
          cut_ += stage_.replica(i).road().cut_abruptly("watch=1");
        }
        break;
      default:
        stage_.rotate_token(stirred_ % 8 == 0 ? 1 : 0);
        ++tokens_;
    }
  }

  void look(const std::string& when) {
    stage_.expect_as_planned(churn_);
    REQUIRE(stage_.leader() == leader_);
    const auto found = least();
    stage_.history().say(
        fmt::format("{}: the leader has {} KiB, {} files, {} threads, {} connections", when,
                    found[0].rss_kib, found[0].files, found[0].threads, found[0].connections));
    rows_.push_back({when, found});
    CHECK(wrong(rows_.front().of, found) == "");
  }

  /// In a while in which the users do nothing.
  Samples least() {
    const auto quiet = churn_.pause();
    auto found = now();
    for (const auto end = Clock::now() + kRest; Clock::now() < end;) {
      std::this_thread::sleep_for(1s);
      const auto next = now();
      for (std::size_t i = 0; i < kReplicas; ++i) found[i] = smaller(found[i], next[i]);
    }
    return found;
  }

  static std::string wrong(const Samples& before, const Samples& now) {
    for (std::size_t i = 0; i < kReplicas; ++i) {
      const bool more = now[i].files > before[i].files || now[i].threads > before[i].threads ||
                        now[i].connections > before[i].connections ||
                        now[i].rss_kib > before[i].rss_kib + kMoreKib;
      if (more) return table_of({{"before", before}, {"now", now}});
    }
    return {};
  }

  const std::chrono::seconds time_;
  Stage stage_;
  Churn churn_;
  std::size_t leader_ = 0;
  std::vector<Row> rows_;
  Samples most_{};
  int stirred_ = 0;
  long cut_ = 0;
  long keys_ = 0;
  long tokens_ = 0;
};

}  // namespace

TEST_CASE("what the operator holds does not grow", "[soak][.]") {
  const auto options = options_of_run(10min);
  Soak soak(options.seed, options.time);
  soak.run();
  const auto report = table_of(soak.rows()) + "\n" + soak.work() + ".\n";
  if (const char* const file = std::getenv("CHAOS_TABLE")) std::ofstream(file) << report;
}

}  // namespace soak_test
