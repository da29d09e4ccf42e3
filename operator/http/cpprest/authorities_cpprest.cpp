#include <cstdlib>
#include <filesystem>
#include <map>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <optional>
#include <stdexcept>
#include <sys/stat.h>
#include <tuple>
#include <utility>

#include "http/cpprest/authorities.hpp"
#include "runtime/digest.hpp"

namespace icrps::http::cpprest {
namespace {

using Store = Authorities::Store;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

/// Where the system's authorities are, as the environment said before it was neutralised.
struct SystemTrust {
  std::string file;
  std::string directory;
};

SystemTrust& system_trust() {
  static SystemTrust trust;
  return trust;
}

std::string environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : otherwise;
}

Store make_store() {
  Store store(X509_STORE_new(), X509_STORE_free);
  if (!store) throw std::bad_alloc();
  return store;
}

Store parse_authorities(const std::string& pem) {
  auto store = make_store();
  const std::unique_ptr<BIO, FreeBio> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!bio) throw std::bad_alloc();
  ERR_clear_error();
  int count = 0;
  while (const std::unique_ptr<X509, FreeCertificate> certificate{
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(store.get(), certificate.get());
    ++count;
  }
  const auto end = ERR_peek_last_error();
  ERR_clear_error();
  if (count == 0 || ERR_GET_REASON(end) != PEM_R_NO_START_LINE) {
    throw std::invalid_argument("the certificate authorities are not readable PEM");
  }
  // An authority counts even when it is an intermediate one: whoever wrote the list chose it.
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  return store;
}

/// Transports with the same authorities share them while one of them lives: a bundle of 150 takes
/// 1.2 MB.
Store parsed(const std::string& pem) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<X509_STORE>> known;  // by the text's digest
  const std::lock_guard lock(mutex);
  std::erase_if(known, [](const auto& entry) { return entry.second.expired(); });
  const auto key = digest({pem}, 64);
  const auto found = known.find(key);
  if (found != known.end()) {
    if (auto store = found->second.lock()) return store;
  }
  auto store = parse_authorities(pem);
  known[key] = store;
  return store;
}

/// What tells one content of a file from the next, without reading it.
using Stamp = std::tuple<dev_t, ino_t, off_t, time_t, long, time_t, long>;

std::optional<Stamp> stamp_of(const std::string& file) {
  struct stat now{};
  if (file.empty() || ::stat(file.c_str(), &now) != 0) return std::nullopt;
  return Stamp{now.st_dev,          now.st_ino,         now.st_size,        now.st_mtim.tv_sec,
               now.st_mtim.tv_nsec, now.st_ctim.tv_sec, now.st_ctim.tv_nsec};
}

/// The system's bundle. It is large, so that it is parsed again only when its file has another
/// stamp; a directory is OpenSSL's to look into as it needs it.
class SystemStore {
 public:
  /// Throws std::invalid_argument when there never was one.
  Store current() {
    const std::lock_guard lock(mutex_);
    if (!store_) find();
    if (const auto now = stamp_of(file_); now && now != stamp_) {
      if (auto store = load_file(file_)) store_ = std::move(store);
      stamp_ = now;
    }
    return store_;
  }

 private:
  static Store load_file(const std::string& file) {
    auto store = make_store();
    const bool loaded = X509_STORE_load_file(store.get(), file.c_str()) == 1;
    ERR_clear_error();
    return loaded ? store : nullptr;
  }

  void find() {
    for (const std::string& file :
         {system_trust().file, std::string("/etc/ssl/certs/ca-certificates.crt")}) {
      stamp_ = stamp_of(file);
      store_ = stamp_ ? load_file(file) : nullptr;
      file_ = file;
      if (store_) return;
    }
    file_.clear();
    const auto& directory = system_trust().directory;
    auto store = make_store();
    const bool loaded = std::filesystem::is_directory(directory) &&
                        X509_STORE_load_path(store.get(), directory.c_str()) == 1;
    ERR_clear_error();
    if (!loaded) throw std::invalid_argument("the system has no bundle of certificate authorities");
    store_ = std::move(store);
  }

  std::mutex mutex_;
  // Guarded by mutex_.
  std::string file_;  // empty: a directory
  std::optional<Stamp> stamp_;
  Store store_;
};

/// All transports without authorities of their own share it.
Store system_store() {
  static SystemStore shared;
  return shared.current();
}

}  // namespace

void neutralise_system_trust() {
  system_trust().file = environment(X509_get_default_cert_file_env(), X509_get_default_cert_file());
  system_trust().directory =
      environment(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  constexpr auto kNowhere = "/nonexistent";
  ::setenv(X509_get_default_cert_file_env(), kNowhere, 1);
  ::setenv(X509_get_default_cert_dir_env(), kNowhere, 1);
}

Authorities::Authorities(const Read& read)
    : source_(read ? [read] { return parsed(read()); } : std::function(system_store)) {
  try {
    store_ = source_();
  } catch (const std::runtime_error& error) {
    throw std::invalid_argument(error.what());
  }
}

Authorities::Store Authorities::current() {
  const std::lock_guard lock(mutex_);
  if (!source_) return store_;
  try {
    store_ = source_();
    problem_.clear();
  } catch (const std::exception& error) {
    problem_ = error.what();
  }
  return store_;
}

std::string Authorities::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

void Authorities::retire() {
  const std::lock_guard lock(mutex_);
  source_ = nullptr;
}

}  // namespace icrps::http::cpprest
