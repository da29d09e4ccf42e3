// Requests and answers that carry credentials, wiped when they are done with: the types of the
// transport are ordinary strings. Private to operator/iam and operator/cf.
#pragma once

#include <openssl/crypto.h>
#include <string>

#include "http/transport.hpp"

namespace icrps::iam {

inline void wipe(std::string& text) {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

/// Wipes a request's body and the values of its headers at the end of a scope.
class RequestWiper {
 public:
  explicit RequestWiper(http::Request& request) : request_(request) {}
  ~RequestWiper() {
    wipe(request_.body);
    for (auto& header : request_.headers) wipe(header.value);
  }
  RequestWiper(const RequestWiper&) = delete;
  RequestWiper& operator=(const RequestWiper&) = delete;
  RequestWiper(RequestWiper&&) = delete;
  RequestWiper& operator=(RequestWiper&&) = delete;

 private:
  http::Request& request_;
};

/// The same for the body of an answer.
class BodyWiper {
 public:
  explicit BodyWiper(http::Response& response) : response_(response) {}
  ~BodyWiper() { wipe(response_.body); }
  BodyWiper(const BodyWiper&) = delete;
  BodyWiper& operator=(const BodyWiper&) = delete;
  BodyWiper(BodyWiper&&) = delete;
  BodyWiper& operator=(BodyWiper&&) = delete;

 private:
  http::Response& response_;
};

}  // namespace icrps::iam
