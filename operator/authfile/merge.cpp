#include "authfile/merge.hpp"

#include <optional>
#include <set>

#include "authfile/auth_file.hpp"

namespace icrps::authfile {
namespace {

using Places = std::map<Place, JsonPiece>;

/// Null: there is no such entry.
const JsonPiece* at(const Places& places, const Place& place) {
  const auto found = places.find(place);
  return found == places.end() ? nullptr : &found->second;
}

bool same(const JsonPiece* one, const JsonPiece* other) {
  return one == nullptr || other == nullptr ? one == other : *one == *other;
}

/// Where the two differ.
std::set<Place> differences(const Places& one, const Places& other) {
  std::set<Place> found;
  for (const auto* const side : {&one, &other}) {
    for (const auto& [place, piece] : *side) {
      if (!same(at(one, place), at(other, place))) found.insert(place);
    }
  }
  return found;
}

/// What somebody had read who wrote `written`: whoever writes changes little, and not nothing.
std::optional<Places> ancestor_of(const Places& written, const std::vector<SecretString>& history) {
  std::optional<Places> nearest;
  std::size_t fewest = 0;
  for (const auto& content : history) {
    const auto file = AuthFile::parse(content);
    if (!file) continue;
    auto places = file->places();
    const auto count = differences(places, written).size();
    if (count == 0 || (nearest && count > fewest)) continue;
    nearest = std::move(places);
    fewest = count;
  }
  return nearest;
}

}  // namespace

SecretString merged(const std::vector<SecretString>& history, const SecretString& latest,
                    const SecretString& theirs) {
  auto result = AuthFile::parse(theirs);
  const auto others = AuthFile::parse(latest);
  if (!result || !others) return theirs;
  const auto written = result->places();
  const auto wanted = others->places();
  const auto ancestor = ancestor_of(written, history);
  if (!ancestor) return theirs;
  for (const auto& place : differences(*ancestor, wanted)) {
    if (!same(at(written, place), at(*ancestor, place))) continue;
    if (const auto* const piece = at(wanted, place)) {
      result->set(place, *piece);
    } else {
      result->remove(place);
    }
  }
  return result->text();
}

}  // namespace icrps::authfile
