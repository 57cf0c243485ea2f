#include "core/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace pollard {
namespace {

bool take(int descriptor) { return ::flock(descriptor, LOCK_EX | LOCK_NB) == 0; }

std::filesystem::path lock_file(const std::filesystem::path& folder) { return folder / ".lock"; }

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder, const std::string& hint) {
  const std::filesystem::path file = lock_file(folder);
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    throw Error(ErrorCode::Io, "cannot open '" + file.string() + "': " + std::strerror(errno));
  }
  if (take(descriptor_)) return;
  ::close(descriptor_);
  throw FolderBusy(ErrorCode::Io, "another process is working in '" + folder.string() + "'", hint);
}

std::optional<FolderLock> FolderLock::attempt(const std::filesystem::path& folder) {
  FolderLock lock;
  lock.descriptor_ = ::open(lock_file(folder).c_str(), O_RDWR | O_CLOEXEC);
  const bool held = lock.descriptor_ < 0 ? errno == ENOENT : take(lock.descriptor_);
  if (!held) return {};
  return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace pollard
