// Zip archives as torch.save writes them: stored entries, found by the central directory, zip64 or
// not. (PKWARE's APPNOTE.TXT 6.3, sections 4.3 and 4.5.3.)
//
//   entries, each a local header, its name, extra fields, the data   PK 03 04
//   the central directory, a record an entry                         PK 01 02
//   zip64: end record and its locator                                PK 06 06, PK 06 07
//   end of central directory, and a comment up to the end            PK 05 06
//
// The file is not trusted: names must be unique, entries must lie before the directory and must not
// overlap. Nothing is ever unpacked to a path; compressed and encrypted entries are refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "graph/byte_cursor.h"

namespace pollard {

class ZipArchive {
 public:
  struct Entry {
    std::uint64_t header = 0;  // where its local header lies in the file
    std::uint64_t size = 0, stored_size = 0;
    std::uint32_t crc = 0;
    std::uint16_t method = 0, flags = 0;
    std::span<const std::byte> data;
    bool checked = false;  // the CRC
  };

  /// Views `file`, which must outlive it. Throws Error{Input} naming `origin`.
  ZipArchive(std::span<const std::byte> file, std::string_view origin);

  [[nodiscard]] const std::map<std::string_view, Entry>& entries() const { return entries_; }
  /// The content of an entry; its checksum is verified the first time. Throws Error{Input}.
  [[nodiscard]] std::span<const std::byte> read(std::string_view name);

 private:
  struct Directory {
    std::uint64_t count = 0, size = 0, begin = 0;
    std::uint64_t end_record = 0;  // where what follows the directory begins
  };

  [[nodiscard]] std::size_t find_end_record() const;
  [[nodiscard]] Directory read_end_record() const;
  void read_zip64(std::size_t end_record, Directory& directory) const;
  void read_record(ByteCursor& records);
  void read_zip64_fields(std::string_view name, ByteCursor fields, Entry& entry) const;
  void locate_data(std::string_view name, Entry& entry, std::uint64_t limit) const;
  void check_overlaps() const;

  std::span<const std::byte> file_;
  std::string origin_;
  std::map<std::string_view, Entry> entries_;
};

}  // namespace pollard
