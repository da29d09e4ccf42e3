#include "plan/defaults.hpp"

#include "plan/wish.hpp"

namespace icrps::plan {

std::vector<std::string> system_namespaces() {
  return {"kube-*",
          "openshift",
          "openshift-*",
          "calico-*",
          "tigera-*",
          "ibm-system",
          "ibm-operators",
          "ibm-observe",
          "ibm-cert-store",
          "ibm-services-system",
          "ibm-odf-validation-webhook"};
}

bool takes_part(const OptIn& opt_in, const std::string& ns, const Labels& labels) {
  if (opt_in.mode == OptIn::Mode::kAnnotation || selects(opt_in.exclude, ns)) return false;
  return opt_in.mode == OptIn::Mode::kAll || matches(opt_in.selector, labels);
}

}  // namespace icrps::plan
