#include "config/yaml_tree.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <sstream>
#include <unordered_set>
#include <utility>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "config/failure.hpp"
#include "icr/regions.hpp"
#include "icr/text.hpp"
#include "runtime/utf8.hpp"

namespace icrps::config {
namespace {

constexpr std::size_t kMostValues = 100'000;

int line_of(const YAML::Mark& mark) {
  return mark.line + 1;
}

[[noreturn]] void fail(int line, std::string message) {
  throw Failure{line, std::move(message)};
}

/// What yaml-cpp would skip, misread or take for the end of the file is refused before it.
void check_characters(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const auto first = std::find_if_not(text.begin(), text.end(), icr::is_blank);
  const bool json = first != text.end() && *first == '{';
  int line = 1;
  bool indentation = true;
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = utf8_length(text);
    if (length == 0) fail(line, "not UTF-8; accepted: YAML in UTF-8");
    const bool control = static_cast<unsigned char>(c) < 0x20U || c == '\x7f';
    if (control && c != '\n' && c != '\r' && c != '\t') fail(line, "a control character");
    if (c == '\t' && indentation && !json) {
      fail(line, "a tab in the indentation; accepted: spaces");
    }
    indentation = c == '\n' || (indentation && (c == ' ' || c == '\t'));
    if (c == '\n') ++line;
    text.remove_prefix(length);
  }
}

/// Puts the parser's events together. Holds the containers that are still open.
class TreeBuilder : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) {
      fail(line_of(mark), "a second document, or text after the end of the first; accepted: one");
    }
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check(mark, "?", anchor);
    if (expects_key()) fail(line_of(mark), "a key without text; accepted: text");
    YamlValue value;
    value.line = line_of(mark);
    add(std::move(value));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    fail(line_of(mark), "an alias (*name); accepted: the value itself");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    check(mark, tag, anchor);
    if (expects_key()) {
      add_key({text, line_of(mark)});
      return;
    }
    YamlValue value;
    value.kind = YamlValue::Kind::kScalar;
    value.line = line_of(mark);
    value.plain = tag != "!";  // yaml-cpp's tag for everything in quotes and for block scalars
    value.text = text;
    add(std::move(value));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(YamlValue::Kind::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(YamlValue::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

  [[nodiscard]] YamlValue take() { return std::move(root_); }

 private:
  struct Open {
    YamlValue value;
    std::unordered_set<std::string> keys;
  };

  bool expects_key() const {
    if (open_.empty()) return false;
    const YamlValue& map = open_.back().value;
    return map.kind == YamlValue::Kind::kMap && map.keys.size() == map.items.size();
  }

  void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != 0) fail(line_of(mark), "an anchor (&name); accepted: plain values");
    if (!tag.empty() && tag != "?" && tag != "!") {
      fail(line_of(mark), fmt::format("the tag {}; accepted: no tags", icr::quoted(tag)));
    }
    if (++values_ > kMostValues) {
      fail(line_of(mark), fmt::format("too many values; accepted: at most {}", kMostValues));
    }
  }

  void add_key(YamlKey key) {
    Open& map = open_.back();
    if (!map.keys.insert(key.text).second) {
      const auto earlier = std::find_if(map.value.keys.begin(), map.value.keys.end(),
                                        [&](const YamlKey& k) { return k.text == key.text; });
      fail(key.line, fmt::format("the key {} is already in line {}; accepted: every key once",
                                 icr::quoted(key.text), earlier->line));
    }
    map.value.keys.push_back(std::move(key));
  }

  void add(YamlValue value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else {
      open_.back().value.items.push_back(std::move(value));
    }
  }

  void open(YamlValue::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    check(mark, tag, anchor);
    if (expects_key()) {
      fail(line_of(mark),
           "a list or a map as a key, or a [ or { that is never closed; accepted: text as a key");
    }
    Open container;
    container.value.kind = kind;
    container.value.line = line_of(mark);
    open_.push_back(std::move(container));
  }

  void close() {
    YamlValue value = std::move(open_.back().value);
    open_.pop_back();
    add(std::move(value));
  }

  std::vector<Open> open_;
  YamlValue root_;
  std::size_t values_ = 0;
  int documents_ = 0;
};

/// Whether all of `text` is a number to std::from_chars with these arguments.
template <typename Number, typename... Base>
bool is_all(std::string_view text, Base... base) {
  Number number{};
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number, base...).ptr;
  return !text.empty() && end == text.data() + text.size();
}

bool is_number(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  const std::string word = icr::lower(text.substr(0, 5));
  if (word == ".inf" || word == ".nan") return true;
  if (text.empty() || !(icr::is_digit(text[0]) || text[0] == '.')) return false;
  if (text.starts_with("0x")) return is_all<unsigned long long>(text.substr(2), 16);
  if (text.starts_with("0o")) return is_all<unsigned long long>(text.substr(2), 8);
  return is_all<double>(text);
}

bool is_boolean(std::string_view text) {
  constexpr std::array<std::string_view, 6> kWords{"true", "false", "yes", "no", "on", "off"};
  const std::string word = icr::lower(text.substr(0, 8));
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end();
}

}  // namespace

std::string_view kind_of(const YamlValue& value) {
  switch (value.kind) {
    case YamlValue::Kind::kNull:
      return "nothing";
    case YamlValue::Kind::kList:
      return "a list";
    case YamlValue::Kind::kMap:
      return "a map";
    case YamlValue::Kind::kScalar:
      break;
  }
  if (value.plain && is_number(value.text)) return "a number";
  if (value.plain && is_boolean(value.text)) return "true or false";
  return "text";
}

YamlValue parse_yaml(std::string_view text) {
  check_characters(text);
  // yaml-cpp takes a quote that is never closed for complete when white space ends the file.
  while (!text.empty() && icr::is_blank(text.back())) text.remove_suffix(1);
  std::istringstream stream{std::string(text)};
  TreeBuilder builder;
  try {
    YAML::Parser parser(stream);
    // The second call finds whatever the first has left over; the builder refuses it.
    if (parser.HandleNextDocument(builder)) parser.HandleNextDocument(builder);
  } catch (const YAML::DeepRecursion& e) {
    fail(line_of(e.mark), "not valid YAML: nested too deeply");
  } catch (const YAML::Exception& e) {
    // Some of its messages end with a character of the file, whatever that is.
    const std::string what = icr::quoted(e.msg, 200);
    fail(e.mark.is_null() ? 0 : line_of(e.mark),
         fmt::format("not valid YAML: {}", what.substr(1, what.size() - 2)));
  }
  return builder.take();
}

}  // namespace icrps::config
