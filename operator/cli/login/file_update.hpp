// Changes a file that other programs change too, and that nobody may find half written.
//
// Symbolic links are followed, the file's owner and mode stay (a new one is 0600), a new folder is
// 0700. The new content is complete on the disk before it gets the name. Two of us wait for each
// other (flock on FILE.lock); what somebody else wrote meanwhile, whom no lock holds up, is taken
// up: the content is swapped in, and when what comes out is not what was read, that is changed
// and swapped in again, with what a writer in between could not know. Killed at any moment it
// leaves one content or the other.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "runtime/secret_string.hpp"

namespace icrps::cli {

/// The new content for the one that is there (empty: there is none, or nothing in it), or why not.
/// May be called several times.
using EditContent =
    std::function<tl::expected<SecretString, std::string>(const SecretString& content)>;

/// What to edit when `theirs` came out of the file, written by somebody who perhaps had read what
/// the file held a moment before. `history`: all that it held before, oldest first; `latest`: what
/// was edited last.
using MergeContent =
    std::function<SecretString(const std::vector<SecretString>& history, const SecretString& latest,
                               const SecretString& theirs)>;
/// That is the newest, and nothing else counts.
[[nodiscard]] SecretString take_theirs(const std::vector<SecretString>& history,
                                       const SecretString& latest, const SecretString& theirs);

/// Errors are sentences for a person that name the file. A content that stays as it is, is not
/// written. More than 8 MiB is refused, and so is a file that its owner may not write.
[[nodiscard]] tl::expected<void, std::string> update_file(const std::string& file,
                                                          const EditContent& edit,
                                                          const MergeContent& merge = take_theirs);

/// The content, or an empty one if there is no such file.
[[nodiscard]] tl::expected<SecretString, std::string> read_if_there(const std::string& file);

}  // namespace icrps::cli
