// Machine and store together against a pretended API server, over a long random walk: pages expire,
// watches break and end, etcd is compacted, and the cluster goes back to a backup, with or without
// raising its versions. Whenever all is quiet the store holds what the server holds.
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "kube/pure/store.hpp"
#include "kube/pure/watch_machine.hpp"
#include "unit/support/dice.hpp"
#include "unit/support/objects.hpp"

namespace watch_restore_test {

using namespace icrps;
using namespace icrps::kube;
using namespace std::chrono_literals;
using Kind = WatchTrouble::Kind;

namespace {

struct Record {
  std::string resource_version;
};
/// "ns/name" → version.
using Contents = std::map<std::string, unsigned long>;

struct Change {
  std::string key;
  bool removal = false;
};

struct Server {
  unsigned long version = 95;
  Contents contents;
  std::map<unsigned long, Change> history;  // by version
  unsigned long compacted = 0;

  void put(const std::string& key) {
    history[++version] = {key, false};
    contents[key] = version;
  }
  void remove(const std::string& key) {
    if (contents.erase(key) > 0) history[++version] = {key, true};
  }
  void compact() { compacted = version; }
};

std::string item(const std::string& key, unsigned long version) {
  return key + "@" + std::to_string(version);
}

class Walk {
 public:
  explicit Walk(unsigned seed) : dice_(seed) {}

  void step() {
    const auto dice = dice_.below(100);
    if (dice < 35) {
      write();
    } else if (dice < 42) {
      server_.remove(any_key());
    } else if (dice < 94) {
      go_on();
    } else if (dice < 96) {
      end();
    } else if (dice < 97) {
      server_.compact();
    } else if (dice < 98) {
      backup_ = server_;
    } else if (dice < 99 && backup_.version + 40 < server_.version) {
      restore();
    }
  }

  /// Without further changes, until nothing is left to learn.
  void rest() {
    for (int i = 0; i < 1000 && !quiet(); ++i) go_on();
    if (!quiet()) FAIL("it does not come to rest");
  }
  [[nodiscard]] bool agrees() const {
    Contents known;
    for (const auto& ns : store_.namespaces()) {
      for (const auto& [name, record] : store_.list(ns)) {
        known[ns + "/" + name] = std::stoul(record.resource_version);
      }
    }
    return known == server_.contents;
  }
  int restores = 0;
  int rewinds = 0;

 private:
  std::string any_key() {
    return "ns" + std::to_string(dice_.below(4)) + "/o" + std::to_string(dice_.below(3));
  }

  /// Half of them are our own, whose answer comes at once.
  void write() {
    const auto key = any_key();
    server_.put(key);
    if (dice_.once_in(2)) {
      store_.written(*decode_object(test::object(item(key, server_.version)).dump()));
    }
  }

  [[nodiscard]] bool quiet() const {
    return streaming_ && server_.history.upper_bound(position_) == server_.history.end() &&
           position_ <= server_.version;
  }

  /// The next thing that the machine wants, or that the server tells it.
  void go_on() {
    if (streaming_) return tell();
    const auto step = machine_.next();
    if (const auto* watch = std::get_if<WatchMachine::Watch>(&step)) {
      position_ = std::stoul(watch->resource_version);
      if (position_ < server_.compacted) return refuse(410);
      streaming_ = true;
    } else if (std::holds_alternative<WatchMachine::AskVersion>(step)) {
      if (dice_.once_in(8)) return machine_.on_broken(Kind::kBroken, "no luck");
      machine_.on_version(test::page({}, std::to_string(server_.version)));
      if (machine_.trouble().kind == Kind::kRewound) ++rewinds;
    } else {
      list(std::get<WatchMachine::List>(step));
    }
  }

  void list(const WatchMachine::List& step) {
    machine_.on_asking();
    if (dice_.once_in(8)) return machine_.on_broken(Kind::kBroken, "no luck");
    if (step.continue_token.empty()) {
      snapshot_ = server_.contents;
      snapshot_version_ = server_.version;
    } else if (snapshot_version_ < server_.compacted || snapshot_version_ > server_.version) {
      return refuse(410);  // its time is gone
    }
    if (dice_.once_in(4)) write();  // on its way while the page is
    std::vector<test::Json> objects;
    auto next = snapshot_.upper_bound(step.continue_token);
    for (; next != snapshot_.end() && objects.size() < 3; ++next) {
      objects.push_back(test::object(item(next->first, next->second)));
    }
    const auto token = next == snapshot_.end() ? std::string() : std::prev(next)->first;
    machine_.on_page(test::page(objects, std::to_string(snapshot_version_), token));
  }

  void tell() {
    const auto next = server_.history.upper_bound(position_);
    if (next == server_.history.end()) {
      if (position_ >= server_.version) return;
      position_ = server_.version;
      machine_.on_line(test::event("BOOKMARK", test::object("@" + std::to_string(position_))));
      return;
    }
    position_ = next->first;
    const auto object = test::object(item(next->second.key, position_));
    machine_.on_line(test::event(next->second.removal ? "DELETED" : "MODIFIED", object));
  }

  void refuse(int code) { machine_.on_refused({code, "Expired", "no", {}, {}, true}); }

  void end() {
    if (!streaming_) return;
    streaming_ = false;
    if (dice_.once_in(3)) return machine_.on_broken(Kind::kSilent, "no word");
    machine_.on_closed(dice_.once_in(2) ? 5min : 20s, 5min);
  }

  /// As etcd does it: everything of since is lost, the watches end, and for a while nobody answers.
  void restore() {
    ++restores;
    const auto furthest = server_.version;
    end();
    server_ = backup_;
    if (dice_.once_in(2)) {
      server_.version = furthest + 1000;
      server_.compact();
    }
    for (auto failures = 1 + dice_.below(3); failures > 0; --failures) {
      machine_.on_broken(Kind::kBroken, "no connection");
    }
    backup_ = server_;
    write();  // before it has noticed
    rest();
  }

  test::Dice dice_;
  Server server_;
  Server backup_;
  Contents snapshot_;
  unsigned long snapshot_version_ = 0;
  bool streaming_ = false;
  unsigned long position_ = 0;
  Store<Record> store_{[](Object&& o) { return Record{std::move(o.resource_version)}; }};
  WatchMachine machine_{store_, test::always(0)};
};

}  // namespace

TEST_CASE("machine and store follow a server that goes back in time, over 60,000 random steps",
          "[kube][watch][store]") {
  const auto seed = GENERATE(1U, 2U, 3U);
  Walk walk(seed);
  for (int step = 0; step < 20'000; ++step) {
    walk.step();
    if (step % 50 != 0) continue;
    walk.rest();
    if (!walk.agrees()) FAIL("seed " << seed << ": they differ after step " << step);
  }
  CHECK(walk.restores > 20);
  CHECK(walk.rewinds > 5);
}

}  // namespace watch_restore_test
