#include "iam/pure/refusal.hpp"

namespace icrps::iam {

std::string_view to_string(Refusal::Kind kind) {
  switch (kind) {
    case Refusal::Kind::kRefused:
      return "refused";
    case Refusal::Kind::kNotFound:
      return "not_found";
    case Refusal::Kind::kPolicy:
      return "policy";
    case Refusal::Kind::kLimit:
      return "limit";
    case Refusal::Kind::kUnknown:
      return "unknown";
    case Refusal::Kind::kCanceled:
      return "canceled";
  }
  return "unknown";
}

}  // namespace icrps::iam
