#include "kube/token_file.hpp"

#include <fstream>
#include <iterator>

#include "kube/pure/token_text.hpp"

namespace icrps::kube {
namespace {

constexpr std::chrono::minutes kTokenPeriod{1};

}  // namespace

std::optional<SecretString> read_token_file(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return std::nullopt;
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (!is_whole_token(text)) return std::nullopt;
  return SecretString(std::move(text));
}

std::optional<SecretString> TokenFile::authorization(const std::string& file) {
  const std::lock_guard lock(mutex_);
  const auto now = clock_.now();
  if (!read_at_ || file != file_ || now - *read_at_ >= kTokenPeriod) {
    if (const auto token = read_token_file(file)) {
      file_ = file;
      header_ = SecretString("Bearer " + token->reveal());
      read_at_ = now;
    }
  }
  return header_;
}

void TokenFile::refused() {
  const std::lock_guard lock(mutex_);
  read_at_.reset();
}

}  // namespace icrps::kube
