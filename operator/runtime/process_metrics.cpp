#include "runtime/process_metrics.hpp"

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace icrps {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

// Of proc_pid_stat(5), counted after the command's name, which may hold blanks.
constexpr std::size_t kUserTime = 11;
constexpr std::size_t kSystemTime = 12;
constexpr std::size_t kThreads = 17;
constexpr std::size_t kStartTime = 19;
constexpr std::size_t kVirtualSize = 20;
constexpr std::size_t kResidentPages = 21;

std::vector<double> stat_fields() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const auto name_end = line.rfind(')');
  std::vector<double> fields;
  if (name_end == std::string::npos) return fields;
  std::istringstream words(line.substr(name_end + 1));
  std::string state;
  words >> state;
  fields.push_back(0);
  for (double field = 0; words >> field;) fields.push_back(field);
  return fields;
}

/// Unix seconds.
std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    if (double seconds = 0; word == "btime" && file >> seconds) return seconds;
  }
  return std::nullopt;
}

std::optional<double> open_files() {
  std::error_code error;
  std::filesystem::directory_iterator entries("/proc/self/fd", error);
  double count = -1;  // the one that is open to count them
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    ++count;
  }
  return error ? std::nullopt : std::optional(count);
}

std::optional<double> most_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  return static_cast<double>(limit.rlim_cur);
}

class Families {
 public:
  void add(const char* name, const char* help, MetricType type, std::optional<double> value) {
    if (!value) return;
    prometheus::ClientMetric metric;
    if (type == MetricType::Counter) {
      metric.counter.value = *value;
    } else {
      metric.gauge.value = *value;
    }
    MetricFamily family;
    family.name = name;
    family.help = help;
    family.type = type;
    family.metric = {metric};
    families_.push_back(std::move(family));
  }
  void add(const char* name, const char* help, std::optional<double> value) {
    add(name, help, MetricType::Gauge, value);
  }
  [[nodiscard]] std::vector<MetricFamily> take() { return std::move(families_); }

 private:
  std::vector<MetricFamily> families_;
};

}  // namespace

std::vector<MetricFamily> process_metrics() {
  const auto stat = stat_fields();
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  Families families;
  if (stat.size() > kResidentPages) {
    const auto boot = boot_time();
    families.add("process_cpu_seconds_total", "User and system CPU time spent, in seconds.",
                 MetricType::Counter, (stat[kUserTime] + stat[kSystemTime]) / ticks);
    families.add("process_resident_memory_bytes", "Resident memory, in bytes.",
                 stat[kResidentPages] * page);
    families.add("process_virtual_memory_bytes", "Virtual memory, in bytes.", stat[kVirtualSize]);
    families.add("process_threads", "Threads.", stat[kThreads]);
    families.add("process_start_time_seconds", "When the process started, in Unix seconds.",
                 boot ? std::optional(*boot + stat[kStartTime] / ticks) : std::nullopt);
  }
  families.add("process_open_fds", "Open file descriptors.", open_files());
  families.add("process_max_fds", "The most file descriptors that may be open.", most_open_files());
  return families.take();
}

}  // namespace icrps
