// The managedFields of an object: left out of a JSON text before it is parsed, or asked who wrote
// it. Pure.
//
// They are half of what an API server sends, and hardly anything here reads them; a real parser
// would still have to take every name and string in them apart, which was a fifth of this program's
// work.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace icrps::kube {

/// `text` with the value of each `"managedFields":[…]` made empty. Exact for compact JSON, as an
/// API server sends it; anything else (spaces, another type of value, a list that doesn't end)
/// stays as it is and is left to the parser. The result is `text` itself or a view of `buffer`,
/// which must outlive it.
[[nodiscard]] std::string_view without_managed_fields(std::string_view text, std::string& buffer);

/// The field managers of the object in `text`, each once, the last that wrote first; with `owned`
/// only those that have written something below that key of the object: "data". Whatever can't be
/// read gives none.
[[nodiscard]] std::vector<std::string> field_managers(std::string_view text,
                                                      std::string_view owned = {});

}  // namespace icrps::kube
