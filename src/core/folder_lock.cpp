#include "core/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace pollard {

FolderLock::FolderLock(const std::filesystem::path& folder, const std::string& hint) {
  const std::filesystem::path file = folder / ".lock";
  descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    throw Error(ErrorCode::Io, "cannot open '" + file.string() + "': " + std::strerror(errno));
  }
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  ::close(descriptor_);
  throw FolderBusy(ErrorCode::Io, "another process is working in '" + folder.string() + "'", hint);
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace pollard
