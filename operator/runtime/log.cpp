#include "runtime/log.hpp"

#include <array>
#include <fmt/format.h>
#include <unistd.h>
#include <vector>

#include <nlohmann/json.hpp>

#include "runtime/printable.hpp"

namespace icrps {
namespace {

std::string_view name_of(LogLevel level) {
  constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warn", "error"};
  return kNames.at(static_cast<std::size_t>(level));
}

/// With quotes and escapes; bytes that are not UTF-8 are replaced, never fatal.
std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_value(const FieldValue& value) {
  return std::visit(
      [](const auto& v) -> std::string {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::string>) {
          return json_text(v);
        } else {
          return fmt::format("{}", v);
        }
      },
      value);
}

/// Of this thread, as its scopes say.
std::vector<Field>& scope_fields() {
  thread_local std::vector<Field> fields;
  return fields;
}

std::string json_line(std::string_view time, LogLevel level, std::string_view message,
                      Log::Fields fields) {
  auto line = fmt::format(R"({{"time":"{}","level":"{}","msg":{})", time, name_of(level),
                          json_text(std::string(message)));
  for (const auto& field : fields) {
    line += fmt::format(R"(,"{}":{})", field.key, json_value(field.value));
  }
  for (const auto& field : scope_fields()) {
    line += fmt::format(R"(,"{}":{})", field.key, json_value(field.value));
  }
  return line + "}\n";
}

std::string text_line(std::string_view time, LogLevel level, std::string_view message,
                      Log::Fields fields) {
  auto line = fmt::format("{} {:5} {}", time.substr(11, 12), name_of(level), message);
  for (const auto& field : fields) {
    line += fmt::format(" {}={}", field.key, printable(json_value(field.value)));
  }
  for (const auto& field : scope_fields()) {
    line += fmt::format(" {}={}", field.key, printable(json_value(field.value)));
  }
  return line + "\n";
}

}  // namespace

Log::Log(LogLevel threshold, Format format, const Clock& clock, int fd)
    : threshold_(threshold), format_(format), clock_(clock), fd_(fd) {}

LogScope::LogScope(std::string_view key, std::string_view text) {
  scope_fields().emplace_back(key, text);
}

LogScope::~LogScope() {
  scope_fields().pop_back();
}

void Log::debug(std::string_view message, Fields fields) const {
  write(LogLevel::kDebug, message, fields);
}
void Log::info(std::string_view message, Fields fields) const {
  write(LogLevel::kInfo, message, fields);
}
void Log::warn(std::string_view message, Fields fields) const {
  write(LogLevel::kWarn, message, fields);
}
void Log::error(std::string_view message, Fields fields) const {
  write(LogLevel::kError, message, fields);
}

void Log::write(LogLevel level, std::string_view message, Fields fields) const {
  if (level < threshold_) return;
  const auto time = rfc3339_micro(clock_.wall());
  const auto line = format_ == Format::kJson ? json_line(time, level, message, fields)
                                             : text_line(time, level, message, fields);
  // One write per line keeps lines whole; a log that can't be written must not stop the work.
  [[maybe_unused]] const auto written = ::write(fd_, line.data(), line.size());
}

}  // namespace icrps
