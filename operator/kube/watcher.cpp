#include "kube/watcher.hpp"

#include <fmt/format.h>
#include <vector>

#include "kube/pure/line_splitter.hpp"
#include "runtime/pause.hpp"

namespace icrps::kube {
namespace {

using namespace std::chrono_literals;
using TroubleKind = WatchTrouble::Kind;

// The server ends each watch after this long, spread so that the watches don't come back together.
// Below the 350 s after which common load balancers silently drop an idle connection.
constexpr auto kWatchTime = 240s;
constexpr auto kWatchSpread = 60s;
// The API server's own objects are at most about 3 MiB.
constexpr std::size_t kLongestLine = std::size_t{16} << 20U;

TroubleKind kind_of(const http::Failure& failure) {
  return failure.kind == http::Failure::Kind::kTimeout ? TroubleKind::kSilent
                                                       : TroubleKind::kBroken;
}

}  // namespace

Watcher::Watcher(Collection collection, Sink& sink, Environment environment)
    : collection_(std::move(collection)),
      environment_(std::move(environment)),
      pulse_(environment_.pulse ? environment_.pulse : std::make_shared<Pulse>(environment_.clock)),
      machine_(sink, environment_.random, collection_.keep) {}

void Watcher::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    pulse_->step(machine_.delay());
    pause_for(machine_.delay(), stop);
    if (stop.stop_requested()) return;
    std::visit(
        [&](const auto& step) {
          if constexpr (std::is_same_v<std::decay_t<decltype(step)>, WatchMachine::List>) {
            list(step, stop);
          } else if constexpr (std::is_same_v<std::decay_t<decltype(step)>,
                                              WatchMachine::AskVersion>) {
            ask_version(stop);
          } else {
            watch(step, stop);
          }
        },
        machine_.next());
  }
}

void Watcher::list(const WatchMachine::List& step, const std::stop_token& stop) {
  machine_.on_asking();
  pulse_->step(kLongestFetch);
  const auto result = fetch_page(environment_.transport, collection_, step.continue_token, stop);
  if (stop.stop_requested()) return;
  if (!answered(result) || !machine_.on_page(result->body)) {
    report();
  } else {
    pulse_->page();
  }
}

void Watcher::ask_version(const std::stop_token& stop) {
  auto one = collection_;
  one.page = 1;
  one.metadata_only = true;  // nobody reads it, and a Secret need not travel for it
  pulse_->step(kLongestFetch);
  const auto result = fetch_page(environment_.transport, one, {}, stop);
  if (stop.stop_requested()) return;
  if (answered(result) && machine_.on_version(result->body)) return pulse_->answer();
  if (machine_.trouble().kind == TroubleKind::kRewound) {
    environment_.on_restart(collection_.name, to_string(TroubleKind::kRewound));
  }
  report();
}

bool Watcher::answered(const http::Result& result) {
  pulse_->step(0ms);
  const auto code =
      result ? std::to_string(result->status) : std::string(http::to_string(result.error().kind));
  environment_.observer("LIST", collection_.name, code);
  constexpr int kOk = 200;
  if (!result) {
    machine_.on_broken(kind_of(result.error()), result.error().message);
  } else if (result->status != kOk) {
    machine_.on_refused(status_of(*result));
  } else {
    return true;
  }
  return false;
}

void Watcher::watch(const WatchMachine::Watch& step, const std::stop_token& stop) {
  const auto spread = std::chrono::duration<double>(kWatchSpread) * environment_.random();
  const auto time = kWatchTime + std::chrono::duration_cast<std::chrono::seconds>(spread);
  LineSplitter splitter(kLongestLine);
  bool trouble = false;
  const auto begun = environment_.clock.now();  // before the request: the head may come late
  auto request = watch_request(collection_, step.resource_version, time);
  const auto idle_limit = request.idle_limit;
  request.on_open = [&] {
    pulse_->opened();
    pulse_->step(idle_limit);
  };
  pulse_->step(request.head_deadline);
  const auto end = environment_.transport.stream(
      request,
      [&](std::string_view bytes) {
        pulse_->bytes();
        pulse_->step(0ms);
        trouble =
            !splitter.feed(bytes, [&](std::string_view line) { return machine_.on_line(line); });
        pulse_->step(idle_limit);
        return !trouble;
      },
      stop);
  pulse_->ended();
  pulse_->step(0ms);
  const auto code = end.refused   ? std::to_string(end.refused->status)
                    : end.failure ? std::string(http::to_string(end.failure->kind))
                                  : "200";
  environment_.observer("WATCH", collection_.name, code);
  if (stop.stop_requested()) return;
  if (splitter.overflowed()) {
    machine_.on_garbled("a line of more than 16 MiB");
  }
  if (!trouble) {
    watch_ended(
        end,
        std::chrono::duration_cast<std::chrono::milliseconds>(environment_.clock.now() - begun),
        time);
  }
  environment_.on_restart(collection_.name, to_string(machine_.trouble().kind));
  report();
}

void Watcher::watch_ended(const http::StreamEnd& end, std::chrono::milliseconds lived,
                          std::chrono::milliseconds asked) {
  if (end.refused) {
    machine_.on_refused(status_of(*end.refused));
  } else if (end.failure) {
    machine_.on_broken(kind_of(*end.failure), end.failure->message);
  } else {
    machine_.on_closed(lived, asked);
  }
}

void Watcher::report() const {
  const auto& trouble = machine_.trouble();
  pulse_->trouble(trouble.kind);
  const auto reason = to_string(trouble.kind);
  const Log::Fields fields{{"resource", collection_.name},
                           {"reason", reason},
                           {"detail", trouble.message},
                           {"retry_in_ms", machine_.delay().count()}};
  if (trouble.kind == TroubleKind::kForbidden) {
    environment_.log.warn("watch refused, check the operator's RBAC", fields);
  } else if (trouble.kind == TroubleKind::kRewound) {
    environment_.log.warn("the cluster was restored, everything is listed anew", fields);
  } else if (trouble.kind == TroubleKind::kClosed) {
    environment_.log.debug("watch ended", fields);
  } else {
    environment_.log.info("watch interrupted", fields);
  }
}

}  // namespace icrps::kube
