#include "config/opt_in.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "config/limits.hpp"
#include "config/selector.hpp"
#include "icr/text.hpp"
#include "plan/text_list.hpp"

namespace icrps::config {
namespace {

using Mode = plan::OptIn::Mode;

constexpr std::string_view kSelector = "{matchLabels: …, matchExpressions: …}";
constexpr std::string_view kRegions =
    "a list of region ids, old names and hosts, as in the annotation; [all] for all of them";

Mode read_mode(const Fields& fields) {
  const auto& word = choice_of(fields.need("mode", "annotation, selector, all"),
                               {"annotation", "selector", "all"});
  if (word == "annotation") return Mode::kAnnotation;
  return word == "all" ? Mode::kAll : Mode::kSelector;
}

/// Keys that mean nothing in this mode are refused: whoever wrote them expects something of them.
void refuse_beside(const Fields& fields, const std::vector<std::string>& keys,
                   std::string_view mode, std::string_view accepted) {
  for (const auto& key : keys) {
    if (const auto at = fields.find(key)) {
      at->fail(fmt::format("stands beside mode {}", mode), accepted);
    }
  }
}

/// In the words of the annotation.
std::string read_default_regions(const Located& at, const icr::RegionTable& table) {
  const auto items = items_of(at, kRegions);
  if (items.empty()) at.fail("is an empty list", kRegions);
  std::vector<std::string> words;
  for (const Located& item : items) {
    const std::string& text = text_of(item, "a region");
    const std::string word = icr::lower(icr::trim(text));
    if (word == "all" && items.size() > 1) {
      item.fail("is \"all\" beside other regions", "[all], or regions without it");
    }
    if (word == "none" || text.find(',') != std::string::npos) {
      item.fail(fmt::format("is {}", icr::quoted(text)), "one region an entry; [all] for all");
    }
    if (const auto found = table.select(text, icr::Endpoints::kAll); !found) {
      throw Failure{item.value.line, fmt::format("{}: {}", item.path, found.error().message)};
    }
    words.push_back(text);
  }
  return plan::join(words, ",");
}

}  // namespace

plan::OptIn read_opt_in(const Located& at, const Config& config) {
  const Fields fields(at, {"mode", "selector", "regions", "exclude"});
  plan::OptIn opt_in;
  opt_in.mode = read_mode(fields);
  if (opt_in.mode == Mode::kAnnotation) {
    refuse_beside(fields, {"selector", "regions", "exclude"}, "annotation",
                  "mode alone; mode selector or all for namespaces without the annotation");
    return opt_in;
  }
  if (opt_in.mode == Mode::kSelector) {
    opt_in.selector = read_selector(fields.need("selector", kSelector));
  } else {
    refuse_beside(fields, {"selector"}, "all", "mode selector");
  }
  opt_in.regions = read_default_regions(fields.need("regions", kRegions), config.regions);
  if (const auto exclude = fields.find("exclude")) {
    opt_in.exclude = read_namespace_patterns(*exclude, "a list of names and globs; [] for none");
  }
  const bool has_default =
      std::any_of(config.credentials.begin(), config.credentials.end(),
                  [](const Credential& credential) { return credential.name == "default"; });
  if (!has_default) {
    at.fail("gives namespaces that ask for nothing the credential \"default\", which there isn't",
            "mode annotation, or a credential called default");
  }
  return opt_in;
}

}  // namespace icrps::config
