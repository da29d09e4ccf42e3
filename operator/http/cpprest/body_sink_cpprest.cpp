#include <utility>

#include "http/cpprest/body_sink.hpp"

namespace icrps::http::cpprest {
namespace {

using concurrency::streams::details::streambuf_state_manager;

/// Only what the library's client calls does something: _putn.
class BodySink final : public streambuf_state_manager<std::uint8_t> {
 public:
  explicit BodySink(std::weak_ptr<BodyReceiver> receiver)
      : streambuf_state_manager(std::ios_base::out), receiver_(std::move(receiver)) {}

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  std::size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(std::size_t, std::ios_base::openmode) override {}
  std::size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode) const override { return nowhere(); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return nowhere(); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
    return nowhere();
  }
  bool acquire(std::uint8_t*&, std::size_t&) override { return false; }
  void release(std::uint8_t*, std::size_t) override {}

 protected:
  pplx::task<std::size_t> _putn(const std::uint8_t* data, std::size_t count) override {
    // An exception that left this function would end the process on the loop's thread. With no
    // memory for a task there is nothing left to do either.
    try {
      if (const auto receiver = receiver_.lock()) {
        return receiver->receive({reinterpret_cast<const char*>(data), count});
      }
    } catch (...) {
      return pplx::task_from_exception<std::size_t>(std::current_exception());
    }
    return pplx::task_from_result(count);
  }
  pplx::task<int_type> _putc(std::uint8_t byte) override {
    return _putn(&byte, 1).then([byte](std::size_t) { return int_type{byte}; });
  }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }

  pplx::task<int_type> _bumpc() override { return nothing(); }
  pplx::task<int_type> _getc() override { return nothing(); }
  pplx::task<int_type> _nextc() override { return nothing(); }
  pplx::task<int_type> _ungetc() override { return nothing(); }
  int_type _sbumpc() override { return traits::eof(); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<std::size_t> _getn(std::uint8_t*, std::size_t) override {
    return pplx::task_from_result(std::size_t{0});
  }
  std::size_t _scopy(std::uint8_t*, std::size_t) override { return 0; }
  std::uint8_t* _alloc(std::size_t) override { return nullptr; }
  void _commit(std::size_t) override {}

 private:
  static pos_type nowhere() { return static_cast<pos_type>(traits::eof()); }
  static pplx::task<int_type> nothing() { return pplx::task_from_result(int_type{traits::eof()}); }

  std::weak_ptr<BodyReceiver> receiver_;
};

}  // namespace

concurrency::streams::ostream make_body_sink(std::weak_ptr<BodyReceiver> receiver) {
  return concurrency::streams::streambuf<std::uint8_t>(
             std::make_shared<BodySink>(std::move(receiver)))
      .create_ostream();
}

}  // namespace icrps::http::cpprest
