// A large file that appears whole or not at all: written piece by piece beside its place, then
// synced and renamed. (files.h does it for content that is in memory.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace pollard {

class PartFile {
 public:
  /// Begins a file beside `path`. Everything here throws Error{Io} naming it.
  explicit PartFile(std::filesystem::path path);
  /// Removes what was not published.
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  void append(std::span<const std::byte> bytes);
  /// Overwrites bytes that are there.
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Syncs the file and leaves it where it is: the temporary's path, for publish() of files.h.
  [[nodiscard]] std::filesystem::path finish();
  /// Puts the file in its place.
  void publish();

 private:
  [[noreturn]] void fail(const char* doing) const;

  std::filesystem::path path_, temporary_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace pollard
