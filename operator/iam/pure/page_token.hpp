// The link to the next page of one of IAM's lists. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace icrps::iam {

/// The value of `name` in the query of the link, as it stands there: it was encoded by IAM. Only
/// that is taken of a link: where to ask is not the server's to say. Nothing: there is none, or one
/// that must not stand in a query.
[[nodiscard]] std::optional<std::string> page_token_of(std::string_view link,
                                                       std::string_view name = "pagetoken");

/// The same of a link that may be empty: then there is no next page, and the token is empty.
[[nodiscard]] std::optional<std::string> next_page(std::string_view link);

}  // namespace icrps::iam
