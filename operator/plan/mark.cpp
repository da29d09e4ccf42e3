#include "plan/mark.hpp"

#include <fmt/format.h>

#include "runtime/digest.hpp"

namespace icrps::plan {
namespace {

constexpr std::size_t kMarkDigits = 12;

std::string text_of(const Place& place) {
  return place.uid.empty() ? place.name : place.name + "/" + place.uid;
}

}  // namespace

Mark mark_of(const Place& installation, const Place& made_for) {
  return {text_of(installation), text_of(made_for)};
}

std::string_view name_in(std::string_view place) {
  return place.substr(0, place.find('/'));
}

bool may_mean(std::string_view place, std::string_view name) {
  return place.empty() || name_in(place) == name;
}

std::string digest_of(const Mark& mark) {
  if (mark == Mark{}) return {};
  return digest({"mark", mark.installation, mark.made_for}, kMarkDigits);
}

std::string installation_in(std::string_view ns) {
  return fmt::format("installation in namespace {}", ns);
}

}  // namespace icrps::plan
