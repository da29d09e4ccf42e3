#include "unit/support/fake_transport.hpp"

namespace icrps::test {

http::Result FakeTransport::send(const http::Request& request, std::stop_token /*stop*/) {
  requests.push_back(request);
  lines.push_back(std::string(http::to_string(request.method)) + " " + request.target);
  if (answer) return answer(request);
  if (answers_.empty()) {
    on_exhausted();
    return failure(http::Failure::Kind::kBroken, "the script is over");
  }
  auto result = std::move(answers_.front());
  answers_.pop_front();
  return result;
}

http::StreamEnd FakeTransport::stream(const http::StreamRequest& request,
                                      const std::function<bool(std::string_view)>& on_bytes,
                                      std::stop_token /*stop*/) {
  streams.push_back(request);
  lines.push_back("STREAM " + request.target);
  if (streams_.empty()) {
    on_exhausted();
    return breaks(http::Failure::Kind::kBroken, "the script is over");
  }
  const auto stream = std::move(streams_.front());
  streams_.pop_front();
  const bool opens = !stream.end.refused && (!stream.chunks.empty() || !stream.end.failure);
  if (opens && request.on_open) request.on_open();
  for (const auto& chunk : stream.chunks) {
    if (!on_bytes(chunk)) return {};
  }
  return stream.end;
}

FakeTransport& FakeTransport::will(http::Result result) {
  answers_.push_back(std::move(result));
  return *this;
}

FakeTransport& FakeTransport::will(int status, std::string body,
                                   std::vector<http::Header> headers) {
  return will(response(status, std::move(body), std::move(headers)));
}

FakeTransport& FakeTransport::will_stream(std::vector<std::string> chunks, http::StreamEnd end) {
  streams_.push_back({std::move(chunks), std::move(end)});
  return *this;
}

FakeTransport& FakeTransport::will_refuse_stream(int status, std::string body) {
  return will_stream({}, {response(status, std::move(body)), std::nullopt});
}

http::Response response(int status, std::string body, std::vector<http::Header> headers) {
  http::Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = std::move(body);
  return response;
}

http::Result failure(http::Failure::Kind kind, std::string message) {
  return tl::unexpected(http::Failure{kind, std::move(message)});
}

http::StreamEnd breaks(http::Failure::Kind kind, std::string message) {
  return {std::nullopt, http::Failure{kind, std::move(message)}};
}

std::string header(const std::vector<http::Header>& headers, const std::string& name) {
  return http::ResponseHead{0, headers}.header(name).value_or("");
}

}  // namespace icrps::test
