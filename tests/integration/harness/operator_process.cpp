#include "harness/operator_process.hpp"

#include <fmt/format.h>
#include <httplib.h>
#include <sstream>
#include <unistd.h>

#include "harness/cluster.hpp"

namespace itest {
namespace {

std::vector<std::string> command_of(const OperatorProcess::Options& options,
                                    const std::string& config_file) {
  auto command = options.wrapper;
  command.insert(command.end(), {environment("ICRPS_OPERATOR"), "run", "--config", config_file,
                                 "--listen", options.listen});
  if (!options.kubeconfig.empty()) {
    command.insert(command.end(), {"--kubeconfig", options.kubeconfig});
  }
  command.insert(command.end(), options.arguments.begin(), options.arguments.end());
  return command;
}

bool has_labels(const std::string& series, const std::map<std::string, std::string>& labels) {
  for (const auto& [name, value] : labels) {
    if (series.find(fmt::format("{}=\"{}\"", name, value)) == std::string::npos) return false;
  }
  return true;
}

}  // namespace

std::string config_text(const std::string& more) {
  return fmt::format(
      "apiVersion: icr-pull-secrets/v1alpha1\n"
      "kind: OperatorConfiguration\n"
      "{}\n"
      "proof: off\n"
      "credentials:\n"
      "  - name: default\n"
      "    apiKey: {{secretRef: {{name: {}, key: apikey}}}}\n",
      more, kSource);
}

OperatorProcess::OperatorProcess(const Options& options)
    : config_file_(scratch_file("config.yaml", options.config)),
      log_file_(scratch_file("operator.log", {})),
      host_(options.host),
      process_({command_of(options, config_file_), options.environment, {}, log_file_}) {}

int OperatorProcess::port() {
  if (!port_) {
    const auto started = log_lines("started");
    if (started.empty()) return 0;
    port_ = started.front().at("port").get<int>();
  }
  return *port_;
}

void OperatorProcess::wait_until_ready() {
  eventually("the operator is ready", [&]() -> std::string {
    if (!process_.running()) return "it has ended: " + log();
    return probe("/readyz") == 200 ? "" : "it says: " + text("/readyz") + log();
  });
}

int OperatorProcess::probe(const std::string& path) {
  if (port() == 0) return 0;
  httplib::Client client(host_, port());
  const auto result = client.Get(path.c_str());
  return result ? result->status : 0;
}

std::string OperatorProcess::text(const std::string& path) {
  if (port() == 0) return {};
  httplib::Client client(host_, port());
  const auto result = client.Get(path.c_str());
  return result ? result->body : std::string();
}

double OperatorProcess::metric(const std::string& name,
                               const std::map<std::string, std::string>& labels) {
  double sum = 0;
  std::istringstream lines(text("/metrics"));
  for (std::string line; std::getline(lines, line);) {
    const auto series = line.substr(0, line.rfind(' '));
    if (series != name && !series.starts_with(name + "{")) continue;
    if (has_labels(series, labels)) sum += std::stod(line.substr(line.rfind(' ') + 1));
  }
  return sum;
}

void OperatorProcess::expect_metric(const std::string& name,
                                    const std::map<std::string, std::string>& labels,
                                    double value) {
  eventually(fmt::format("{} is {}", name, value), [&]() -> std::string {
    const auto now = metric(name, labels);
    return now == value ? std::string() : fmt::format("it is {}:\n{}", now, text("/metrics"));
  });
}

std::vector<nlohmann::json> OperatorProcess::log_lines(const std::string& message) const {
  std::vector<nlohmann::json> found;
  std::istringstream lines(log());
  for (std::string line; std::getline(lines, line);) {
    auto value = nlohmann::json::parse(line, nullptr, false);
    if (!value.is_object()) continue;
    if (message.empty() || value.value("msg", "") == message) found.push_back(std::move(value));
  }
  return found;
}

std::string OperatorProcess::log_fault() const {
  const auto all = log();
  for (const auto* const report : {"ERROR: AddressSanitizer", "runtime error:", "LeakSanitizer",
                                   "ThreadSanitizer", "terminate called"}) {
    if (all.find(report) != std::string::npos) return all;
  }
  std::istringstream lines(all);
  for (std::string line; std::getline(lines, line);) {
    const auto value = nlohmann::json::parse(line, nullptr, false);
    if (!value.is_object()) return "not a JSON object: " + line;
    for (const auto* const field : {"time", "level", "msg"}) {
      if (!value.contains(field)) return fmt::format("without {}: {}", field, line);
    }
  }
  return {};
}

std::optional<int> OperatorProcess::terminate() {
  process_.signal(SIGTERM);
  return process_.wait(15s);
}

void OperatorProcess::kill() {
  process_.signal(SIGKILL);
  process_.wait(10s);
}

double OperatorProcess::cpu_seconds() const {
  const auto stat = read_text(fmt::format("/proc/{}/stat", process_.pid()));
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  constexpr int kUserTime = 12;  // fields after the command's name
  std::string skipped;
  for (int i = 0; i + 1 < kUserTime; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

long OperatorProcess::resident_kib() const {
  return status_kib("VmRSS:");
}

long OperatorProcess::most_resident_kib() const {
  return status_kib("VmHWM:");
}

long OperatorProcess::status_kib(const std::string& name) const {
  std::istringstream lines(read_text(fmt::format("/proc/{}/status", process_.pid())));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name)) return std::stol(line.substr(name.size()));
  }
  return 0;
}

Finished refused_run(const OperatorProcess::Options& options) {
  return run_command(command_of(options, scratch_file("config.yaml", options.config)),
                     options.environment);
}

}  // namespace itest
