// A Log whose lines a test can read.
#pragma once

#include <string>

#include "runtime/log.hpp"
#include "unit/support/fake_clock.hpp"

namespace icrps::test {

class CapturedLog {
 public:
  explicit CapturedLog(LogLevel threshold = LogLevel::kDebug,
                       Log::Format format = Log::Format::kJson);
  ~CapturedLog();
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  /// Everything written so far.
  [[nodiscard]] std::string text() const;

 private:
  const FakeClock clock_;
  const int fd_;

 public:
  Log log;
};

}  // namespace icrps::test
