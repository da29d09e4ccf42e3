// The one thread on which the HTTP library runs.
//
// The library closes a socket on the thread that cancels while its TLS layer may be using it on
// another; with a single thread, and with every start and every cancel posted to it, the two can't
// overlap. So: post, and never block there.
#pragma once

#include <utility>

#include <boost/asio/io_service.hpp>
#include <boost/asio/post.hpp>

namespace icrps::http::cpprest {

/// The library's own loop. initialize_http() has made it one thread.
[[nodiscard]] boost::asio::io_service& loop();

/// Runs `work` on the loop, later. Callable from any thread; `work` must not throw.
template <typename Work>
void post(Work&& work) {
  boost::asio::post(loop(), std::forward<Work>(work));
}

}  // namespace icrps::http::cpprest
