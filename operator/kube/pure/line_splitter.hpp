// Bytes as they come from a watch → whole lines. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace icrps::kube {

class LineSplitter {
 public:
  /// A line may have `max_line` bytes. The API server's largest objects are about 3 MiB.
  explicit LineSplitter(std::size_t max_line) : max_line_(max_line) {}

  /// Calls `on_line` for each line that is complete now, without its line end; empty lines are
  /// skipped. Stops and returns false when `on_line` does, or when a line grows too long.
  bool feed(std::string_view bytes, const std::function<bool(std::string_view)>& on_line);

  /// True when the last feed() ended because a line was too long.
  [[nodiscard]] bool overflowed() const { return overflowed_; }
  /// True when a line has begun and not ended: the stream was cut in the middle.
  [[nodiscard]] bool has_partial_line() const { return !partial_.empty(); }

 private:
  const std::size_t max_line_;
  std::string partial_;
  bool overflowed_ = false;
};

}  // namespace icrps::kube
