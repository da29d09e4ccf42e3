#include "kube/pure/store.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "kube/pure/decode.hpp"
#include "unit/kube/watch_machine_rig.hpp"
#include "unit/support/objects.hpp"

namespace store_test {

using namespace icrps;
using namespace icrps::kube;

namespace {

struct Record {
  std::string resource_version;
};

using Words = std::vector<std::string>;

struct Rig {
  explicit Rig(Store<Record>::Budget budget = {})
      : store([](Object&& one) { return Record{std::move(one.resource_version)}; },
              std::move(budget)) {
    store.listen([this](const auto& ns) { told.push_back(ns); }, [this] { ++synced; });
  }

  static Object object(const std::string& name_and_version) {
    return *decode_object(test::object(name_and_version).dump());
  }
  void apply(const std::string& what) { store.apply(object(what)); }
  void removed(const std::string& what) { store.removed(object(what)); }
  void written(const std::string& what) { store.written(object(what)); }
  void relist(const Words& items, const std::string& version) {
    store.relist_begins();
    for (const auto& item : items) apply(item);
    store.relist_ends(version);
  }

  /// "name@version" of all, sorted.
  Words all() {
    Words words;
    for (const auto& ns : store.namespaces()) {
      for (const auto& [name, record] : store.list(ns)) {
        words.push_back(ns + "/" + name + "@" + record.resource_version);
      }
    }
    std::sort(words.begin(), words.end());
    return words;
  }
  /// Namespaces told as changed since the last call, sorted.
  Words changes() {
    std::sort(told.begin(), told.end());
    return std::exchange(told, {});
  }

  Store<Record> store;
  Words told;
  int synced = 0;
};

}  // namespace

TEST_CASE("a namespace is its own namespace", "[kube][store]") {
  Rig rig;
  rig.apply("shop@5");
  CHECK(rig.store.get("shop", "shop")->resource_version == "5");
  CHECK(rig.changes() == Words{"shop"});
}

TEST_CASE("readers find what is known and nothing else", "[kube][store]") {
  Rig rig;
  rig.relist({"shop/b@2", "shop/a@1", "web/a@3"}, "10");
  CHECK(rig.all() == Words{"shop/a@1", "shop/b@2", "web/a@3"});
  CHECK(rig.store.get("shop", "a")->resource_version == "1");
  CHECK_FALSE(rig.store.get("shop", "c"));
  CHECK_FALSE(rig.store.get("none", "a"));
  CHECK(rig.store.list("none").empty());
  CHECK(rig.store.list("shop").front().first == "a");
}

TEST_CASE("the newest version wins", "[kube][store]") {
  struct Case {
    const char* name;
    std::string event;
    Words known;
    Words told;
  };
  for (const auto& [name, event, known, told] :
       std::vector<Case>{{"a newer one replaces", "shop/a@6", {"shop/a@6"}, {"shop"}},
                         {"the same one is no news", "shop/a@5", {"shop/a@5"}, {}},
                         {"an older one is an echo", "shop/a@4", {"shop/a@5"}, {}},
                         {"longer numbers are newer", "shop/a@10", {"shop/a@10"}, {"shop"}},
                         {"what can't be compared replaces", "shop/a@x", {"shop/a@x"}, {"shop"}}}) {
    DYNAMIC_SECTION(name) {
      Rig rig;
      rig.relist({"shop/a@5"}, "5");
      rig.changes();
      rig.apply(event);
      CHECK(rig.all() == known);
      CHECK(rig.changes() == told);
    }
  }
}

TEST_CASE("an own write and its echo are one change", "[kube][store]") {
  Rig rig;
  rig.relist({"shop/a@5"}, "5");
  rig.changes();
  SECTION("the write's answer comes first") {
    rig.written("shop/a@8");
    CHECK(rig.all() == Words{"shop/a@8"});
    rig.apply("shop/a@8");
    CHECK(rig.changes().empty());
  }
  SECTION("the echo comes first") {
    rig.apply("shop/a@8");
    rig.written("shop/a@8");
    CHECK(rig.changes() == Words{"shop"});
  }
  SECTION("the echo of an earlier write comes last") {
    rig.written("shop/a@8");
    rig.apply("shop/a@7");
    CHECK(rig.all() == Words{"shop/a@8"});
    CHECK(rig.changes().empty());
  }
  SECTION("somebody wrote after us") {
    rig.apply("shop/a@9");
    rig.written("shop/a@8");
    CHECK(rig.all() == Words{"shop/a@9"});
  }
  SECTION("a write that creates") {
    rig.written("shop/b@8");
    CHECK(rig.all() == Words{"shop/a@5", "shop/b@8"});
    CHECK(rig.changes().empty());
  }
  SECTION("somebody deleted it after us, and the answer to our write comes last") {
    rig.removed("shop/a@9");
    CHECK(rig.changes() == Words{"shop"});
    rig.written("shop/a@8");
    CHECK(rig.all().empty());
  }
  SECTION("the same with what we created, of which nothing was known") {
    rig.apply("shop/b@8");
    rig.removed("shop/b@9");
    rig.written("shop/b@8");
    CHECK(rig.all() == Words{"shop/a@5"});
  }
  SECTION("a list without it is newer than the write") {
    rig.relist({"shop/a@5"}, "9");
    rig.written("shop/b@8");
    CHECK(rig.all() == Words{"shop/a@5"});
  }
  SECTION("events of others are no reason to forget a write that they do not tell of yet") {
    rig.apply("shop/c@7");
    rig.written("shop/b@8");
    CHECK(rig.all() == Words{"shop/a@5", "shop/b@8", "shop/c@7"});
  }
}

TEST_CASE("a deletion", "[kube][store]") {
  Rig rig;
  rig.relist({"shop/a@5"}, "5");
  rig.changes();
  SECTION("is news") {
    rig.removed("shop/a@6");
    CHECK(rig.all().empty());
    CHECK(rig.changes() == Words{"shop"});
  }
  SECTION("of something unknown is none") {
    rig.removed("shop/b@6");
    rig.removed("none/a@6");
    CHECK(rig.all() == Words{"shop/a@5"});
    CHECK(rig.changes().empty());
  }
  SECTION("that is older than the re-creation is not about it") {
    rig.written("shop/a@8");
    rig.removed("shop/a@7");
    CHECK(rig.all() == Words{"shop/a@8"});
    CHECK(rig.changes().empty());
  }
  SECTION("of one's own goes at once, and its echo says nothing") {
    rig.store.erased("shop", "a", "5");
    CHECK(rig.all().empty());
    rig.removed("shop/a@6");
    CHECK(rig.changes().empty());
  }
  SECTION("of one's own does not touch a later version") {
    rig.apply("shop/a@7");
    rig.store.erased("shop", "a", "5");
    CHECK(rig.all() == Words{"shop/a@7"});
  }
  SECTION("of one's own of something unknown is nothing") {
    rig.store.erased("shop", "b", "5");
    rig.store.erased("none", "a", "5");
    rig.store.erased("shop", "a", "");
    CHECK(rig.all() == Words{"shop/a@5"});
  }
  SECTION("of the last one forgets the namespace") {
    rig.removed("shop/a@6");
    CHECK(rig.store.namespaces().empty());
  }
}

TEST_CASE("a new list takes the old one's place in one step", "[kube][store]") {
  Rig rig;
  rig.relist({"one/a@1", "two/a@2", "three/a@3", "three/b@4"}, "10");
  CHECK(rig.changes() == Words{"one", "three", "two"});

  rig.store.relist_begins();
  rig.apply("one/a@1");
  rig.apply("three/a@13");
  rig.apply("four/a@14");
  CHECK(rig.all() == Words{"one/a@1", "three/a@3", "three/b@4", "two/a@2"});
  CHECK(rig.changes().empty());
  rig.store.relist_ends("20");
  CHECK(rig.all() == Words{"four/a@14", "one/a@1", "three/a@13"});
  CHECK(rig.changes() == Words{"four", "three", "two"});  // `one` is as it was
}

TEST_CASE("a list that is the same as before is no news", "[kube][store]") {
  Rig rig;
  rig.relist({"one/a@1", "two/a@2"}, "10");
  rig.changes();
  rig.relist({"two/a@2", "one/a@1"}, "20");
  CHECK(rig.changes().empty());
}

TEST_CASE("a list keeps own writes that are newer than it", "[kube][store]") {
  Rig rig;
  rig.relist({"shop/a@1", "shop/b@2", "shop/c@3"}, "10");
  rig.changes();
  rig.store.relist_begins();
  rig.apply("shop/a@1");
  rig.apply("shop/b@2");
  rig.written("shop/b@21");  // after the list was taken
  rig.written("shop/d@22");
  rig.written("shop/c@9");  // before it, and gone since
  rig.store.relist_ends("20");
  CHECK(rig.all() == Words{"shop/a@1", "shop/b@21", "shop/d@22"});
}

TEST_CASE("a list of a server that went back in time is the truth, whatever was known",
          "[kube][store]") {
  Rig rig;
  rig.relist({"gone/a@20", "kept/a@5", "same/a@7", "shop/a@50"}, "60");
  rig.written("own/a@70");
  rig.changes();
  rig.store.relist_begins();
  for (const auto* item : {"kept/a@5", "same/a@7", "shop/a@30"}) rig.apply(item);
  rig.store.relist_ends("40");
  CHECK(rig.all() == Words{"kept/a@5", "same/a@7", "shop/a@30"});
  // The same version may be another content.
  CHECK(rig.changes() == Words{"gone", "kept", "own", "same", "shop"});
  SECTION("events of the new time are news") {
    rig.apply("shop/a@41");
    rig.removed("same/a@42");
    CHECK(rig.all() == Words{"kept/a@5", "shop/a@41"});
  }
  SECTION("own writes of the new time are known at once") {
    rig.written("own/a@41");
    rig.written("kept/a@42");
    CHECK(rig.all() == Words{"kept/a@42", "own/a@41", "same/a@7", "shop/a@30"});
  }
}

TEST_CASE("a list of a server that went back keeps own writes of since then", "[kube][store]") {
  Rig rig;
  rig.relist({"shop/a@50"}, "60");
  rig.written("lost/a@61");
  rig.store.relist_begins();
  rig.apply("shop/a@30");
  rig.written("shop/a@41");
  rig.written("new/a@42");
  rig.written("brief/a@43");
  rig.store.erased("brief", "a", "43");
  rig.store.relist_ends("40");
  CHECK(rig.all() == Words{"new/a@42", "shop/a@41"});
}

TEST_CASE("a server whose versions were raised after a restore leaves no ghosts", "[kube][store]") {
  Rig rig;
  rig.relist({"shop/a@50", "gone/a@55"}, "60");
  rig.written("lost/a@61");
  rig.relist({"shop/a@30"}, "1000040");
  CHECK(rig.all() == Words{"shop/a@30"});
}

TEST_CASE("a list that fails half-way leaves everything as it was", "[kube][store]") {
  Rig rig;
  rig.relist({"one/a@1", "two/a@2"}, "10");
  rig.changes();
  rig.store.relist_begins();
  rig.apply("three/a@13");
  CHECK(rig.all() == Words{"one/a@1", "two/a@2"});
  rig.relist({"one/a@1"}, "30");  // the next attempt
  CHECK(rig.all() == Words{"one/a@1"});
  CHECK(rig.changes() == Words{"two"});
}

TEST_CASE("it is synced once", "[kube][store]") {
  Rig rig;
  CHECK_FALSE(rig.store.synced());
  rig.store.relist_begins();
  CHECK_FALSE(rig.store.synced());
  rig.store.relist_ends("1");
  CHECK(rig.store.synced());
  rig.relist({}, "2");
  CHECK(rig.synced == 1);
  CHECK(rig.store.synced());
}

TEST_CASE("changes are told before the first sync", "[kube][store]") {
  Rig rig;
  Words before;
  rig.store.listen([&](const auto& ns) { before.push_back(ns); },
                   [&] { before.emplace_back("synced"); });
  rig.relist({"shop/a@1"}, "1");
  CHECK(before == Words{"shop", "synced"});
}

TEST_CASE("a listener may read the store", "[kube][store]") {
  Rig rig;
  std::string seen;
  rig.store.listen([&](const auto& ns) { seen = rig.store.list(ns).at(0).second.resource_version; },
                   {});
  rig.relist({"shop/a@1"}, "1");
  CHECK(seen == "1");
}

TEST_CASE("a watch that lost its place finds what vanished meanwhile", "[kube][store][watch]") {
  using namespace icrps::test;
  Rig rig;
  WatchMachine machine(rig.store, always(0));
  for (const auto& input :
       {gets_page({"one/a@1", "two/a@2"}, "10"), sees("ADDED", "three/a@11"),
        sees_error(410, "Expired"), gets_page({"one/a@1"}, "30", "t"), is_refused(410)}) {
    input(machine);
  }
  CHECK(rig.all() == Words{"one/a@1", "three/a@11", "two/a@2"});
  rig.changes();
  gets_page({"one/a@1"}, "40")(machine);
  CHECK(rig.all() == Words{"one/a@1"});
  CHECK(rig.changes() == Words{"three", "two"});
}

TEST_CASE("with a budget a namespace makes it remember no more than that", "[kube][store]") {
  Rig rig({[](const auto& /*name*/, const auto& /*record*/) { return std::size_t{10}; }, 30});
  rig.relist({"shop/a@1", "shop/b@1", "shop/c@1", "shop/d@1", "other/a@1"}, "5");
  CHECK(rig.store.list("shop").size() == 3);
  CHECK(rig.store.crowded("shop"));
  CHECK_FALSE(rig.store.crowded("other"));
  SECTION("what is known goes on being told") {
    rig.apply("shop/a@6");
    CHECK(rig.store.get("shop", "a")->resource_version == "6");
    CHECK(rig.store.list("shop").size() == 3);
  }
  SECTION("room that becomes free is used, and it is crowded until a list tells otherwise") {
    rig.removed("shop/b@6");
    CHECK(rig.store.list("shop").size() == 2);
    rig.apply("shop/d@7");
    CHECK(rig.store.list("shop").size() == 3);
    CHECK(rig.store.crowded("shop"));
    rig.told.clear();
    rig.relist({"shop/a@1", "shop/c@1", "shop/d@7", "other/a@1"}, "8");
    CHECK_FALSE(rig.store.crowded("shop"));
    CHECK(rig.told == Words{"shop"});
  }
  SECTION("own writes count, too") {
    rig.written("shop/e@6");
    CHECK_FALSE(rig.store.get("shop", "e"));
    rig.written("other/b@6");
    CHECK(rig.store.list("other").size() == 2);
  }
  SECTION("a namespace that has nothing left is not crowded") {
    for (const auto* gone : {"shop/a@6", "shop/b@7", "shop/c@8"}) rig.removed(gone);
    CHECK_FALSE(rig.store.crowded("shop"));
  }
}

}  // namespace store_test
