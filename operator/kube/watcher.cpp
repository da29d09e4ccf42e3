#include "kube/watcher.hpp"

#include <condition_variable>
#include <fmt/format.h>
#include <mutex>
#include <vector>

#include "kube/pure/line_splitter.hpp"

namespace icrps::kube {
namespace {

using namespace std::chrono_literals;
using Kind = WatchTrouble::Kind;

// The server ends each watch after this long, spread so that the watches don't come back together.
// Below the 350 s after which common load balancers silently drop an idle connection.
constexpr auto kWatchTime = 240s;
constexpr auto kWatchSpread = 60s;
// A server that does not end it in time, nor sends bookmarks (about one a minute), is gone.
constexpr auto kIdleSlack = 10s;
constexpr auto kListDeadline = 60s;
// The API server's own objects are at most about 3 MiB.
constexpr std::size_t kLongestLine = std::size_t{16} << 20U;

std::string accept(const Collection& collection, bool list) {
  if (!collection.metadata_only) return "application/json";
  // The wrong kind of the two makes a watch succeed and stay silent for ever.
  return fmt::format("application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1",
                     list ? "List" : "");
}

std::string base_target(const Collection& collection) {
  const Path path{collection.resource, collection.ns, {}};
  auto target = path.target() + "?";
  if (!collection.field_selector.empty()) {
    target += fmt::format("fieldSelector={}&", collection.field_selector);
  }
  return target;
}

/// Tokens are base64url with padding; only `=` and `+` would need care in a query.
std::string escape(const std::string& token) {
  std::string escaped;
  for (const char c : token) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' ||
                       c == '.' || c == '~';
    escaped += plain ? std::string(1, c)
                     : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return escaped;
}

Kind kind_of(const http::Failure& failure) {
  return failure.kind == http::Failure::Kind::kTimeout ? Kind::kSilent : Kind::kBroken;
}

}  // namespace

Watcher::Watcher(Collection collection, Sink& sink, Environment environment)
    : collection_(std::move(collection)),
      environment_(std::move(environment)),
      machine_(sink, environment_.random, collection_.keep) {}

void Watcher::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    sleep(machine_.delay(), stop);
    if (stop.stop_requested()) return;
    std::visit(
        [&](const auto& step) {
          if constexpr (std::is_same_v<std::decay_t<decltype(step)>, WatchMachine::List>) {
            list(step, stop);
          } else {
            watch(step, stop);
          }
        },
        machine_.next());
  }
}

void Watcher::list(const WatchMachine::List& step, const std::stop_token& stop) {
  http::Request request;
  request.target = base_target(collection_) + fmt::format("limit={}", collection_.page);
  if (!step.continue_token.empty()) request.target += "&continue=" + escape(step.continue_token);
  request.headers = {{"Accept", accept(collection_, true)}};
  request.deadline = kListDeadline;
  const auto result = environment_.transport.send(request, stop);
  const auto code =
      result ? std::to_string(result->status) : std::string(http::to_string(result.error().kind));
  environment_.observer("LIST", collection_.name, code);
  if (stop.stop_requested()) return;
  constexpr int kOk = 200;
  if (!result) {
    machine_.on_broken(kind_of(result.error()), result.error().message);
    report();
  } else if (result->status != kOk) {
    machine_.on_refused(status_of(*result));
    report();
  } else if (!machine_.on_page(result->body)) {
    report();
  }
}

void Watcher::watch(const WatchMachine::Watch& step, const std::stop_token& stop) {
  const auto spread = std::chrono::duration<double>(kWatchSpread) * environment_.random();
  const auto time = kWatchTime + std::chrono::duration_cast<std::chrono::seconds>(spread);
  http::StreamRequest request;
  request.target =
      base_target(collection_) + fmt::format(
                                     "watch=1&allowWatchBookmarks=true&timeoutSeconds={}"
                                     "&resourceVersion={}",
                                     time.count(), step.resource_version);
  request.headers = {{"Accept", accept(collection_, false)}};
  request.idle_limit = time + kIdleSlack;

  LineSplitter splitter(kLongestLine);
  bool trouble = false;
  const auto begun = environment_.clock.now();  // before the request: the head may come late
  const auto end = environment_.transport.stream(
      request,
      [&](std::string_view bytes) {
        trouble =
            !splitter.feed(bytes, [&](std::string_view line) { return machine_.on_line(line); });
        return !trouble;
      },
      stop);
  const auto code = end.refused   ? std::to_string(end.refused->status)
                    : end.failure ? std::string(http::to_string(end.failure->kind))
                                  : "200";
  environment_.observer("WATCH", collection_.name, code);
  if (stop.stop_requested()) return;
  if (splitter.overflowed()) {
    machine_.on_garbled("a line of more than 16 MiB");
  }
  if (!trouble) {
    watch_ended(end, std::chrono::duration_cast<std::chrono::milliseconds>(
                         environment_.clock.now() - begun));
  }
  environment_.on_restart(collection_.name, to_string(machine_.trouble().kind));
  report();
}

void Watcher::watch_ended(const http::StreamEnd& end, std::chrono::milliseconds lived) {
  if (end.refused) {
    machine_.on_refused(status_of(*end.refused));
  } else if (end.failure) {
    machine_.on_broken(kind_of(*end.failure), end.failure->message);
  } else {
    machine_.on_closed(lived);
  }
}

void Watcher::report() const {
  const auto& trouble = machine_.trouble();
  const auto reason = to_string(trouble.kind);
  const Log::Fields fields{{"resource", collection_.name},
                           {"reason", reason},
                           {"detail", trouble.message},
                           {"retry_in_ms", machine_.delay().count()}};
  if (trouble.kind == Kind::kForbidden) {
    environment_.log.warn("watch refused, check the operator's RBAC", fields);
  } else if (trouble.kind == Kind::kClosed) {
    environment_.log.debug("watch ended", fields);
  } else {
    environment_.log.info("watch interrupted", fields);
  }
}

void Watcher::sleep(std::chrono::milliseconds delay, const std::stop_token& stop) const {
  if (delay <= 0ms) return;
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, delay, [] { return false; });
}

}  // namespace icrps::kube
