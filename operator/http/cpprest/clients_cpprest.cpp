#include <algorithm>
#include <latch>
#include <optional>
#include <utility>

#include "http/cpprest/clients.hpp"
#include "http/cpprest/loop.hpp"

namespace icrps::http::cpprest {

Clients::~Clients() {
  // A client closes its idle connections when it goes, and that is the loop's business. Waited for,
  // so that a transport that is gone holds nothing open.
  std::latch released(1);
  post([&released, last = std::optional(std::move(entries_))]() mutable {
    last.reset();
    released.count_down();
  });
  released.wait();
}

Client Clients::to(const std::string& name, const std::function<Client()>& make) {
  const std::scoped_lock lock(mutex_);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.name == name; });
  if (found != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, found);
    return found->client;
  }
  entries_.push_front({name, make()});
  if (entries_.size() > kMost) {
    post([unused = std::optional(std::move(entries_.back().client))]() mutable { unused.reset(); });
    entries_.pop_back();
  }
  return entries_.front().client;
}

}  // namespace icrps::http::cpprest
