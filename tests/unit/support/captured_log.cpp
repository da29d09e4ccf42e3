#include "unit/support/captured_log.hpp"

#include <stdexcept>
#include <sys/mman.h>
#include <unistd.h>

namespace icrps::test {
namespace {

int memory_file() {
  const int fd = ::memfd_create("log", MFD_CLOEXEC);
  if (fd < 0) throw std::runtime_error("memfd_create failed");
  return fd;
}

}  // namespace

CapturedLog::CapturedLog(LogLevel threshold, Log::Format format)
    : fd_(memory_file()), log(threshold, format, clock_, fd_) {}

CapturedLog::~CapturedLog() {
  ::close(fd_);
}

std::string CapturedLog::text() const {
  std::string text(static_cast<std::size_t>(::lseek(fd_, 0, SEEK_END)), '\0');
  const auto got = ::pread(fd_, text.data(), text.size(), 0);
  if (got != static_cast<ssize_t>(text.size())) throw std::runtime_error("short read");
  return text;
}

}  // namespace icrps::test
