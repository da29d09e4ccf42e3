#include "certificates.hpp"

#include <atomic>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdexcept>

namespace icrps::conformance {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

template <typename Write>
std::string to_pem(Write write) {
  const Bio bio(BIO_new(BIO_s_mem()));
  if (write(bio.get()) != 1) throw std::runtime_error("can't write PEM");
  const char* data = nullptr;
  const auto size = BIO_ctrl(bio.get(), BIO_CTRL_INFO, 0, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  return to_pem([=](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string pem_of(EVP_PKEY* key) {
  return to_pem([=](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

Key make_key() {
  Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  if (!key) throw std::runtime_error("can't make a key");
  return key;
}

void extend(X509* certificate, int extension, const std::string& value) {
  X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, nullptr, extension, value.c_str());
  if (made == nullptr) throw std::runtime_error("can't make the extension " + value);
  X509_add_ext(certificate, made, -1);
  X509_EXTENSION_free(made);
}

Certificate unsigned_certificate(const Subject& subject, EVP_PKEY* key) {
  static std::atomic<long> serial{1};
  Certificate result(X509_new());
  X509* raw = result.get();
  X509_set_version(raw, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(raw), serial++);
  const auto seconds = [](std::chrono::hours h) {
    return static_cast<long>(std::chrono::seconds(h).count());
  };
  X509_gmtime_adj(X509_getm_notBefore(raw), seconds(subject.valid_from));
  X509_gmtime_adj(X509_getm_notAfter(raw), seconds(subject.valid_until));
  X509_NAME_add_entry_by_NID(X509_get_subject_name(raw), NID_commonName, MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(subject.common_name.c_str()),
                             -1, -1, 0);
  X509_set_pubkey(raw, key);
  if (!subject.alternative_names.empty()) {
    extend(raw, NID_subject_alt_name, subject.alternative_names);
  }
  return result;
}

void sign(X509* certificate, const X509_NAME* issuer, EVP_PKEY* key) {
  X509_set_issuer_name(certificate, issuer);
  if (X509_sign(certificate, key, EVP_sha256()) == 0) throw std::runtime_error("can't sign");
}

}  // namespace

Authority::Authority(const std::string& common_name)
    : key_(make_key()),
      certificate_(
          unsigned_certificate({.common_name = common_name, .alternative_names = {}}, key_.get())) {
  extend(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  extend(certificate_.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  sign(certificate_.get(), X509_get_subject_name(certificate_.get()), key_.get());
  pem_ = pem_of(certificate_.get());
}

Identity Authority::issue(const Subject& subject) const {
  const Key key = make_key();
  const Certificate certificate = unsigned_certificate(subject, key.get());
  sign(certificate.get(), X509_get_subject_name(certificate_.get()), key_.get());
  return {pem_of(certificate.get()), pem_of(key.get())};
}

Identity self_signed(const Subject& subject) {
  const Key key = make_key();
  const Certificate certificate = unsigned_certificate(subject, key.get());
  sign(certificate.get(), X509_get_subject_name(certificate.get()), key.get());
  return {pem_of(certificate.get()), pem_of(key.get())};
}

}  // namespace icrps::conformance
