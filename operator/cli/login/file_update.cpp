#include "cli/login/file_update.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "cli/client/reading.hpp"
#include "runtime/descriptor.hpp"

namespace icrps::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargestAuthFile = std::size_t{8} << 20U;
constexpr mode_t kPrivateFile = 0600;
constexpr mode_t kPrivateFolder = 0700;

using Wrong = tl::unexpected<std::string>;

Wrong wrong(const std::string& file, const std::string& what) {
  return Wrong(file + ": " + what);
}

Wrong system_says(const std::string& file, const char* what) {
  return wrong(file, fmt::format("{}: {}", what, std::strerror(errno)));
}

/// The name behind all symbolic links, whether there is a file of it or not.
tl::expected<std::string, std::string> real_name(const std::string& file) {
  constexpr unsigned kMostLinks = 40;
  fs::path path = file;
  std::error_code error;
  for (unsigned links = 0; fs::is_symlink(fs::symlink_status(path, error)); ++links) {
    if (links == kMostLinks) return wrong(file, "too many symbolic links");
    const auto target = fs::read_symlink(path, error);
    if (error) return wrong(file, "can't be followed: " + error.message());
    path = target.is_absolute() ? target : path.parent_path() / target;
  }
  return path.string();
}

/// What tells one content of a file from another.
struct Identity {
  ino_t inode = 0;
  timespec changed{};
  off_t size = 0;
  friend bool operator==(const Identity& a, const Identity& b) {
    return a.inode == b.inode && a.changed.tv_sec == b.changed.tv_sec &&
           a.changed.tv_nsec == b.changed.tv_nsec && a.size == b.size;
  }
};

struct Found {
  SecretString content;
  Identity identity;
  struct stat stat{};
};

/// Nothing: there is no such file.
tl::expected<std::optional<Found>, std::string> find_file(const std::string& file) {
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!descriptor.open() && errno == ENOENT) return std::nullopt;
  if (!descriptor.open()) return system_says(file, "can't be opened");
  Found found;
  if (::fstat(descriptor.get(), &found.stat) != 0) return system_says(file, "can't be looked at");
  if (S_ISDIR(found.stat.st_mode)) return wrong(file, "is a folder");
  if (!S_ISREG(found.stat.st_mode)) return wrong(file, "is no ordinary file");
  auto content = read_secret(descriptor.get(), file, kLargestAuthFile);
  if (!content) return Wrong(content.error());
  found.content = std::move(*content);
  found.identity = {found.stat.st_ino, found.stat.st_mtim, found.stat.st_size};
  return found;
}

std::optional<std::string> write_all(int descriptor, const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const auto count = ::write(descriptor, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno != EINTR) return std::strerror(errno);
    if (count > 0) done += static_cast<std::size_t>(count);
  }
  return std::nullopt;
}

/// One file, while nobody else of us changes it.
class Update {
 public:
  Update(std::string file, const MergeContent& merge)
      : file_(std::move(file)),
        folder_(fs::path(file_).parent_path().empty() ? "."
                                                      : fs::path(file_).parent_path().string()),
        name_(fs::path(file_).filename().string()),
        merge_(merge) {}

  tl::expected<void, std::string> run(const EditContent& edit) {
    if (auto ready = prepare(); !ready) return ready;
    if (auto there = look(); !there) return there;
    if (base_ && (base_->stat.st_mode & S_IWUSR) == 0) return wrong(file_, "is read-only");
    constexpr unsigned kMostTries = 16;
    for (unsigned i = 0; i < kMostTries; ++i) {
      const auto content = edit(base_ ? base_->content : SecretString());
      if (!content) return Wrong(content.error());
      if (i == 0 && base_ && base_->content == *content) return {};
      const auto step = install(*content);
      if (!step) return Wrong(step.error());
      if (*step == Step::kDone) return {};
    }
    return wrong(file_, "somebody changes it all the time");
  }

 private:
  enum class Step { kDone, kOnceMore };
  using Outcome = tl::expected<Step, std::string>;

  tl::expected<void, std::string> prepare() {
    std::error_code error;
    if (!fs::exists(folder_, error)) {
      fs::create_directories(fs::path(folder_).parent_path(), error);
      if (::mkdir(folder_.c_str(), kPrivateFolder) != 0 && errno != EEXIST) {
        return system_says(folder_, "can't be made");
      }
    }
    const auto lock_file = file_ + ".lock";
    lock_.emplace(
        ::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kPrivateFile));
    if (!lock_->open()) return system_says(lock_file, "can't be opened");
    constexpr std::chrono::milliseconds kPause{20};
    constexpr unsigned kTries = 500;  // 10 s
    for (unsigned i = 0; ::flock(lock_->get(), LOCK_EX | LOCK_NB) != 0; ++i) {
      if (i == kTries) {
        return wrong(file_, "another icr-pull-secrets has been changing it for 10 s");
      }
      std::this_thread::sleep_for(kPause);
    }
    remove_stale();
    return {};
  }

  [[nodiscard]] std::string temporary_prefix() const { return "." + name_ + ".icr-"; }

  /// What one of us left that was killed; whoever holds the lock is the only one.
  void remove_stale() const {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder_, error)) {
      if (!entry.path().filename().string().starts_with(temporary_prefix())) continue;
      std::error_code ignored;
      fs::remove(entry.path(), ignored);
    }
  }

  tl::expected<void, std::string> look() {
    auto found = find_file(file_);
    if (!found) return Wrong(found.error());
    base_ = std::move(*found);
    history_.clear();
    if (!base_) return {};
    expected_ = base_->identity;
    history_.push_back(base_->content);
    return {};
  }

  Outcome look_again() {
    if (auto found = look(); !found) return Wrong(found.error());
    return Step::kOnceMore;
  }

  Outcome install(const SecretString& content) {
    Identity installed;
    const auto temporary = write_temporary(content, installed);
    if (!temporary) return Wrong(temporary.error());
    const auto outcome = base_ ? exchange(*temporary, installed, content) : make(*temporary);
    ::unlink(temporary->c_str());  // if it is still there
    sync_folder();
    return outcome;
  }

  Outcome make(const std::string& temporary) {
    if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, file_.c_str(), RENAME_NOREPLACE) == 0) {
      return Step::kDone;
    }
    if (errno == EEXIST) return look_again();
    return errno == EINVAL ? rename_over(temporary) : system_says(file_, "can't be made");
  }

  /// What comes out is what was read, or what somebody wrote since: then that is the base, with
  /// what its writer could not know.
  Outcome exchange(const std::string& temporary, const Identity& installed,
                   const SecretString& content) {
    if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, file_.c_str(), RENAME_EXCHANGE) != 0) {
      return errno == EINVAL || errno == ENOENT ? rename_over(temporary)
                                                : system_says(file_, "can't be replaced");
    }
    auto out = find_file(temporary);
    if (!out) return Wrong(out.error());
    if (!*out || (*out)->identity == expected_) return Step::kDone;
    auto theirs = (*out)->content;
    (*out)->content = merge_(history_, base_->content, theirs);
    base_ = std::move(*out);
    expected_ = installed;
    history_.push_back(content);
    history_.push_back(std::move(theirs));
    return Step::kOnceMore;
  }

  /// On a file system that can't exchange, or when the file went away meanwhile.
  Outcome rename_over(const std::string& temporary) {
    const auto now = find_file(file_);
    if (!now) return Wrong(now.error());
    const bool same =
        now->has_value() == base_.has_value() && (!base_ || (*now)->identity == expected_);
    if (!same) return look_again();
    if (::rename(temporary.c_str(), file_.c_str()) != 0) {
      return system_says(file_, "can't be replaced");
    }
    return Step::kDone;
  }

  tl::expected<std::string, std::string> write_temporary(const SecretString& content,
                                                         Identity& installed) const {
    std::string name = folder_ + "/" + temporary_prefix() + "XXXXXX";
    const Descriptor made(::mkostemp(name.data(), O_CLOEXEC));
    if (!made.open()) return system_says(folder_, "can't be written to");
    auto failed = write_all(made.get(), content.reveal());
    if (base_) {
      // Only root may give files away; for others it is their own.
      static_cast<void>(!::fchown(made.get(), base_->stat.st_uid, base_->stat.st_gid));
      ::fchmod(made.get(), base_->stat.st_mode & 07777U);
    }
    if (!failed && ::fsync(made.get()) != 0) failed = std::strerror(errno);
    if (failed) {
      ::unlink(name.c_str());
      return wrong(file_, "can't be written: " + *failed);
    }
    struct stat now{};
    ::fstat(made.get(), &now);
    installed = {now.st_ino, now.st_mtim, now.st_size};
    return name;
  }

  void sync_folder() const {
    const Descriptor folder(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.open()) ::fsync(folder.get());
  }

  const std::string file_;
  const std::string folder_;
  const std::string name_;
  std::optional<Descriptor> lock_;
  const MergeContent& merge_;
  std::optional<Found> base_;  ///< what the next content is made of; nothing: there was no file
  Identity expected_;          ///< what must come out when the new content goes in
  std::vector<SecretString> history_;  ///< what the file has held so far, oldest first
};

}  // namespace

SecretString take_theirs(const std::vector<SecretString>& /*history*/,
                         const SecretString& /*latest*/, const SecretString& theirs) {
  return theirs;
}

tl::expected<void, std::string> update_file(const std::string& file, const EditContent& edit,
                                            const MergeContent& merge) {
  const auto real = real_name(file);
  if (!real) return Wrong(real.error());
  std::error_code error;
  if (*real != file && !fs::exists(fs::path(*real).parent_path(), error)) {
    return wrong(file, "is a link into a folder that does not exist: " + *real);
  }
  return Update(*real, merge).run(edit);
}

tl::expected<SecretString, std::string> read_if_there(const std::string& file) {
  const auto found = find_file(file);
  if (!found) return Wrong(found.error());
  return *found ? (*found)->content : SecretString();
}

}  // namespace icrps::cli
