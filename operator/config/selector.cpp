#include "config/selector.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "icr/text.hpp"

namespace icrps::config {
namespace {

using Requirement = plan::LabelRequirement;
using Operator = Requirement::Operator;

constexpr std::size_t kLongestName = 63;  // of a label's key without its prefix, and of its value
constexpr std::string_view kKeyRule =
    "a label's key: letters, digits, inner -, _ and ., at most 63, after a DNS name and a / if "
    "need "
    "be";
constexpr std::string_view kValueRule =
    "a label's value: letters, digits, inner -, _ and ., at most 63, or \"\"";

bool is_label_name(std::string_view text) {
  const auto alphanumeric = [](char c) {
    return icr::is_lower(c) || icr::is_upper(c) || icr::is_digit(c);
  };
  return !text.empty() && text.size() <= kLongestName && alphanumeric(text.front()) &&
         alphanumeric(text.back()) && std::all_of(text.begin(), text.end(), [&](char c) {
           return alphanumeric(c) || c == '-' || c == '_' || c == '.';
         });
}

bool is_label_key(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return is_label_name(text);
  return icr::is_dns_subdomain(text.substr(0, slash)) && is_label_name(text.substr(slash + 1));
}

const std::string& label_value_of(const Located& at) {
  const std::string& value = text_of(at, kValueRule);
  if (!value.empty() && !is_label_name(value)) at.fail("is not a label's value", kValueRule);
  return value;
}

void read_labels(const Located& at, plan::LabelSelector& selector) {
  for (const Entry& entry : entries_of(at, "a map from label keys to values")) {
    if (!is_label_key(entry.key.text)) {
      throw Failure{entry.key.line, fmt::format("{}: {} is not a label's key; accepted: {}",
                                                at.path, icr::quoted(entry.key.text), kKeyRule)};
    }
    selector.push_back({entry.key.text, Operator::kIn, {label_value_of(entry.value)}});
  }
}

Requirement read_expression(const Located& at) {
  static const std::map<std::string, Operator> operators{{"In", Operator::kIn},
                                                         {"NotIn", Operator::kNotIn},
                                                         {"Exists", Operator::kExists},
                                                         {"DoesNotExist", Operator::kDoesNotExist}};
  const Fields fields(at, {"key", "operator", "values"});
  const Located key = fields.need("key", kKeyRule);
  Requirement requirement;
  requirement.key = text_of(key, kKeyRule);
  if (!is_label_key(requirement.key)) key.fail("is not a label's key", kKeyRule);
  const std::string& word = choice_of(fields.need("operator", "In, NotIn, Exists, DoesNotExist"),
                                      {"In", "NotIn", "Exists", "DoesNotExist"});
  requirement.op = operators.at(word);
  const bool compares = requirement.op == Operator::kIn || requirement.op == Operator::kNotIn;
  constexpr std::string_view kValues = "a list of at least one value";
  const auto values = compares ? fields.need("values", kValues) : fields.find("values");
  if (!values) return requirement;
  for (const Located& item : items_of(*values, compares ? kValues : "no values")) {
    requirement.values.push_back(label_value_of(item));
  }
  if (compares && requirement.values.empty()) values->fail("is an empty list", kValues);
  if (!compares && !requirement.values.empty()) {
    values->fail(fmt::format("stands beside {}, which compares with nothing", word), "no values");
  }
  return requirement;
}

}  // namespace

plan::LabelSelector read_selector(const Located& at) {
  const Fields fields(at, {"matchLabels", "matchExpressions"});
  plan::LabelSelector selector;
  if (const auto labels = fields.find("matchLabels")) read_labels(*labels, selector);
  if (const auto expressions = fields.find("matchExpressions")) {
    for (const Located& item : items_of(*expressions, "a list of {key: …, operator: …}")) {
      selector.push_back(read_expression(item));
    }
  }
  if (selector.empty()) {
    at.fail("has no condition", "at least one entry in matchLabels or matchExpressions");
  }
  return selector;
}

}  // namespace icrps::config
