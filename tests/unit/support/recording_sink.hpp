// Writes down what a watch says, one short line each: "apply shop/default@7".
#pragma once

#include <string>
#include <vector>

#include "kube/pure/watch_machine.hpp"

namespace icrps::test {

class RecordingSink final : public kube::Sink {
 public:
  void relist_begins() override { heard.emplace_back("begin"); }
  void apply(kube::Object&& object) override { heard.push_back("apply " + name(object)); }
  void removed(kube::Object&& object) override { heard.push_back("removed " + name(object)); }
  void relist_ends(const std::string& version) override { heard.push_back("end @" + version); }

  std::vector<std::string> heard;

 private:
  static std::string name(const kube::Object& object) {
    return (object.ns.empty() ? "" : object.ns + "/") + object.name + "@" + object.resource_version;
  }
};

}  // namespace icrps::test
