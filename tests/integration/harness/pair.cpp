#include "harness/pair.hpp"

#include <utility>

namespace itest {

Pair::Pair() {
  cluster().api().remove(kLease);
  first = std::make_unique<Replica>();
  second = std::make_unique<Replica>();
  first->wait_until_ready();
  second->wait_until_ready();
  eventually("one leads", [&]() -> std::string {
    return first->leads() != second->leads() ? "" : "none or both";
  });
  if (second->leads()) std::swap(first, second);
}

Milliseconds Pair::taken_over() const {
  return eventually("the other one leads", [&] { return second->leads() ? "" : "not yet"; });
}

}  // namespace itest
