#include <pplx/pplxtasks.h>  // for what the next one forgets to include
#include <pplx/threadpool.h>

#include "http/cpprest/loop.hpp"

namespace icrps::http::cpprest {

boost::asio::io_service& loop() {
  return crossplat::threadpool::shared_instance().service();
}

}  // namespace icrps::http::cpprest
