#include "cli/helper/token_cache.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <thread>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "authfile/json_text.hpp"
#include "cli/client/reading.hpp"
#include "runtime/descriptor.hpp"

namespace icrps::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kLargestCache = std::size_t{64} * 1024;

long long epoch(WallTime time) {
  return std::chrono::duration_cast<seconds>(time.time_since_epoch()).count();
}

/// A lock on a file, until it goes. Not held: the time was over, or the file can't be made.
class FileLock {
 public:
  FileLock(const std::string& file, SteadyClock::time_point end)
      : descriptor_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (!descriptor_.open()) return;
    constexpr milliseconds kPause{10};
    while (!(held_ = ::flock(descriptor_.get(), LOCK_EX | LOCK_NB) == 0) &&
           SteadyClock::now() < end) {
      std::this_thread::sleep_for(kPause);
    }
  }
  [[nodiscard]] bool held() const { return held_; }

 private:
  Descriptor descriptor_;
  bool held_ = false;
};

/// A cache that can't be written is no reason to fail: the next one asks IAM again.
void write_cache(const std::string& file, const CachedToken& token) {
  std::string name = file + ".XXXXXX";
  const Descriptor made(::mkostemp(name.data(), O_CLOEXEC));  // 0600
  if (!made.open()) return;
  const auto text = cache_text(token);
  const bool whole =
      ::write(made.get(), text.reveal().data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!whole || ::rename(name.c_str(), file.c_str()) != 0) ::unlink(name.c_str());
}

}  // namespace

bool CachedToken::fresh(WallTime now) const {
  return now >= obtained && now < obtained + (expires - obtained) * 4 / 5;
}

bool CachedToken::usable(WallTime now) const {
  return now + seconds(10) < expires;
}

SecretString cache_text(const CachedToken& token) {
  const SecretString quoted(authfile::json_quoted(token.token.reveal()));
  return SecretString("{\"source\":" + authfile::json_quoted(token.source) +
                      ",\"obtained\":" + std::to_string(epoch(token.obtained)) +
                      ",\"expires\":" + std::to_string(epoch(token.expires)) +
                      ",\"token\":" + quoted.reveal() + "}\n");
}

std::optional<CachedToken> parse_cache(const SecretString& text) {
  const auto document = nlohmann::json::parse(text.reveal(), nullptr, false);
  if (!document.is_object()) return std::nullopt;
  const auto string = [&](const char* name) { return document.value(name, std::string()); };
  const auto time = [&](const char* name) {
    return WallTime(seconds(document.value(name, std::int64_t{0})));
  };
  try {
    CachedToken token{string("source"), SecretString(string("token")), time("obtained"),
                      time("expires")};
    if (token.source.empty() || !iam::is_bearer_token(token.token.reveal())) return std::nullopt;
    return token;
  } catch (const nlohmann::json::exception&) {  // a field of another type
    return std::nullopt;
  }
}

std::optional<CachedToken> TokenCache::read() const {
  const auto text = read_secret_file(file_, kLargestCache);
  auto token = text ? parse_cache(*text) : std::nullopt;
  if (token && token->source != source_) token.reset();
  return token;
}

tl::expected<TokenCache::Answer, std::string> TokenCache::get(const AskForToken& ask,
                                                              milliseconds limit) const {
  const auto end = SteadyClock::now() + limit;
  if (const auto token = read(); token && token->fresh(std::chrono::system_clock::now())) {
    return Answer{token->token, token->expires};
  }
  return renew(ask, end);
}

tl::expected<TokenCache::Answer, std::string> TokenCache::renew(const AskForToken& ask,
                                                                SteadyClock::time_point end) const {
  std::error_code ignored;
  const auto folder = std::filesystem::path(file_).parent_path();
  if (!std::filesystem::exists(folder, ignored)) {
    std::filesystem::create_directories(folder, ignored);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ignored);
  }
  const FileLock lock(file_ + ".lock", end);
  const auto old = read();
  const auto now = std::chrono::system_clock::now();
  if (old && old->fresh(now)) return Answer{old->token, old->expires};
  const auto left = std::chrono::duration_cast<milliseconds>(end - SteadyClock::now());
  const auto token = ask(std::max(left, milliseconds(100)));
  if (token) {
    const CachedToken made{source_, token->access, now, now + token->lifetime};
    if (lock.held()) write_cache(file_, made);
    return Answer{made.token, made.expires};
  }
  const auto& refusal = token.error();
  const bool silent =
      refusal.kind == iam::Refusal::Kind::kUnknown || refusal.kind == iam::Refusal::Kind::kCanceled;
  if (silent && old && old->usable(now)) return Answer{old->token, old->expires, refusal.message};
  return tl::unexpected(refusal.message);
}

}  // namespace icrps::cli
