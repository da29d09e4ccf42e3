#include "cli/client/reading.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "runtime/descriptor.hpp"

namespace icrps::cli {
namespace {

tl::unexpected<std::string> cant(const std::string& name, const char* what) {
  return tl::unexpected(fmt::format("{}: can't be {}: {}", name, what, std::strerror(errno)));
}

}  // namespace

tl::expected<SecretString, std::string> read_secret(int descriptor, const std::string& name,
                                                    std::size_t most) {
  std::string text(most + 1, '\0');  // it never grows: no copy of a credential is left behind
  std::size_t size = 0;
  while (size <= most) {
    const auto count = ::read(descriptor, text.data() + size, text.size() - size);
    if (count == 0) break;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const SecretString wiped(std::move(text));
      return cant(name, "read");
    }
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  SecretString secret(std::move(text));
  if (size > most) return tl::unexpected(fmt::format("{}: is larger than {} bytes", name, most));
  return secret;
}

tl::expected<SecretString, std::string> read_secret_file(const std::string& file,
                                                         std::size_t most) {
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!descriptor.open()) return cant(file, "opened");
  return read_secret(descriptor.get(), file, most);
}

}  // namespace icrps::cli
