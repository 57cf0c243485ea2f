#include "graph/zip_archive.h"

#include <gmock/gmock.h>

#include "graph/pytorch_writer.h"
#include "support/thrown.h"

namespace pollard::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const Parts kTwo = {{"a/first", "one"}, {"a/second", ""}, {"a/third", "three"}};

std::string content(const std::string& file, std::string_view name) {
  ZipArchive archive(bytes_of(file), "net.pth");
  const auto bytes = archive.read(name);
  EXPECT_EQ(archive.read(name).data(), bytes.data());
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Why the file, or its entry a/first, is refused.
std::string refused(const std::string& file) {
  const Error error = thrown_by([&] { (void)content(file, "a/first"); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), StartsWith("net.pth: "));
  EXPECT_FALSE(error.hint().empty());
  return error.what();
}

/// The file with a number written over it, `offset` bytes behind the `which`-th `signature`.
template <typename T>
std::string patched(std::string file, std::string_view signature, std::size_t offset, T value,
                    int which = 1) {
  std::size_t at = file.find(signature);
  for (; which > 1; --which) at = file.find(signature, at + 1);
  return file.replace(at + offset, sizeof value, raw(value));
}

const std::string kRecord = "PK\1\2", kEnd = "PK\5\6", kWideEnd = "PK\6\6", kLocator = "PK\6\7";

TEST(ZipArchive, FindsEntries) {
  for (const Zip64 zip64 : {Zip64::No, Zip64::Yes}) {
    const std::string file = zip_file(kTwo, zip64);
    EXPECT_EQ(ZipArchive(bytes_of(file), "net.pth").entries().size(), 3U);
    EXPECT_EQ(content(file, "a/first"), "one");
    EXPECT_EQ(content(file, "a/second"), "");
    EXPECT_EQ(content(file, "a/third"), "three");
    EXPECT_THAT(thrown_by([&] { (void)content(file, "a/fourth"); }).what(),
                HasSubstr("'a/fourth' is missing"));
  }
}

TEST(ZipArchive, NamesAreNoPaths) {
  EXPECT_EQ(content(zip_file({{"../../etc/passwd", "x"}}), "../../etc/passwd"), "x");
}

TEST(ZipArchive, RefusesTruncatedFiles) {
  for (const Zip64 zip64 : {Zip64::No, Zip64::Yes}) {
    const std::string file = zip_file(kTwo, zip64);
    for (std::size_t size = 0; size < file.size(); ++size) {
      EXPECT_THAT(refused(file.substr(0, size)), HasSubstr("truncated")) << size;
    }
    EXPECT_THAT(refused(file + "x"), HasSubstr("truncated"));
  }
}

TEST(ZipArchive, RefusesDamagedEntries) {
  std::string file = zip_file(kTwo);
  file[file.find("one")] = 'O';
  EXPECT_THAT(refused(file), HasSubstr("'a/first' is damaged: its checksum"));
  EXPECT_EQ(content(file, "a/third"), "three");  // of the others nothing is known to be wrong
  // The record: 8 flags, 10 method, 16 CRC, 20 and 24 sizes, 28 length of the name, 42 header.
  EXPECT_THAT(refused(patched<std::uint16_t>(zip_file(kTwo), kRecord, 10, 8)),
              HasSubstr("'a/first' is compressed or encrypted"));
  EXPECT_THAT(refused(patched<std::uint16_t>(zip_file(kTwo), kRecord, 8, 1)),
              HasSubstr("'a/first' is compressed or encrypted"));
  EXPECT_THAT(refused(patched<std::uint32_t>(zip_file(kTwo), kRecord, 24, 4)),
              HasSubstr("'a/first' has 3 bytes, 4 were announced"));
}

TEST(ZipArchive, RefusesNamesThatDoNotMatchOrRepeat) {
  EXPECT_THAT(refused(zip_file({{"a/first", "1"}, {"a/first", "2"}})),
              HasSubstr("'a/first' is there twice"));
  std::string file = zip_file(kTwo);
  file[file.find("a/first")] = 'b';  // in the local header
  EXPECT_THAT(refused(file), HasSubstr("another name"));
}

TEST(ZipArchive, RefusesEntriesOutsideTheFileOrInEachOther) {
  const std::string file = zip_file(kTwo), wide = zip_file(kTwo, Zip64::Yes);
  EXPECT_THAT(refused(patched<std::uint32_t>(file, kRecord, 42, 0x7FFFFFFF)),
              HasSubstr("'a/first' at byte 2147483647 lies outside"));
  EXPECT_THAT(refused(patched<std::uint32_t>(file, kRecord, 42, 5)),
              HasSubstr("the header of the entry was expected"));
  EXPECT_THAT(refused(patched<std::uint32_t>(file, kRecord, 20, 0x7FFFFFFF)),
              HasSubstr("2147483647 more bytes were expected"));
  // Behind a record's 46 bytes and its name: kind and length of the field, two sizes, the header.
  EXPECT_THAT(refused(patched<std::uint64_t>(wide, kRecord, 46 + 7 + 4 + 8, ~0ULL)),
              HasSubstr("18446744073709551615 more bytes were expected"));
  EXPECT_THAT(refused(patched<std::uint64_t>(wide, kRecord, 46 + 7 + 4 + 16, ~0ULL)),
              HasSubstr("lies outside"));
  EXPECT_THAT(refused(patched<std::uint16_t>(wide, kRecord, 46 + 7, 2)),
              HasSubstr("announces zip64 sizes and has none"));
  // 3 bytes, then the header of the second entry.
  EXPECT_THAT(refused(patched<std::uint32_t>(file, kRecord, 20, 60)), HasSubstr("overlaps"));
}

TEST(ZipArchive, RefusesImpossibleDirectories) {
  const std::string file = zip_file(kTwo), wide = zip_file(kTwo, Zip64::Yes);
  // The end: 4 disk, 8 and 10 counts, 12 size, 16 begin.
  EXPECT_THAT(refused(patched<std::uint16_t>(file, kEnd, 4, 1)), HasSubstr("several files"));
  EXPECT_THAT(refused(patched<std::uint16_t>(file, kEnd, 10, 2)), HasSubstr("several files"));
  EXPECT_THAT(refused(patched<std::uint32_t>(file, kEnd, 8, 0xFFFFFFFF)),
              HasSubstr("too few for 65535 entries"));
  EXPECT_THAT(refused(patched<std::uint32_t>(file, kEnd, 8, 0x00040004)),
              HasSubstr("too few for 4 entries"));
  EXPECT_THAT(refused(patched<std::uint32_t>(file, kEnd, 12, 0x7FFFFFFF)),
              HasSubstr("2147483647 bytes at byte"));
  EXPECT_THAT(refused(patched<std::uint32_t>(file, kEnd, 16, 0xFFFFFFFE)),
              HasSubstr("does not fit the file"));
  EXPECT_THAT(refused(patched<std::uint32_t>(file, kEnd, 16, 1)),
              HasSubstr("a record of an entry was expected"));
  // zip64, where the end record has its numbers at 24, 32, 40 and 48, the locator its at 8.
  EXPECT_THAT(refused(patched<std::uint64_t>(wide, kLocator, 8, ~0ULL)),
              HasSubstr("lies outside the file"));
  EXPECT_THAT(refused(patched<std::uint64_t>(wide, kLocator, 8, 3)),
              HasSubstr("zip64 end record was expected"));
  EXPECT_THAT(refused(patched<std::uint64_t>(wide, kWideEnd, 32, 1)), HasSubstr("contradict"));
  EXPECT_THAT(refused(patched<std::uint64_t>(wide, kWideEnd, 40, ~0ULL)),
              HasSubstr("does not fit the file"));
  EXPECT_THAT(refused(patched<std::uint64_t>(wide, kWideEnd, 48, ~0ULL)),
              HasSubstr("does not fit the file"));
  EXPECT_THAT(refused(patched<std::uint32_t>(wide, kEnd, 12, 7)), HasSubstr("contradict"));
}

}  // namespace
}  // namespace pollard::test
