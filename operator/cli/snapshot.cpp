#include "cli/snapshot.hpp"

#include <algorithm>

#include "controller/collections.hpp"
#include "controller/views.hpp"
#include "plan/names.hpp"

namespace icrps::cli {
namespace {

using Listed = tl::expected<void, kube::ApiError>;
using OnObject = std::function<void(kube::Object&&)>;

/// In each of the namespaces, or in all of them.
Listed list(Session& session, kube::Collection collection, const std::vector<std::string>& only,
            const OnObject& on_object) {
  auto places = only;
  if (places.empty()) places.emplace_back();
  for (auto& place : places) {
    collection.ns = std::move(place);
    auto listed = session.client.list(collection, on_object);
    if (!listed) {
      listed.error().message = collection.name + ": " + listed.error().message;
      return listed;
    }
  }
  return {};
}

template <class Record>
OnObject into(kube::Store<Record>& store) {
  return [&store](kube::Object&& object) { store.apply(std::move(object)); };
}

/// Between the two the store takes everything for one list.
template <class Record, class Fill>
Listed as_list(kube::Store<Record>& store, const Fill& fill) {
  store.relist_begins();
  auto listed = fill();
  store.relist_ends({});
  return listed;
}

}  // namespace

Listed read_cluster(Session& session, const Wanted& wanted, controller::Stores& stores) {
  auto& namespaces = stores.namespaces;
  stores.own_namespace = session.own_namespace;
  const auto keep = [&](kube::Object&& object) {
    if (object.name == session.own_namespace) stores.own_uid = object.uid;
    const auto& only = wanted.only;
    if (!only.empty() && std::find(only.begin(), only.end(), object.name) == only.end()) return;
    if (wanted.adapt) wanted.adapt(object);
    namespaces.apply(std::move(object));
  };
  auto listed = as_list(namespaces, [&] {
    return list(session, controller::namespaces_of(session.config), {}, keep);
  });
  if (!listed) return listed;
  listed = as_list(stores.accounts, [&] {
    return list(session, controller::all_service_accounts(session.config), wanted.only,
                into(stores.accounts));
  });
  for (const auto& copy : wanted.copies) {
    if (!listed) return listed;
    auto& store =
        *(stores.copies[copy.secret] = controller::make_copy_store(session.own_namespace));
    listed = as_list(store, [&] {
      return list(session, controller::named_secret(copy.secret, {}), wanted.only, into(store));
    });
  }
  return listed;
}

std::vector<std::string> unknown_namespaces(const controller::Stores& stores,
                                            const std::vector<std::string>& only) {
  std::vector<std::string> unknown;
  for (const auto& ns : only) {
    if (!stores.namespaces.get(ns, ns)) unknown.push_back(ns);
  }
  return unknown;
}

}  // namespace icrps::cli
