#include "iam/pure/json_scalars.hpp"

#include <limits>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace icrps::iam {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kLongestKey = 64;

class Reader final : public nlohmann::json_sax<json> {
 public:
  explicit Reader(const ScalarSink& sink) : sink_(sink) {}

  bool null() override { return leaf({}); }
  bool boolean(bool value) override { return leaf(value); }
  bool number_integer(number_integer_t value) override { return leaf(std::int64_t{value}); }
  bool number_unsigned(number_unsigned_t value) override {
    constexpr auto kMost = static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max());
    return value > kMost ? leaf({}) : leaf(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override {
    return leaf({});
  }
  bool binary(binary_t& /*value*/) override { return leaf({}); }
  bool string(string_t& value) override { return leaf(SecretString(std::move(value))); }
  bool key(string_t& value) override {
    step(value.size() > kLongestKey || value.find('/') != std::string::npos ? "?" : value);
    return true;
  }
  bool start_object(std::size_t /*size*/) override { return open(false); }
  bool start_array(std::size_t /*size*/) override { return open(true); }
  bool end_object() override { return close(sink_.object_end); }
  bool end_array() override { return close(sink_.array_end); }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*why*/) override {
    return false;  // the library's own text quotes the input
  }

 private:
  struct Level {
    std::size_t path;  // how much of path_ leads here
    bool array;
  };

  /// Leaves what stood before in the same container.
  void step(std::string_view name) {
    path_.resize(levels_.back().path);
    if (!path_.empty()) path_ += '/';
    path_ += name;
  }
  void enter_element() {
    if (!levels_.empty() && levels_.back().array) step("[]");
  }
  bool leaf(Scalar value) {
    enter_element();
    sink_.leaf(path_, std::move(value));
    return true;
  }
  bool open(bool array) {
    if (levels_.size() >= kMaxDepth) return false;
    enter_element();
    levels_.push_back({path_.size(), array});
    return true;
  }
  bool close(const std::function<void(std::string_view)>& ended) {
    path_.resize(levels_.back().path);
    levels_.pop_back();
    ended(path_);
    return true;
  }

  const ScalarSink& sink_;
  std::string path_;
  std::vector<Level> levels_;
};

}  // namespace

bool read_scalars(std::string_view text, const ScalarSink& sink) {
  Reader reader(sink);
  return json::sax_parse(text.begin(), text.end(), &reader);
}

}  // namespace icrps::iam
