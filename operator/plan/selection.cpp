#include "plan/selection.hpp"

#include <algorithm>

namespace icrps::plan {
namespace {

constexpr std::size_t kWordBits = 64;

void set_bit(std::vector<std::uint64_t>& bits, std::size_t at) {
  if (bits.size() <= at / kWordBits) bits.resize(at / kWordBits + 1);
  bits[at / kWordBits] |= std::uint64_t{1} << (at % kWordBits);
}

}  // namespace

bool is_glob(std::string_view pattern) {
  return pattern.find_first_of("*?") != std::string_view::npos;
}

Selection::Selection(const std::vector<std::string>& patterns) {
  for (const auto& pattern : patterns) {
    if (is_glob(pattern)) {
      add(pattern);
    } else {
      names_.insert(pattern);
    }
  }
  grow();
}

void Selection::add(std::string_view glob) {
  set_bit(first_, places_);
  for (const char c : glob) {
    if (c == '*') {
      set_bit(stays_, places_);
      continue;
    }
    set_bit(c == '?' ? any_ : next_[static_cast<unsigned char>(c)], places_);
    ++places_;
  }
  set_bit(last_, places_++);
}

/// All of them as long as the longest, but for characters that no glob has.
void Selection::grow() {
  const auto words = (places_ + kWordBits - 1) / kWordBits;
  for (auto* bits : {&first_, &last_, &stays_, &any_}) bits->resize(words);
  for (auto& bits : next_) {
    if (!bits.empty()) bits.resize(words);
  }
}

bool Selection::selects(const std::string& name) const {
  return names_.contains(name) || (places_ > 0 && matches_glob(name));
}

bool Selection::matches_glob(std::string_view name) const {
  Bits at = first_;
  for (const char c : name) {
    const auto& next = next_[static_cast<unsigned char>(c)];
    Word carry = 0;
    for (std::size_t i = 0; i < at.size(); ++i) {
      const Word moves = at[i] & (any_[i] | (next.empty() ? 0 : next[i]));
      at[i] = (moves << 1U) | carry | (at[i] & stays_[i]);
      carry = moves >> (kWordBits - 1);
    }
  }
  for (std::size_t i = 0; i < at.size(); ++i) {
    if ((at[i] & last_[i]) != 0) return true;
  }
  return false;
}

}  // namespace icrps::plan
