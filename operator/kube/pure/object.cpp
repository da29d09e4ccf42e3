#include "kube/pure/object.hpp"

#include <algorithm>

namespace icrps::kube {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

bool Status::has_cause(std::string_view cause) const {
  return std::find(causes.begin(), causes.end(), cause) != causes.end();
}

bool older(std::string_view a, std::string_view b) {
  if (!is_number(a) || !is_number(b)) return false;
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace icrps::kube
