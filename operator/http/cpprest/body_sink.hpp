// Takes a body from the library as it comes.
#pragma once

#include <cpprest/streams.h>
#include <memory>
#include <pplx/pplxtasks.h>
#include <string_view>

namespace icrps::http::cpprest {

/// Whoever wants the bytes. Called on the loop.
class BodyReceiver {
 public:
  virtual ~BodyReceiver() = default;
  /// The next read happens when the task is done. The bytes are valid during the call only.
  /// The number is that of the bytes taken and must be all of them.
  virtual pplx::task<std::size_t> receive(std::string_view bytes) = 0;
};

/// A library stream that passes what is written on to a receiver; when that is gone, away.
[[nodiscard]] concurrency::streams::ostream make_body_sink(std::weak_ptr<BodyReceiver> receiver);

}  // namespace icrps::http::cpprest
