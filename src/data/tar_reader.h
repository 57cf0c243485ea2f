// The members of a tar archive, one after another, from a stream that is not trusted.
//
// Every member is a header of 512 bytes, its content, and zeros up to a multiple of 512; a block of
// zeros ends the archive. The header (POSIX ustar):
//
//   0 name (100)   124 size, octal or base 256 (12)   148 checksum, octal (8)   156 type
//   257 "ustar"    345 what comes before the name, and a slash (155)
//
// Types 'L' (GNU) and 'x' (pax, "LENGTH path=NAME\n") carry a longer name for the next member.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/byte_source.h"

namespace pollard {

class TarReader {
 public:
  /// Throws Error{Io} if the file cannot be read.
  explicit TarReader(const std::filesystem::path& path);

  struct Member {
    std::string name;
    std::uint64_t size = 0;
  };
  /// The next ordinary file; nothing at the end. Throws Error{Input}, naming the archive, where it
  /// is damaged, truncated or none.
  [[nodiscard]] std::optional<Member> next();
  /// The content of the member that next() gave. Throws Error{Input} if it has over `most` bytes.
  [[nodiscard]] std::vector<std::byte> read(std::uint64_t most);

 private:
  using Header = std::array<std::uint8_t, 512>;

  [[nodiscard]] std::uint64_t size_of(const Header& header) const;
  [[nodiscard]] std::string read_name(std::string_view what);
  void check(const Header& header) const;
  void skip(std::uint64_t bytes);
  [[noreturn]] void fail(const std::string& what) const;

  std::filesystem::path path_;
  ByteSource source_;
  std::uint64_t left_ = 0, padding_ = 0;  // of the present member
  std::uint64_t members_ = 0;
};

}  // namespace pollard
