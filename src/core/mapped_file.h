// A file as bytes in memory that the system reads when they are looked at.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace pollard {

class MappedFile {
 public:
  /// Throws Error{Io} naming the file.
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace pollard
