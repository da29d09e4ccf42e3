// What a watch has learned, indexed by namespace. Level-based: readers see the latest state, and
// writers feed in their own results so that nobody acts twice on the same fact while the event
// about it is still on its way.
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

  explicit Store(Project project) : project_(std::move(project)) {}

  /// Before the first event; both may be empty.
  void listen(OnChange on_change, OnSynced on_synced) {
    on_change_ = std::move(on_change);
    on_synced_ = std::move(on_synced);
  }

  void relist_begins() override {
    const std::lock_guard lock(mutex_);
    incoming_.emplace();
  }

  void apply(Object&& object) override {
    const Place place = place_of(object);
    // Most news is the echo of an own write; hashing its data again would be for nothing.
    if (!news(place, object.resource_version)) return;
    Record record = project_(std::move(object));
    {
      const std::lock_guard lock(mutex_);
      if (incoming_) {
        (*incoming_)[place.ns].insert_or_assign(place.name, std::move(record));
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
      keep_newer_than(list_version);
      told_ = list_version;
      touched = differences();
      records_.swap(*incoming_);
      incoming_.reset();
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
    if (older(record.resource_version, told_)) return;
    take(place, std::move(record));
  }

  /// An own deletion of the object with this version.
  void erased(const std::string& ns, const std::string& name, const std::string& version) {
    const std::lock_guard lock(mutex_);
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
    return {found->second.begin(), found->second.end()};
  }

  [[nodiscard]] std::vector<std::string> namespaces() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    names.reserve(records_.size());
    for (const auto& entry : records_) names.push_back(entry.first);
    return names;
  }

 private:
  using Names = std::map<std::string, Record>;
  using Records = std::unordered_map<std::string, Names>;
  struct Place {
    std::string ns;
    std::string name;
  };

  static Place place_of(const Object& object) {
    return {object.ns.empty() ? object.name : object.ns, object.name};
  }

  const Record* find(const Place& place) const { return find(records_, place); }
  static const Record* find(const Records& records, const Place& place) {
    const auto names = records.find(place.ns);
    if (names == records.end()) return nullptr;
    const auto record = names->second.find(place.name);
    return record == names->second.end() ? nullptr : &record->second;
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
    records_[place.ns].insert_or_assign(place.name, std::move(record));
    return true;
  }

  void erase(const Place& place) {
    const auto names = records_.find(place.ns);
    names->second.erase(place.name);
    if (names->second.empty()) records_.erase(names);
  }

  /// Own writes that the list is too old to contain stay.
  void keep_newer_than(const std::string& list_version) {
    for (const auto& [ns, names] : records_) {
      for (const auto& [name, record] : names) {
        if (!older(list_version, record.resource_version)) continue;
        const Record* listed = find(*incoming_, {ns, name});
        if (listed == nullptr || older(listed->resource_version, record.resource_version)) {
          (*incoming_)[ns].insert_or_assign(name, record);
        }
      }
    }
  }

  /// Namespaces where `records_` and `incoming_` differ.
  std::vector<std::string> differences() const {
    std::vector<std::string> touched;
    for (const auto& [ns, names] : *incoming_) {
      const auto before = records_.find(ns);
      if (before == records_.end() || !same(before->second, names)) touched.push_back(ns);
    }
    for (const auto& entry : records_) {
      if (!incoming_->contains(entry.first)) touched.push_back(entry.first);
    }
    return touched;
  }

  static bool same(const Names& a, const Names& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
      return x.first == y.first && x.second.resource_version == y.second.resource_version;
    });
  }

  void changed(const std::string& ns) const {
    if (on_change_) on_change_(ns);
  }

  const Project project_;
  OnChange on_change_;
  OnSynced on_synced_;

  mutable std::mutex mutex_;
  // guarded by mutex_
  Records records_;
  std::optional<Records> incoming_;  // while a list is under way
  // The watch has told of everything up to this version: its events come in the order of their
  // versions, over all objects of the collection.
  std::string told_;
  bool synced_ = false;
};

}  // namespace icrps::kube
