// The operator's binary as a child process.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/process.hpp"

namespace itest {

/// A configuration with the credential `default`; `more` is added at its top level.
[[nodiscard]] std::string config_text(const std::string& more = {});

class OperatorProcess {
 public:
  struct Options {
    std::string kubeconfig{};  ///< a file; empty: none is given
    std::string config = config_text();
    std::string listen = "127.0.0.1:0";
    std::vector<std::string> arguments{"--namespace", "icr-pull-secrets"};
    std::vector<std::string> environment{};
    std::vector<std::string> wrapper{};  ///< a command that ends by becoming the operator
    std::string host = "127.0.0.1";      ///< where its probes are asked
  };

  explicit OperatorProcess(const Options& options);

  /// Returns when /readyz says so.
  void wait_until_ready();
  /// The status code of a probe, 0 without an answer.
  [[nodiscard]] int probe(const std::string& path);
  /// The text at a path of its port, empty without an answer.
  [[nodiscard]] std::string text(const std::string& path);
  /// The sum over all series that carry these labels; 0 when there is none.
  [[nodiscard]] double metric(const std::string& name,
                              const std::map<std::string, std::string>& labels = {});

  /// Waits for that value: what the cluster shows is counted a moment later.
  void expect_metric(const std::string& name, const std::map<std::string, std::string>& labels,
                     double value);
  void expect_metric(const std::string& name, double value) { expect_metric(name, {}, value); }

  [[nodiscard]] std::string log() const { return read_text(log_file_); }
  /// The same for a probe: never empty.
  [[nodiscard]] std::string log_so_far() const { return "the log so far: " + log(); }
  /// The lines with this message.
  [[nodiscard]] std::vector<nlohmann::json> log_lines(const std::string& message = {}) const;
  /// What is wrong with the log as such: a line that is no JSON object, a sanitizer's report.
  [[nodiscard]] std::string log_fault() const;

  /// What --config names.
  [[nodiscard]] const std::string& config_file() const { return config_file_; }
  /// Sends SIGTERM and waits. Nothing: it did not end within 15 s.
  std::optional<int> terminate();
  void kill();
  [[nodiscard]] Process& process() { return process_; }
  [[nodiscard]] double cpu_seconds() const;
  [[nodiscard]] long resident_kib() const;
  [[nodiscard]] long most_resident_kib() const;

 private:
  /// A line of /proc/PID/status.
  [[nodiscard]] long status_kib(const std::string& name) const;

  [[nodiscard]] int port();

  const std::string config_file_;
  const std::string log_file_;
  const std::string host_;
  Process process_;
  std::optional<int> port_;
};

/// Runs `icr-pull-secrets run` where it is expected to refuse at once.
Finished refused_run(const OperatorProcess::Options& options);

}  // namespace itest
