#include "graph/zip_archive.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace pollard {
namespace {

constexpr std::uint32_t kEndRecord = 0x06054b50, kZip64Locator = 0x07064b50,
                        kZip64EndRecord = 0x06064b50, kRecord = 0x02014b50,
                        kLocalHeader = 0x04034b50;
constexpr std::size_t kEndRecordBytes = 22, kLocatorBytes = 20, kRecordBytes = 46;
constexpr std::size_t kLongestComment = 65535;
constexpr std::uint16_t kZip64Field = 1, kEncrypted = 1;

/// Stands for "see the zip64 record" in a narrow field.
template <typename T>
constexpr T kElsewhere = std::numeric_limits<T>::max();

std::string quoted(std::string_view name) { return fmt::format("entry '{}'", shortened(name)); }

}  // namespace

ZipArchive::ZipArchive(std::span<const std::byte> file, std::string_view origin)
    : file_(file), origin_(origin) {
  const Directory directory = read_end_record();
  if (directory.begin > directory.end_record ||
      directory.size > directory.end_record - directory.begin) {
    refuse(origin_, fmt::format("the zip directory of {} bytes at byte {} does not fit the file",
                                directory.size, directory.begin));
  }
  if (directory.count > directory.size / kRecordBytes) {
    refuse(origin_, fmt::format("the zip directory has {} bytes, too few for {} entries",
                                directory.size, directory.count));
  }
  ByteCursor records(file_.subspan(directory.begin, directory.size), origin_ + ": zip directory");
  for (std::uint64_t i = 0; i < directory.count; ++i) read_record(records);
  for (auto& [name, entry] : entries_) locate_data(name, entry, directory.begin);
  check_overlaps();
}

/// The last place where an end record and a comment of the length it announces end with the file.
std::size_t ZipArchive::find_end_record() const {
  if (file_.size() >= kEndRecordBytes) {
    const std::size_t last = file_.size() - kEndRecordBytes;
    for (std::size_t back = 0; back <= std::min(last, kLongestComment); ++back) {
      ByteCursor at(file_.subspan(last - back), origin_);
      if (at.u32() != kEndRecord) continue;
      at.skip(16);
      if (at.u16() == back) return last - back;
    }
  }
  refuse(origin_, "the zip archive has no end record: it is truncated");
}

ZipArchive::Directory ZipArchive::read_end_record() const {
  Directory directory;
  directory.end_record = find_end_record();
  ByteCursor record(file_.subspan(directory.end_record), origin_ + ": end of the zip archive");
  record.skip(4);
  const std::uint16_t disk = record.u16(), directory_disk = record.u16();
  const std::uint16_t count_here = record.u16();
  directory.count = record.u16();
  directory.size = record.u32();
  directory.begin = record.u32();
  if (disk != 0 || directory_disk != 0 || count_here != directory.count) {
    refuse(origin_, "the zip archive is split over several files, expected one");
  }
  read_zip64(directory.end_record, directory);
  return directory;
}

/// The wide numbers, where there are any. Narrow ones beside them must agree.
void ZipArchive::read_zip64(std::size_t end_record, Directory& directory) const {
  if (end_record < kLocatorBytes) return;
  const std::size_t locator_begin = end_record - kLocatorBytes;
  ByteCursor locator(file_.subspan(locator_begin, kLocatorBytes), origin_ + ": zip64 locator");
  if (locator.u32() != kZip64Locator) return;
  locator.skip(4);
  const std::uint64_t begin = locator.u64();
  if (begin > locator_begin) {
    refuse(origin_, fmt::format("the zip64 end record at byte {} lies outside the file", begin));
  }
  ByteCursor wide(file_.subspan(begin, locator_begin - begin), origin_ + ": zip64 end record");
  if (wide.u32() != kZip64EndRecord) wide.fail("the zip64 end record was expected");
  wide.skip(20);  // its size, versions, disks
  const std::uint64_t count_here = wide.u64();
  const Directory narrow = directory;
  directory = {wide.u64(), wide.u64(), wide.u64(), begin};
  const auto agree = [](std::uint64_t small, std::uint64_t large, std::uint64_t elsewhere) {
    return small == elsewhere || small == large;
  };
  if (count_here != directory.count ||
      !agree(narrow.count, directory.count, kElsewhere<std::uint16_t>) ||
      !agree(narrow.size, directory.size, kElsewhere<std::uint32_t>) ||
      !agree(narrow.begin, directory.begin, kElsewhere<std::uint32_t>)) {
    refuse(origin_, "the two end records of the zip archive contradict each other");
  }
}

void ZipArchive::read_record(ByteCursor& records) {
  if (records.u32() != kRecord) records.fail("a record of an entry was expected");
  Entry entry;
  records.skip(4);  // versions
  entry.flags = records.u16();
  entry.method = records.u16();
  records.skip(4);  // time
  entry.crc = records.u32();
  entry.stored_size = records.u32();
  entry.size = records.u32();
  const std::uint16_t name_length = records.u16(), extra_length = records.u16();
  const std::uint16_t comment_length = records.u16();
  records.skip(8);  // disk, attributes
  entry.header = records.u32();
  const std::string_view name = records.text(name_length);
  read_zip64_fields(name, ByteCursor(records.take(extra_length), records.place()), entry);
  records.skip(comment_length);
  if (!entries_.emplace(name, entry).second) {
    refuse(origin_, quoted(name) + " is there twice in the zip archive");
  }
}

void ZipArchive::read_zip64_fields(std::string_view name, ByteCursor fields, Entry& entry) const {
  const auto narrow = [](std::uint64_t value) { return value != kElsewhere<std::uint32_t>; };
  if (narrow(entry.size) && narrow(entry.stored_size) && narrow(entry.header)) return;
  while (fields.left() >= 4) {
    const std::uint16_t kind = fields.u16();
    ByteCursor field(fields.take(fields.u16()), fields.place());
    if (kind != kZip64Field) continue;
    for (std::uint64_t* value : {&entry.size, &entry.stored_size, &entry.header}) {
      if (!narrow(*value)) *value = field.u64();
    }
    return;
  }
  refuse(origin_, quoted(name) + " announces zip64 sizes and has none");
}

/// Where the data of an entry lie: behind its local header, before `limit`.
void ZipArchive::locate_data(std::string_view name, Entry& entry, std::uint64_t limit) const {
  if (entry.header > limit) {
    refuse(origin_, fmt::format("{} at byte {} lies outside the file", quoted(name), entry.header));
  }
  ByteCursor local(file_.subspan(entry.header, limit - entry.header),
                   fmt::format("{}: {}", origin_, quoted(name)));
  if (local.u32() != kLocalHeader) local.fail("the header of the entry was expected");
  local.skip(22);
  const std::uint16_t name_length = local.u16(), extra_length = local.u16();
  if (local.text(name_length) != name) local.fail("the entry has another name");
  local.skip(extra_length);
  entry.data = local.take(entry.stored_size);
}

void ZipArchive::check_overlaps() const {
  std::vector<const std::pair<const std::string_view, Entry>*> order;
  for (const auto& entry : entries_) order.push_back(&entry);
  std::ranges::sort(order, {}, [](const auto* entry) { return entry->second.header; });
  const std::byte* position = file_.data();
  for (const auto* entry : order) {
    if (file_.data() + entry->second.header < position) {
      refuse(origin_, quoted(entry->first) + " overlaps the one before it");
    }
    position = entry->second.data.data() + entry->second.data.size();
  }
}

std::span<const std::byte> ZipArchive::read(std::string_view name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) refuse(origin_, quoted(name) + " is missing in the zip archive");
  Entry& entry = found->second;
  if (entry.checked) return entry.data;
  if (entry.method != 0 || (entry.flags & kEncrypted) != 0) {
    refuse(origin_, quoted(name) + " is compressed or encrypted, expected it stored as it is",
           "torch.save does not compress: read the file in Python and save it again");
  }
  if (entry.size != entry.stored_size) {
    refuse(origin_, fmt::format("{} has {} bytes, {} were announced", quoted(name),
                                entry.stored_size, entry.size));
  }
  const uLong crc =
      crc32_z(0, reinterpret_cast<const Bytef*>(entry.data.data()), entry.data.size());
  if (crc != entry.crc) refuse(origin_, quoted(name) + " is damaged: its checksum is wrong");
  entry.checked = true;
  return entry.data;
}

}  // namespace pollard
