#include "config/read_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <memory>

namespace icrps::config {

tl::expected<std::string, ConfigError> read_file(const std::string& file) {
  const auto refused = [&](const std::string& why) {
    return tl::make_unexpected(ConfigError{fmt::format("{}: {}", file, why)});
  };
  errno = 0;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(file.c_str(), "rbe"),
                                                               &std::fclose);
  if (!stream) return refused(fmt::format("can't be opened: {}", std::strerror(errno)));
  std::string text(kLargestFile + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), stream.get()));
  if (std::ferror(stream.get()) != 0) {
    return refused(fmt::format("can't be read: {}", std::strerror(errno)));
  }
  if (text.size() > kLargestFile) return refused("is larger than 1 MiB");
  text.shrink_to_fit();
  return text;
}

ConfigError error_at(const std::string& file, int line, const std::string& message) {
  if (line < 1) return {fmt::format("{}: {}", file, message)};
  return {fmt::format("{}:{}: {}", file, line, message)};
}

}  // namespace icrps::config
