// The fault proxy (tests/doubles/faultproxy) between an operator and the API server.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/process.hpp"

namespace itest {

/// A request as the proxy saw it. Times are microseconds since 1970.
struct Seen {
  long begun = 0;
  long done = 0;  ///< 0: under way
  std::string method;
  std::string path;  ///< with the query
  std::string accept;
  std::string type;
  std::string agent;
  std::string token;  ///< its last characters
  std::string body;
  int status = 0;
  bool forwarded = false;
  std::string rule;

  [[nodiscard]] bool is_write() const { return method != "GET" && method != "HEAD"; }
  [[nodiscard]] bool is_watch() const { return path.find("watch=1") != std::string::npos; }
};
using Requests = std::vector<Seen>;

/// What to do with requests; tests/doubles/faultproxy/rules.go tells the actions.
struct Rule {
  std::string name{};
  std::string method{};  ///< a regular expression, empty: any
  std::string path{};    ///< a regular expression over path and query
  std::string action{};
  int status = 0;
  Milliseconds delay{0};
  int times = 0;  ///< 0: always
  std::map<std::string, std::string> headers{};
  std::string body{};
};

class Proxy {
 public:
  explicit Proxy(const std::string& listen = "127.0.0.1:0");

  [[nodiscard]] std::string server() const { return "https://" + address_; }
  [[nodiscard]] std::string port() const { return address_.substr(address_.rfind(':') + 1); }

  void add(const Rule& rule);
  /// All without a name. What they hold goes on.
  void remove(const std::string& name = {});
  long matched(const std::string& name);

  /// Shows this certificate, with its key, from now on, and ends all connections, as the restart of
  /// an API server does.
  void show(const std::string& certificate_and_key);

  /// Forgets what was seen so far.
  void start_over();
  Requests requests();
  /// The same up to the first write that is under way; forgets what it returns.
  Requests take();

  // On answers that are under way; each says how many there were.
  long open(const std::string& path);
  /// Waits until so many are under way. A watch begins some time after the operator is ready, so
  /// this comes before anything is done to it.
  void expect_open(const std::string& path, long wanted);
  long cut(const std::string& path);
  long cut_abruptly(const std::string& path);
  long silence(const std::string& path);
  long inject(const std::string& path, const std::string& text);

 private:
  nlohmann::json ask(const std::string& method, const std::string& target,
                     const std::string& body = {});

  std::string output_;
  Process process_;
  std::string address_;
  std::string control_;
  std::size_t first_ = 0;
};

/// Those that name the namespace.
[[nodiscard]] Requests of(const Requests& requests, const std::string& ns);
/// Without those of the operator's own record.
[[nodiscard]] Requests writes(const Requests& requests);
/// "POST secrets, PATCH default" for failure messages and comparisons: method and last part of
/// each path.
[[nodiscard]] std::string text_of(const Requests& requests);
[[nodiscard]] Requests matching(const Requests& requests, const std::string& method,
                                const std::string& path);

}  // namespace itest
