// A folder that one process at a time works in. The system drops the lock with the process, however
// that ends.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "pollard/error.h"

namespace pollard {

/// Another process works in the folder.
class FolderBusy : public Error {
 public:
  using Error::Error;
};

class FolderLock {
 public:
  /// Locks `folder`/.lock. Throws FolderBusy with `hint`, or Error{Io} where it cannot be written.
  FolderLock(const std::filesystem::path& folder, const std::string& hint);
  /// Locks a folder as it stands, for who would clear it away: one without a lock file is nobody's.
  /// Nothing where a process works in it, or that cannot be asked.
  [[nodiscard]] static std::optional<FolderLock> attempt(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;

 private:
  FolderLock() = default;
  int descriptor_ = -1;
};

}  // namespace pollard
