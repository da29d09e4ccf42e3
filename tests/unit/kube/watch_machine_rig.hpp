// A watch machine with a sink that writes down, and inputs that can stand in a table.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kube/pure/watch_machine.hpp"
#include "unit/support/dice.hpp"
#include "unit/support/objects.hpp"
#include "unit/support/recording_sink.hpp"

namespace icrps::test {

/// One input of the machine.
using Input = std::function<void(kube::WatchMachine&)>;

struct WatchRig {
  RecordingSink sink;
  kube::WatchMachine machine{sink, always(0)};

  void feed(const std::vector<Input>& inputs) {
    for (const auto& input : inputs) input(machine);
  }
  /// "list", "list <token>", "ask" or "watch @<version>".
  [[nodiscard]] std::string next() const {
    const auto step = machine.next();
    if (const auto* watch = std::get_if<kube::WatchMachine::Watch>(&step)) {
      return "watch @" + watch->resource_version;
    }
    if (std::holds_alternative<kube::WatchMachine::AskVersion>(step)) return "ask";
    const auto& token = std::get<kube::WatchMachine::List>(step).continue_token;
    return token.empty() ? "list" : "list " + token;
  }
};

inline Input gets_page(std::vector<std::string> items, std::string version,
                       std::string token = {}) {
  return [=](auto& machine) {
    std::vector<Json> objects;
    for (const auto& item : items) objects.push_back(object(item));
    machine.on_asking();
    machine.on_page(page(objects, version, token));
  };
}
inline Input gets_page_text(std::string text) {
  return [=](auto& machine) {
    machine.on_asking();
    machine.on_page(text);
  };
}
/// The answer to the question for the server's version.
inline Input hears_version(std::string version) {
  return [=](auto& machine) { machine.on_version(page({}, version)); };
}
inline Input sees(std::string type, std::string name_and_version) {
  return [=](auto& machine) { machine.on_line(event(type, object(name_and_version))); };
}
inline Input sees_error(int code, std::string reason = {}, Json details = {}) {
  return
      [=](auto& machine) { machine.on_line(event("ERROR", status(code, reason, "no", details))); };
}
inline Input sees_line(std::string text) {
  return [=](auto& machine) { machine.on_line(text); };
}
inline Input is_refused(int code, std::string reason = {},
                        std::optional<std::chrono::seconds> after = {}) {
  return [=](auto& machine) { machine.on_refused({code, reason, "no", after, {}, true}); };
}
/// The same from something that is not the API server.
inline Input is_refused_in_between(int code) {
  return [=](auto& machine) { machine.on_refused({code, "", "no", {}, {}, false}); };
}
inline Input breaks_off(kube::WatchTrouble::Kind kind = kube::WatchTrouble::Kind::kBroken) {
  return [=](auto& machine) { machine.on_broken(kind, "no luck"); };
}
inline Input is_closed_after(std::chrono::milliseconds lived,
                             std::chrono::milliseconds asked = std::chrono::minutes(5)) {
  return [=](auto& machine) { machine.on_closed(lived, asked); };
}

}  // namespace icrps::test
