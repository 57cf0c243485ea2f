#include "experiment/run_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/files.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& doing, const fs::path& path) {
  throw Error(ErrorCode::Io,
              "cannot " + doing + " '" + path.string() + "': " + std::strerror(errno));
}

}  // namespace

RunFolder::RunFolder(fs::path path) : path_(std::move(path)) {
  make_writable_folder(path_);
  make_writable_folder(checkpoints());
  lock_.emplace(path_, "wait for it, or choose another folder with out=DIR");
  remove_leftovers(path_);
  remove_leftovers(checkpoints());
}

bool RunFolder::holds_run(const fs::path& path) {
  for (const char* name : kFiles) {
    std::error_code ignored;  // where nothing can be, there is none
    if (fs::exists(path / name, ignored)) return true;
  }
  return false;
}

AppendLog::AppendLog(fs::path path, std::int64_t size) : path_(std::move(path)) {
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd_ < 0) fail("open", path_);
  struct stat status {};
  if (::fstat(fd_, &status) != 0) fail("look at", path_);
  size_ = std::min<std::int64_t>(size, status.st_size);
  if (::ftruncate(fd_, size_) != 0) fail("cut", path_);
}

AppendLog::~AppendLog() { ::close(fd_); }

void AppendLog::append(std::string_view bytes) {
  size_ += static_cast<std::int64_t>(bytes.size());
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write", path_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace pollard
