#include "harness/authority.hpp"

#include <utility>
#include <vector>

#include "harness/process.hpp"

namespace itest {
namespace {

std::string new_authority_file(const std::string& name) {
  return scratch() + "/new-ca." + name;
}

/// Returns the certificate.
std::string certify(const std::string& name, const std::vector<std::string>& more) {
  std::vector<std::string> command{"openssl",
                                   "req",
                                   "-x509",
                                   "-newkey",
                                   "ec",
                                   "-pkeyopt",
                                   "ec_paramgen_curve:P-256",
                                   "-nodes",
                                   "-days",
                                   "1",
                                   "-subj",
                                   "/CN=" + name,
                                   "-keyout",
                                   new_authority_file(name + ".key"),
                                   "-out",
                                   new_authority_file(name + ".crt")};
  command.insert(command.end(), more.begin(), more.end());
  must_run(command);
  return read_text(new_authority_file(name + ".crt"));
}

}  // namespace

NewAuthority make_authority(const std::string& names) {
  auto pem = certify("authority", {});
  auto server = certify(
      "server", {"-CA", new_authority_file("authority.crt"), "-CAkey",
                 new_authority_file("authority.key"), "-addext", "subjectAltName=" + names});
  return {std::move(pem), server + read_text(new_authority_file("server.key"))};
}

}  // namespace itest
