#include "credentials/pure/answer.hpp"

#include "plan/names.hpp"

namespace icrps::credentials {

Word word_of(const Answer& answer) {
  if (answer) return Word::kYes;
  switch (answer.error().kind) {
    case iam::Refusal::Kind::kUnknown:
    case iam::Refusal::Kind::kCanceled:
      return Word::kSilent;
    default:
      return Word::kNo;
  }
}

std::string_view reason_of(const iam::Refusal& refusal) {
  switch (refusal.kind) {
    case iam::Refusal::Kind::kRefused:
    case iam::Refusal::Kind::kNotFound:
      return plan::kSourceRefused;
    case iam::Refusal::Kind::kPolicy:
    case iam::Refusal::Kind::kLimit:
      return plan::kPolicyRefused;
    default:
      return plan::kSourceUnproved;
  }
}

}  // namespace icrps::credentials
