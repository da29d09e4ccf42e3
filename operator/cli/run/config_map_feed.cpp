#include "cli/run/config_map_feed.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "controller/collections.hpp"
#include "kube/watcher.hpp"

namespace icrps::cli {

ConfigMapFeed::ConfigMapFeed(Place place, Environment environment, std::function<void()> on_news)
    : place_(std::move(place)),
      environment_(std::move(environment)),
      on_news_(std::move(on_news)),
      thread_([this](const std::stop_token& stop) { watch(stop); }) {}

void ConfigMapFeed::watch(const std::stop_token& stop) {
  kube::Watcher watcher(
      controller::named_config_map(place_.name, place_.ns), *this,
      {environment_.transport, environment_.clock, environment_.log, environment_.random,
       [this](auto verb, auto resource, auto code) {
         environment_.metrics.api_request(verb, resource, code);
       },
       [this](auto resource, auto reason) {
         environment_.metrics.watch_restarted(resource, reason);
       }});
  watcher.run(stop);
}

std::optional<tl::expected<std::string, std::string>> ConfigMapFeed::text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

std::string ConfigMapFeed::uid() const {
  const std::lock_guard lock(mutex_);
  return uid_;
}

void ConfigMapFeed::set(tl::expected<std::string, std::string> text, const std::string& uid) {
  {
    const std::lock_guard lock(mutex_);
    if (text_ && *text_ == text) return;
    text_ = std::move(text);
    uid_ = uid;
  }
  on_news_();
}

void ConfigMapFeed::apply(kube::Object&& object) {
  present_ = true;
  const auto entry = std::find_if(object.data.begin(), object.data.end(),
                                  [this](const auto& data) { return data.first == place_.key; });
  if (entry == object.data.end()) {
    set(tl::unexpected(fmt::format("ConfigMap {}/{}: has no key \"{}\"; accepted: one with the "
                                   "configuration under that name",
                                   place_.ns, place_.name, place_.key)),
        object.uid);
  } else {
    set(std::string(entry->second.reveal()), object.uid);
  }
}

void ConfigMapFeed::removed(kube::Object&& /*object*/) {
  present_ = false;
  set(tl::unexpected(fmt::format("ConfigMap {}/{}: does not exist any more; create it again, the "
                                 "next start needs it",
                                 place_.ns, place_.name)),
      {});
}

void ConfigMapFeed::relist_ends(const std::string& /*resource_version*/) {
  if (!present_) removed({});
}

}  // namespace icrps::cli
