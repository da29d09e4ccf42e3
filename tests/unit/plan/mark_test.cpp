// Places in marks → whose a copy is.
#include "plan/mark.hpp"

#include <catch2/catch.hpp>

namespace mark_test {

using namespace icrps::plan;

TEST_CASE("a mark names two namespaces by name and UID", "[plan][mark]") {
  CHECK(mark_of({"ops", "1"}, {"shop", "2"}) == Mark{"ops/1", "shop/2"});
  CHECK(mark_of({"ops", ""}, {"shop", "2"}) == Mark{"ops", "shop/2"});
  CHECK(name_in("shop/2") == "shop");
  CHECK(name_in("shop") == "shop");
  CHECK(name_in("/2").empty());
}

TEST_CASE("a place means a namespace by its name, and any when it says nothing", "[plan][mark]") {
  CHECK(may_mean("", "shop"));
  CHECK(may_mean("shop/2", "shop"));
  CHECK(may_mean("shop", "shop"));
  CHECK_FALSE(may_mean("shop-2/2", "shop"));
  CHECK_FALSE(may_mean("sho/2", "shop"));
  CHECK_FALSE(may_mean("/2", "shop"));
}

TEST_CASE("a digest tells marks apart", "[plan][mark]") {
  CHECK(digest_of({}).empty());
  CHECK(digest_of({"ops/1", "shop/2"}) == digest_of({"ops/1", "shop/2"}));
  CHECK(digest_of({"ops/1", "shop/2"}) != digest_of({"ops/1", "shop/3"}));
  CHECK(digest_of({"ops/1", "shop/2"}) != digest_of({"ops/1shop/2", ""}));
}

}  // namespace mark_test
