// What is decoded is what was encoded, and every text has one meaning only.
#include "icr/base64.hpp"

#include "fuzz.hpp"

using namespace icrps;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::text_of(data, size);
  fuzz::require(icr::base64_decode(icr::base64_encode(input)) == input, "bytes come back");
  if (const auto bytes = icr::base64_decode(input)) {
    fuzz::require(icr::base64_encode(*bytes) == input, "one text for the same bytes");
  }
  return 0;
}
