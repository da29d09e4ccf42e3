// What every driver here has in common. A driver is LLVMFuzzerTestOneInput() in a file of its own;
// it is run by libFuzzer (-DICRPS_FUZZER=ON with clang) or, over the corpus and fixed mutations of
// it, by replay_main.cpp as an ordinary test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace icrps::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the run, which makes the fuzzer keep the input.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

/// A message must fit an Event and can't change a terminal or forge a line of a log.
inline void require_presentable(std::string_view message) {
  require(!message.empty(), "a mistake has a message");
  require(message.size() <= 1024, "a message fits an Event");
  for (const char c : message) {
    require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f,
            "a message holds no control characters");
  }
}

}  // namespace icrps::fuzz
