// Structured logs: a constant message and fields, one line each on stderr.
//
// A SecretString can't be a field: FieldValue has no conversion from it.
// Thread safety: all methods may be called from any thread; lines never mix.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "runtime/clock.hpp"
#include "runtime/timestamp.hpp"

namespace icrps {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

using FieldValue = std::variant<std::string, std::int64_t, double, bool>;

struct Field {
  Field(std::string_view k, std::string_view text) : key(k), value(std::string(text)) {}
  Field(std::string_view k, const std::string& text) : key(k), value(text) {}
  Field(std::string_view k, const char* text) : key(k), value(std::string(text)) {}
  Field(std::string_view k, bool flag) : key(k), value(flag) {}
  Field(std::string_view k, double number) : key(k), value(number) {}
  template <class Integer>
    requires std::integral<Integer>
  Field(std::string_view k, Integer number) : key(k), value(static_cast<std::int64_t>(number)) {}

  std::string_view key;
  FieldValue value;
};

class Log {
 public:
  using Fields = std::initializer_list<Field>;
  enum class Format { kJson, kText };

  /// Writes to the file descriptor `fd`, which must outlive the Log. `clock` too.
  Log(LogLevel threshold, Format format, const Clock& clock, int fd = 2);

  /// From now on; from any thread.
  void set_threshold(LogLevel threshold) { threshold_ = threshold; }

  void debug(std::string_view message, Fields fields = {}) const;
  void info(std::string_view message, Fields fields = {}) const;
  void warn(std::string_view message, Fields fields = {}) const;
  void error(std::string_view message, Fields fields = {}) const;

 private:
  void write(LogLevel level, std::string_view message, Fields fields) const;

  std::atomic<LogLevel> threshold_;
  const Format format_;
  const Clock& clock_;
  const int fd_;
};

/// While it lives, each line of its thread carries this field too. Made and ended on one thread.
class LogScope {
 public:
  LogScope(std::string_view key, std::string_view text);
  ~LogScope();
  LogScope(const LogScope&) = delete;
  LogScope& operator=(const LogScope&) = delete;
};

}  // namespace icrps
