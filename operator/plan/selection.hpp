// Which names a list of names and globs selects, asked for many names. Pure.
//
// Whoever may annotate a namespace writes the list and names the accounts, so that neither may cost
// much: one look at a name takes time in proportion to its length, whatever the globs are. They are
// one automaton (Shift-And: a bit for each place in a glob, all of them moved on at once), and
// plain names are a hash set.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace icrps::plan {

/// Whether the pattern is a glob: `*` is any text, `?` any character.
[[nodiscard]] bool is_glob(std::string_view pattern);

class Selection {
 public:
  explicit Selection(const std::vector<std::string>& patterns);

  [[nodiscard]] bool selects(const std::string& name) const;

 private:
  using Word = std::uint64_t;
  using Bits = std::vector<Word>;  // all of the same length
  static constexpr std::size_t kCharacters = 256;

  void add(std::string_view glob);
  void grow();
  [[nodiscard]] bool matches_glob(std::string_view name) const;

  std::unordered_set<std::string> names_;
  std::size_t places_ = 0;  // in all globs: one before each character, and one at the end
  Bits first_;              // the place where each glob begins
  Bits last_;               // the place where each has matched
  Bits stays_;              // there is a `*`: any character leaves it there
  Bits any_;                // a `?` follows
  std::array<Bits, kCharacters> next_;  // this character follows; empty: nowhere
};

}  // namespace icrps::plan
