// Certificates made while the tests run, so that none can expire in the repository.
#pragma once

#include <chrono>
#include <memory>
#include <openssl/x509.h>
#include <string>

namespace icrps::conformance {

/// PEM texts.
struct Identity {
  std::string certificate;
  std::string key;
};

struct Subject {
  std::string common_name;
  /// As in OpenSSL's configuration: "DNS:localhost,IP:127.0.0.1"; empty: none.
  std::string alternative_names;
  std::chrono::hours valid_from{-24};  ///< relative to now
  std::chrono::hours valid_until{24};
};

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

class Authority {
 public:
  explicit Authority(const std::string& common_name);

  /// Its own certificate, PEM.
  [[nodiscard]] const std::string& pem() const { return pem_; }
  [[nodiscard]] Identity issue(const Subject& subject) const;

 private:
  Key key_;
  Certificate certificate_;
  std::string pem_;
};

[[nodiscard]] Identity self_signed(const Subject& subject);

}  // namespace icrps::conformance
