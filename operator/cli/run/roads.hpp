// The roads to the API server: each has connections and places in flight of its own, so that what
// is slow on one of them holds up nothing on another.
//
// A webhook or a quota of a namespace can make each write there take its whole deadline: those
// writes share a road with each other only.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string_view>

#include "http/transport_cpprest.hpp"

namespace icrps::cli {

struct Roads {
  /// The lease, and nothing else: whoever can't renew it ends.
  std::unique_ptr<http::Transport> election;
  /// Lists and watches, and what is asked about a changed configuration. Only reads.
  std::unique_ptr<http::Transport> reading;
  /// What the operator writes in its own namespace: its record, a rotation's state, Events about
  /// sources and configuration.
  std::unique_ptr<http::Transport> own;
  /// What is written in the namespaces that take part, Events there included.
  std::unique_ptr<http::Transport> work;
  /// A stop of it ends what is under way on all but the first, and lets nothing more through.
  std::stop_source end;
};

/// All to the same server; `options` as for one. Where it has a name, the four share a resolver,
/// which is nobody else's. Throws as make_cpprest_transport() does.
/// `observer`: of look-ups, as http::names::ResolverOptions has it.
[[nodiscard]] Roads make_roads(http::TransportOptions options,
                               std::function<void(std::string_view)> observer = {});

}  // namespace icrps::cli
