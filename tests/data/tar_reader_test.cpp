#include "data/tar_reader.h"

#include <gtest/gtest.h>

#include "data/archives.h"

namespace pollard {
namespace {

using namespace testing_data;

class Tar : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "a.tar"; }
  // "name:content" of every file, a slash between them.
  [[nodiscard]] std::string listing(const Bytes& archive) const {
    write_bytes(path(), archive);
    TarReader reader(path());
    std::string text;
    while (const auto member = reader.next()) {
      const std::vector<std::byte> bytes = reader.read(1 << 20);
      EXPECT_EQ(bytes.size(), member->size);
      text += member->name + ":";
      for (const std::byte byte : bytes) text += static_cast<char>(byte);
      text += "|";
    }
    return text;
  }
  TemporaryFolder folder_;
};

Bytes joined(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const Bytes& part : parts) append(out, part);
  out.resize(out.size() + 1024);
  return out;
}

TEST_F(Tar, GivesTheFilesInOrder) {
  const Bytes archive = tar_archive({{"a", to_bytes("one")}, {"b/c", {}}, {"d", Bytes(600, 'x')}});
  EXPECT_EQ(listing(archive), "a:one|b/c:|d:" + std::string(600, 'x') + "|");
  EXPECT_EQ(listing(gzipped(archive)), listing(archive));
}

TEST_F(Tar, ContentThatIsNotReadIsPassed) {
  write_bytes(path(), tar_archive({{"a", Bytes(100'000, 1)}, {"b", to_bytes("two")}}));
  TarReader reader(path());
  EXPECT_EQ(reader.next()->name, "a");
  EXPECT_EQ(reader.next()->name, "b");
  EXPECT_FALSE(reader.next());
}

TEST_F(Tar, LongNamesComeByGnuPaxAndPrefix) {
  const std::string name(150, 'n');
  const std::string record = " path=" + name + "\n";
  const std::string pax = std::to_string(record.size() + 3) + record;
  EXPECT_EQ(listing(joined({tar_member("././@LongLink", to_bytes(name + '\0'), 'L'),
                            tar_member("short", to_bytes("1"))})),
            name + ":1|");
  EXPECT_EQ(listing(joined({tar_member("PaxHeader", to_bytes("11 mtime=1\n" + pax), 'x'),
                            tar_member("short", to_bytes("1"))})),
            name + ":1|");
  EXPECT_EQ(listing(joined({tar_member("file", to_bytes("1"), '0', "folder")})), "folder/file:1|");
}

TEST_F(Tar, FoldersAndLinksAreLeftOut) {
  EXPECT_EQ(listing(joined({tar_member("folder/", {}, '5'), tar_member("link", {}, '2'),
                            tar_member("file", to_bytes("1"))})),
            "file:1|");
}

TEST_F(Tar, SizesToTheBase256) {
  Bytes member = tar_member("a", to_bytes("one"));
  for (std::size_t i = 124; i < 136; ++i) member[i] = 0;
  member[124] = 0x80;
  member[135] = 3;
  std::size_t sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? ' ' : member[i];
  std::snprintf(reinterpret_cast<char*>(member.data()) + 148, 8, "%06zo", sum);
  EXPECT_EQ(listing(joined({member})), "a:one|");
}

TEST_F(Tar, EveryTruncationIsAnErrorNamingTheFile) {
  const Bytes whole = tar_archive({{"a", to_bytes("one")}, {"b", Bytes(700, 'b')}});
  // The end is seen at the first block of zeros.
  for (std::size_t size = 0; size < whole.size() - 512; size += size % 512 == 511 ? 1 : 73) {
    expect_error(ErrorCode::Input, path().string(), "fresh copy",
                 [&] { (void)listing(first_bytes(whole, size)); });
  }
  const Bytes packed = gzipped(whole);
  for (std::size_t size = 0; size < packed.size() / 2; size += 3) {
    expect_error(ErrorCode::Input, path().string(), "fresh copy",
                 [&] { (void)listing(first_bytes(packed, size)); });
  }
}

TEST_F(Tar, DamagedHeadersAreErrors) {
  const Bytes whole = tar_archive({{"a", to_bytes("one")}, {"b", to_bytes("two")}});
  expect_error(ErrorCode::Input, "is not a tar archive", "",
               [&] { (void)listing(Bytes(2000, 7)); });
  for (const std::size_t at : {1024U, 1024U + 124, 1024U + 150, 1024U + 511}) {
    Bytes damaged = whole;
    damaged[at] ^= 0x15;
    expect_error(ErrorCode::Input, "the header behind its member 1 is wrong", "",
                 [&] { (void)listing(damaged); });
  }
  expect_error(ErrorCode::Input, "without files", "", [&] { (void)listing(Bytes(1024, 0)); });
}

TEST_F(Tar, AnnouncedSizesAreJudgedBeforeRoomIsMade) {
  Bytes member = tar_member("a", Bytes(40, 1));
  const std::string huge = "77777777777";
  std::copy(huge.begin(), huge.end(), member.begin() + 124);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? ' ' : member[i];
  std::snprintf(reinterpret_cast<char*>(member.data()) + 148, 8, "%06zo", sum);
  expect_error(ErrorCode::Input, "cannot hold the 8589934591 bytes of 'a'", "",
               [&] { (void)listing(joined({member})); });
  write_bytes(path(), tar_archive({{"a", Bytes(40, 1)}}));
  TarReader reader(path());
  (void)reader.next();
  expect_error(ErrorCode::Input, "a member of 40 bytes where at most 39", "",
               [&] { (void)reader.read(39); });
}

}  // namespace
}  // namespace pollard
