// The store against a naive model, over a long random walk: a pretended API server gives out
// versions, its events reach the store late, and so do the answers to own writes, before or after
// the events that tell of them; watches are replaced by lists now and then, and the server goes
// back to a backup, with or without raising its versions beyond those that it had given out.
// Whenever all has arrived, store and server agree.
#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include <catch2/catch.hpp>

#include "kube/pure/store.hpp"
#include "unit/support/dice.hpp"

namespace store_model_test {

using namespace icrps;
using namespace icrps::kube;

namespace {

struct Record {
  std::string resource_version;
};

/// "ns/name" → version.
using Contents = std::map<std::string, std::string>;

struct Server {
  struct Change {
    Object object;
    bool removal = false;
  };

  Object put(const std::string& ns, const std::string& name) {
    contents[ns + "/" + name] = std::to_string(++version);
    pending.push_back({make(ns, name), false});
    return make(ns, name);
  }
  void remove(const std::string& ns, const std::string& name) {
    ++version;
    contents.erase(ns + "/" + name);
    pending.push_back({make(ns, name), true});
  }
  [[nodiscard]] Object make(const std::string& ns, const std::string& name) const {
    Object object;
    object.ns = ns;
    object.name = name;
    object.resource_version = std::to_string(version);
    return object;
  }

  unsigned long version = 95;  // so that the versions soon get a digit more
  Contents contents;
  std::deque<Change> pending;  // events on their way
};

class Walk {
 public:
  explicit Walk(unsigned seed) : dice_(seed) {
    store_.listen([this](const auto& ns) { told_.insert(ns); }, {});
    relist();
  }

  void step() {
    const auto ns = "ns" + std::to_string(dice_.below(5));
    const auto name = "o" + std::to_string(dice_.below(4));
    const auto found = server_.contents.find(ns + "/" + name);
    const auto dice = dice_.below(100);
    if (dice < 30) {
      auto object = server_.put(ns, name);
      if (dice < 10) store_.written(std::move(object));  // it was our own write
      if (dice >= 10 && dice < 20) answers_.push_back(std::move(object));
    } else if (dice < 42) {
      if (found == server_.contents.end()) return;
      const auto version = found->second;
      const auto known = store_.get(ns, name);
      server_.remove(ns, name);
      if (dice < 36 && known && known->resource_version == version) {
        store_.erased(ns, name, version);  // it was our own deletion
      }
    } else if (dice < 52) {
      answer();
    } else if (dice < 98) {
      deliver();
    } else if (dice < 99) {
      dice_.once_in(4) ? restore() : relist();
    } else {
      while (!server_.pending.empty()) deliver();
      while (!answers_.empty()) answer();
    }
  }

  [[nodiscard]] int restores() const { return restores_; }
  [[nodiscard]] bool all_delivered() const { return server_.pending.empty() && answers_.empty(); }
  [[nodiscard]] const Contents& truth() const { return server_.contents; }
  [[nodiscard]] Contents known() const {
    Contents contents;
    for (const auto& ns : store_.namespaces()) {
      for (const auto& [name, record] : store_.list(ns)) {
        contents[ns + "/" + name] = record.resource_version;
      }
    }
    return contents;
  }
  [[nodiscard]] std::size_t namespaces_told() const { return told_.size(); }

 private:
  void deliver() {
    if (server_.pending.empty()) return;
    auto [object, removal] = std::move(server_.pending.front());
    server_.pending.pop_front();
    removal ? store_.removed(std::move(object)) : store_.apply(std::move(object));
  }

  /// One of those under way: answers overtake each other.
  void answer() {
    if (answers_.empty()) return;
    const auto one = answers_.begin() + static_cast<long>(dice_.below(answers_.size()));
    store_.written(std::move(*one));
    answers_.erase(one);
  }

  /// The cluster as it was at the last backup. The connections are gone, and what was under way;
  /// until the store has a list it hears nothing, and makes writes that are of the new time.
  void restore() {
    ++restores_;
    const auto furthest = server_.version;
    if (dice_.once_in(3)) backup_ = {server_.version, server_.contents};
    std::tie(server_.version, server_.contents) = backup_;
    if (dice_.once_in(2)) server_.version = furthest + 1000;
    answers_.clear();
    for (auto writes = dice_.below(4); writes > 0; --writes) {
      auto object = server_.put("ns" + std::to_string(dice_.below(5)), "o0");
      if (dice_.once_in(2)) store_.written(std::move(object));
    }
    relist();
  }

  /// A list as of now; events up to then will not come. Half of them fail first. While the pages
  /// come, own writes go on.
  void relist() {
    if (dice_.once_in(2)) {
      store_.relist_begins();
      Object half = server_.make("ns0", "phantom");
      store_.apply(std::move(half));
    }
    store_.relist_begins();
    const auto version = std::to_string(server_.version);
    const auto listed = server_.contents;
    server_.pending.clear();
    for (const auto& [key, item_version] : listed) {
      Object object;
      object.ns = key.substr(0, key.find('/'));
      object.name = key.substr(key.find('/') + 1);
      object.resource_version = item_version;
      store_.apply(std::move(object));
      if (dice_.once_in(5)) {
        store_.written(server_.put("ns" + std::to_string(dice_.below(5)),
                                   "o" + std::to_string(dice_.below(4))));
      }
    }
    store_.relist_ends(version);
  }

  test::Dice dice_;
  Server server_;
  std::pair<unsigned long, Contents> backup_{95, {}};
  int restores_ = 0;
  std::deque<Object> answers_;  // to own writes, on their way
  std::set<std::string> told_;
  Store<Record> store_{[](Object&& o) { return Record{o.resource_version}; }};
};

}  // namespace

TEST_CASE("a store agrees with the server after 100,000 random steps", "[kube][store]") {
  Walk walk(70123);
  int compared = 0;
  for (int step = 0; step < 100'000; ++step) {
    walk.step();
    if (!walk.all_delivered()) continue;
    ++compared;
    if (walk.known() != walk.truth()) FAIL("they differ after step " << step);
  }
  CHECK(compared > 1000);
  CHECK(walk.restores() > 100);
  CHECK(walk.namespaces_told() == 5);
}

}  // namespace store_model_test
