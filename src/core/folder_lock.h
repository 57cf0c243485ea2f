// A folder that one process at a time works in. The system drops the lock with the process, however
// that ends.
#pragma once

#include <filesystem>
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
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace pollard
