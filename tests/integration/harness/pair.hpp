// Two operators of one installation, of which one leads.
#pragma once

#include <memory>
#include <string>

#include "harness/replica.hpp"
#include "harness/scene.hpp"

namespace itest {

/// The scene has the source and the namespaces.
struct Pair : Scene {
  /// Returns when both are ready and one leads.
  Pair();

  /// Waits until `second` leads; returns how long that took.
  Milliseconds taken_over() const;

  std::unique_ptr<Replica> first;  ///< the leader
  std::unique_ptr<Replica> second;
};

}  // namespace itest
