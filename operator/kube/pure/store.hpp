// What a watch has learned, indexed by namespace. Level-based: readers see the latest state, and
// writers feed in their own results so that nobody acts twice on the same fact while the event
// about it is still on its way.
//
// With a budget no namespace makes it remember more than that: what does not fit is left out, and
// the namespace is crowded until the next list, or until it has nothing left.
//
// Thread safety: all methods may be called from any thread. `on_change` is called without a lock
// held, on the thread that caused the change.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kube/pure/watch_machine.hpp"

namespace icrps::kube {

/// `Record` is a value with a member `std::string resource_version`.
template <class Record>
class Store final : public Sink {
 public:
  /// For a Namespace the object's own name is its namespace.
  using Project = std::function<Record(Object&&)>;
  using OnChange = std::function<void(const std::string& ns)>;
  using OnSynced = std::function<void()>;

  /// What the records of one namespace may weigh together. Without `weigh`: anything.
  struct Budget {
    std::function<std::size_t(const std::string& name, const Record&)> weigh;
    std::size_t most = 0;
  };

  explicit Store(Project project, Budget budget = {})
      : project_(std::move(project)), budget_(std::move(budget)) {}

  /// Before the first event; both may be empty.
  void listen(OnChange on_change, OnSynced on_synced) {
    on_change_ = std::move(on_change);
    on_synced_ = std::move(on_synced);
  }

  void relist_begins() override {
    const std::lock_guard lock(mutex_);
    incoming_.emplace();
    own_.clear();
  }

  void apply(Object&& object) override {
    const Place place = place_of(object);
    // Most news is the echo of an own write; hashing its data again would be for nothing.
    if (!news(place, object.resource_version)) return;
    Record record = project_(std::move(object));
    {
      const std::lock_guard lock(mutex_);
      if (incoming_) {
        put((*incoming_)[place.ns], place.name, std::move(record));
        return;
      }
      if (!take(place, std::move(record))) return;
    }
    changed(place.ns);
  }

  void removed(Object&& object) override {
    const Place place = place_of(object);
    {
      const std::lock_guard lock(mutex_);
      told_ = object.resource_version;
      const Record* known = find(place);
      // A deletion that is older than what is known is about a predecessor of the same name.
      if (known == nullptr || older(object.resource_version, known->resource_version)) return;
      erase(place);
    }
    changed(place.ns);
  }

  void relist_ends(const std::string& list_version) override {
    std::vector<std::string> touched;
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      keep_own_writes(list_version);
      // After a server that went back in time the same version may be another content.
      touched = older(list_version, told_) ? all_namespaces() : differences();
      told_ = list_version;
      records_.swap(*incoming_);
      incoming_.reset();
      own_.clear();
      first = !std::exchange(synced_, true);
    }
    for (const auto& ns : touched) changed(ns);
    if (first && on_synced_) on_synced_();
  }

  /// The result of an own write, unless the watch has passed it already: then it has told of it,
  /// and of what came after, be it the object's end.
  void written(Object&& object) {
    const Place place = place_of(object);
    Record record = project_(std::move(object));
    const std::lock_guard lock(mutex_);
    if (incoming_) own_.insert_or_assign({place.ns, place.name}, record);
    if (older(record.resource_version, told_)) return;
    take(place, std::move(record));
  }

  /// An own deletion of the object with this version.
  void erased(const std::string& ns, const std::string& name, const std::string& version) {
    const std::lock_guard lock(mutex_);
    const auto own = own_.find({ns, name});
    if (own != own_.end() && own->second.resource_version == version) own_.erase(own);
    const Record* known = find({ns, name});
    if (known != nullptr && known->resource_version == version) erase({ns, name});
  }

  [[nodiscard]] bool synced() const {
    const std::lock_guard lock(mutex_);
    return synced_;
  }

  [[nodiscard]] std::optional<Record> get(const std::string& ns, const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const Record* known = find({ns, name});
    return known == nullptr ? std::nullopt : std::optional(*known);
  }

  /// By name, in order.
  [[nodiscard]] std::vector<std::pair<std::string, Record>> list(const std::string& ns) const {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(ns);
    if (found == records_.end()) return {};
    return {found->second.records.begin(), found->second.records.end()};
  }

  /// There are more in this namespace than list() has.
  [[nodiscard]] bool crowded(const std::string& ns) const {
    const std::lock_guard lock(mutex_);
    const auto found = records_.find(ns);
    return found != records_.end() && found->second.crowded;
  }

  [[nodiscard]] std::vector<std::string> namespaces() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    names.reserve(records_.size());
    for (const auto& entry : records_) names.push_back(entry.first);
    return names;
  }

 private:
  struct Group {
    std::map<std::string, Record> records;  // by name
    std::size_t weight = 0;
    bool crowded = false;
  };
  using Records = std::unordered_map<std::string, Group>;
  struct Place {
    std::string ns;
    std::string name;
  };

  static Place place_of(const Object& object) {
    return {object.ns.empty() ? object.name : object.ns, object.name};
  }

  const Record* find(const Place& place) const { return find(records_, place); }
  static const Record* find(const Records& records, const Place& place) {
    const auto group = records.find(place.ns);
    if (group == records.end()) return nullptr;
    const auto record = group->second.records.find(place.name);
    return record == group->second.records.end() ? nullptr : &record->second;
  }

  /// Of an object that the watch brings.
  [[nodiscard]] bool news(const Place& place, const std::string& version) {
    const std::lock_guard lock(mutex_);
    if (incoming_) return true;
    told_ = version;
    return newer(place, version);
  }

  /// Whether `version` is not known or passed already.
  [[nodiscard]] bool newer(const Place& place, const std::string& version) const {
    const Record* known = find(place);
    return known == nullptr ||
           (known->resource_version != version && !older(version, known->resource_version));
  }

  /// False: nothing new in it.
  bool take(const Place& place, Record&& record) {
    if (!newer(place, record.resource_version)) return false;
    put(records_[place.ns], place.name, std::move(record));
    return true;
  }

  [[nodiscard]] std::size_t weight(const std::string& name, const Record& record) const {
    return budget_.weigh ? budget_.weigh(name, record) : 0;
  }

  void put(Group& group, const std::string& name, Record&& record) {
    if (const auto known = group.records.find(name); known != group.records.end()) {
      group.weight -= weight(name, known->second);
      group.records.erase(known);
    }
    const auto more = weight(name, record);
    if (group.weight + more > budget_.most && budget_.weigh) {
      group.crowded = true;
      return;
    }
    group.weight += more;
    group.records.emplace(name, std::move(record));
  }

  void erase(const Place& place) {
    const auto group = records_.find(place.ns);
    const auto record = group->second.records.find(place.name);
    group->second.weight -= weight(place.name, record->second);
    group->second.records.erase(record);
    if (group->second.records.empty()) records_.erase(group);
  }

  /// The list is the truth, but for own writes that were made since it was asked for and that it is
  /// too old to contain. Nothing else of before stays, however new its version: it may be of a time
  /// that the server has lost (docs/decisions/0016).
  void keep_own_writes(const std::string& list_version) {
    for (auto& [place, record] : own_) {
      if (!older(list_version, record.resource_version)) continue;
      const Record* listed = find(*incoming_, {place.first, place.second});
      if (listed == nullptr || older(listed->resource_version, record.resource_version)) {
        put((*incoming_)[place.first], place.second, std::move(record));
      }
    }
  }

  /// Of before and of the list.
  std::vector<std::string> all_namespaces() const {
    std::vector<std::string> all;
    for (const auto& entry : *incoming_) all.push_back(entry.first);
    for (const auto& entry : records_) {
      if (!incoming_->contains(entry.first)) all.push_back(entry.first);
    }
    return all;
  }

  /// Namespaces where `records_` and `incoming_` differ.
  std::vector<std::string> differences() const {
    std::vector<std::string> touched;
    for (const auto& [ns, group] : *incoming_) {
      const auto before = records_.find(ns);
      if (before == records_.end() || !same(before->second, group)) touched.push_back(ns);
    }
    for (const auto& entry : records_) {
      if (!incoming_->contains(entry.first)) touched.push_back(entry.first);
    }
    return touched;
  }

  static bool same(const Group& a, const Group& b) {
    return a.crowded == b.crowded &&
           std::equal(a.records.begin(), a.records.end(), b.records.begin(), b.records.end(),
                      [](const auto& x, const auto& y) {
                        return x.first == y.first &&
                               x.second.resource_version == y.second.resource_version;
                      });
  }

  void changed(const std::string& ns) const {
    if (on_change_) on_change_(ns);
  }

  const Project project_;
  const Budget budget_;
  OnChange on_change_;
  OnSynced on_synced_;

  mutable std::mutex mutex_;
  // guarded by mutex_
  Records records_;
  std::optional<Records> incoming_;  // while a list is under way
  // Results of own writes since that list was asked for, by namespace and name.
  std::map<std::pair<std::string, std::string>, Record> own_;
  // The watch has told of everything up to this version: its events come in the order of their
  // versions, over all objects of the collection.
  std::string told_;
  bool synced_ = false;
};

}  // namespace icrps::kube
