// Where a test may end the process: before and after everything that can't be undone. In production
// the hook does nothing.
#pragma once

#include <array>
#include <functional>
#include <string_view>

namespace icrps::credentials::rotation {

using FailurePoint = std::function<void(std::string_view name)>;

/// Every name that the hook is called with, in the order of a rotation.
inline constexpr std::array<std::string_view, 22> kFailurePoints{
    "save-intent:before",    "save-intent:after",     // the name of the key to be made
    "create-key:before",     "create-key:after",      // at IAM
    "save-key:before",       "save-key:after",        // its id and value
    "save-promotion:before", "save-promotion:after",  // it is the current one
    "publish:before",        "publish:after",         // the namespaces get it
    "save-note:before",      "save-note:after",       // bookkeeping: rolled out, …
    "disable-key:before",    "disable-key:after",     // the old one, at IAM
    "save-disabled:before",  "save-disabled:after",   //
    "delete-key:before",     "delete-key:after",      // the old one, or an orphan, at IAM
    "save-deleted:before",   "save-deleted:after",    //
    "load:before",           "load:after"};

}  // namespace icrps::credentials::rotation
