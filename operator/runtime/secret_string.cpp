#include "runtime/secret_string.hpp"

#include <openssl/crypto.h>

namespace icrps {

SecretString::SecretString(SecretString&& other) noexcept : text_(std::move(other.text_)) {
  other.wipe();
}

SecretString& SecretString::operator=(const SecretString& other) {
  if (this != &other) {
    wipe();
    text_ = other.text_;
  }
  return *this;
}

SecretString& SecretString::operator=(SecretString&& other) noexcept {
  if (this != &other) {
    wipe();
    text_ = std::move(other.text_);
    other.wipe();  // a short string is copied by the move, its bytes stay in the source
  }
  return *this;
}

SecretString::~SecretString() {
  wipe();
}

void SecretString::wipe() noexcept {
  OPENSSL_cleanse(text_.data(), text_.capacity());
  text_.clear();
}

bool operator==(const SecretString& a, const SecretString& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.text_.data(), b.text_.data(), a.text_.size()) == 0;
}

}  // namespace icrps
