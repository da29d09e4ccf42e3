// Digests for content hashes and revisions.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace icrps {

/// The first `hex_digits` (up to 64) of the SHA-256 of the parts, each preceded by its length, so
/// that ("ab","c") and ("a","bc") differ.
[[nodiscard]] std::string digest(std::initializer_list<std::string_view> parts,
                                 std::size_t hex_digits);

}  // namespace icrps
