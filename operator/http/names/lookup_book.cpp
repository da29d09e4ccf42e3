#include "http/names/lookup_book.hpp"

#include <algorithm>
#include <utility>

namespace icrps::http::names {

std::optional<Addresses> LookupBook::kept(const std::string& name, Instant now) const {
  const auto found = kept_.find(name);
  if (found == kept_.end() || found->second.until <= now) return std::nullopt;
  return found->second.addresses;
}

LookupBook::Handle LookupBook::find(const std::string& name) const {
  const auto is_it = [&](const Handle& lookup) { return lookup->name == name; };
  const auto running = std::find_if(running_.begin(), running_.end(), is_it);
  if (running != running_.end()) return *running;
  const auto waiting = std::find_if(waiting_.begin(), waiting_.end(), is_it);
  return waiting != waiting_.end() ? *waiting : nullptr;
}

LookupBook::Handle LookupBook::join(const std::string& name) {
  auto lookup = find(name);
  if (!lookup) {
    lookup = std::make_shared<Lookup>();
    lookup->name = name;
    waiting_.push_back(lookup);
  }
  ++lookup->callers;
  return lookup;
}

void LookupBook::leave(const Handle& lookup) {
  --lookup->callers;
  if (lookup->callers > 0 || lookup->ends) return;
  std::erase(waiting_, lookup);
}

void LookupBook::hint(const std::string& name) {
  if (running_.size() + waiting_.size() >= limits_.at_once || find(name)) return;
  auto lookup = std::make_shared<Lookup>();
  lookup->name = name;
  waiting_.push_back(std::move(lookup));
}

void LookupBook::give_up_overdue(Instant now, Orders& orders) {
  while (!running_.empty() && *running_.front()->ends <= now) {
    const auto lookup = running_.front();
    lookup->answer = tl::unexpected(Failure{
        Failure::Kind::kConnect,
        "no name server answered within " + std::to_string(limits_.longest.count()) + " ms"});
    running_.erase(running_.begin());
    orders.end.push_back(lookup);
  }
}

bool LookupBook::make_place(Orders& orders) {
  const auto unwanted = std::find_if(running_.begin(), running_.end(),
                                     [](const Handle& lookup) { return lookup->callers == 0; });
  if (unwanted == running_.end()) return false;
  if (std::erase(orders.begin, *unwanted) == 0) orders.end.push_back(*unwanted);
  running_.erase(unwanted);
  return true;
}

LookupBook::Orders LookupBook::next(Instant now) {
  Orders orders;
  give_up_overdue(now, orders);
  while (!waiting_.empty()) {
    if (running_.size() >= limits_.at_once && !make_place(orders)) break;
    auto lookup = std::move(waiting_.front());
    waiting_.pop_front();
    lookup->ends = now + limits_.longest;
    running_.push_back(lookup);
    orders.begin.push_back(std::move(lookup));
  }
  return orders;
}

std::optional<Instant> LookupBook::wake_at() const {
  if (running_.empty()) return std::nullopt;
  return running_.front()->ends;
}

void LookupBook::answered(const Handle& lookup, Resolution answer, Instant now) {
  if (std::erase(running_, lookup) == 0) return;
  if (answer) keep(lookup->name, *answer, now);
  lookup->answer = std::move(answer);
}

void LookupBook::keep(const std::string& name, const Addresses& addresses, Instant now) {
  std::erase_if(kept_, [now](const auto& entry) { return entry.second.until <= now; });
  if (kept_.size() >= limits_.most_kept && !kept_.contains(name)) return;
  kept_[name] = {addresses, now + limits_.kept};
}

}  // namespace icrps::http::names
