#include "provision/pure/access_table.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "provision/pure/marks.hpp"
#include "provision/pure/place.hpp"

namespace access_table_test {

using namespace icrps;

namespace {

const std::string kService = "crn:v1:bluemix:public:iam::::serviceRole:";
const std::string kPlatform = "crn:v1:bluemix:public:iam::::role:";

iam::Policy policy(const std::string& id, const std::string& who, const iam::Attributes& resource,
                   const std::set<std::string>& roles) {
  iam::Policy policy;
  policy.id = id;
  policy.iam_id = who;
  policy.resource = resource;
  policy.roles = roles;
  return policy;
}

}  // namespace

TEST_CASE("who may pull and push what, as rows", "[provision][access_table]") {
  const auto team = provision::attributes_of({"team", "us-south"}, "A");
  auto group = policy("p5", "", {{"serviceType", "service"}}, {kService + "Manager"});
  group.access_group_id = "AccessGroupId-1";
  auto timed = policy("p6", "iam-ServiceId-1", team, {kService + "Reader"});
  timed.conditional = true;
  const std::vector<iam::Policy> policies{
      policy("p1", "iam-ServiceId-1", team, {kService + "Reader"}),
      policy("p2", "iam-Profile-1", team, {kService + "Writer"}),
      policy("p3", "IBMid-1", {{"serviceName", "container-registry"}}, {kService + "Manager"}),
      policy("p4", "IBMid-1", team, {kPlatform + "Administrator"}),  // opens no image
      group,
      timed,
      policy("p7", "IBMid-1", {{"serviceName", "databases"}}, {kService + "Reader"})};
  const std::vector<iam::Identity> identities{{iam::IdentityKind::kServiceId, "ServiceId-1",
                                               "iam-ServiceId-1", "pull",
                                               provision::mark_of("cluster-1"), "A", false}};
  const auto rows = provision::access_rows(policies, identities);
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    lines.push_back(row.who + "|" + row.kind + "|" + row.may + "|" + row.ns + "|" + row.region +
                    "|" + row.made_for + "|" + row.condition + "|" + row.policy);
  }
  CHECK(lines ==
        std::vector<std::string>{"AccessGroupId-1|access group|pull, push|*|*|||p5",
                                 "IBMid-1|user|pull, push|*|*|||p3",
                                 "iam-Profile-1|trusted profile|pull, push|team|us-south|||p2",
                                 "pull|service ID|pull|team|us-south|cluster-1||p1",
                                 "pull|service ID|pull|team|us-south|cluster-1|conditional|p6"});
}

}  // namespace access_table_test
