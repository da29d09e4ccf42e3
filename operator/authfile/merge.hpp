// What programs that know nothing of each other wrote into an auth file, put together. docker reads
// its file, changes one entry and writes all of it, without a lock: who writes after it has read
// takes away what was written between. Pure.
#pragma once

#include <vector>

#include "runtime/secret_string.hpp"

namespace icrps::authfile {

/// `theirs` with the entries of `auths` and `credHelpers` that it lacks because its writer had read
/// an older file. `history`: what the file held before `theirs`, oldest first; the one that
/// `theirs` differs from in the fewest entries is what its writer had read. `latest`: all that
/// others had written before. What `theirs` changed stays as it is there. A text that is no auth
/// file is left alone.
[[nodiscard]] SecretString merged(const std::vector<SecretString>& history,
                                  const SecretString& latest, const SecretString& theirs);

}  // namespace icrps::authfile
