#include "core/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <vector>

#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using test::thrown_by;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 131 % 251);
  return bytes;
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

TEST(Files, WritesAndReadsBackEverySize) {
  const TemporaryFolder folder;
  for (const std::size_t size : {0, 1, 65535, 65536, 65537, 3000001}) {
    write_file(folder / "f", pattern(size));
    EXPECT_EQ(read_bytes(folder / "f"), pattern(size)) << size;
  }
}

TEST(Files, TextKeepsItsBytes) {
  const TemporaryFolder folder;
  const std::string text("a\0b\r\n\xff", 6);
  write_file(folder / "t", text);
  EXPECT_EQ(read_text(folder / "t"), text);
}

TEST(Files, ReadsAFileThatHidesItsSize) {
  // Files of /proc report size 0.
  EXPECT_THAT(read_text("/proc/self/status"), HasSubstr("Pid:"));
}

TEST(Files, ReplacesAndLeavesNothingBeside) {
  const TemporaryFolder folder;
  write_file(folder / "f", std::string_view("long old content"));
  write_file(folder / "f", std::string_view("new"));
  EXPECT_EQ(read_text(folder / "f"), "new");
  EXPECT_THAT(names_in(folder.path()), UnorderedElementsAre("f"));
}

TEST(Files, TheOldFileStaysUntilPublished) {
  const TemporaryFolder folder;
  write_file(folder / "f", std::string_view("old"));
  const fs::path temporary = write_beside(folder / "f", pattern(5));
  EXPECT_EQ(read_text(folder / "f"), "old");
  publish(temporary, folder / "f");
  EXPECT_EQ(read_bytes(folder / "f"), pattern(5));
  EXPECT_THAT(names_in(folder.path()), UnorderedElementsAre("f"));
}

TEST(Files, AFailedWriteKeepsTheOldFileAndRemovesItsRemains) {
  const TemporaryFolder folder;
  write_file(folder / "f", std::string_view("old"));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Error error = thrown_by([&] { write_file(folder / "f", pattern(5000)); });
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);

  EXPECT_EQ(error.code(), ErrorCode::Io);
  EXPECT_THAT(error.what(), HasSubstr((folder / "f").string()));
  EXPECT_EQ(read_text(folder / "f"), "old");
  EXPECT_THAT(names_in(folder.path()), UnorderedElementsAre("f"));
}

TEST(Files, ErrorsNameThePath) {
  const TemporaryFolder folder;
  for (const fs::path& path : {folder / "missing", folder.path()}) {
    const Error error = thrown_by([&] { (void)read_bytes(path); });
    EXPECT_EQ(error.code(), ErrorCode::Io);
    EXPECT_THAT(error.what(), HasSubstr("'" + path.string() + "'"));
  }
  const Error error = thrown_by([&] { write_file(folder / "no/f", std::string_view("x")); });
  EXPECT_EQ(error.code(), ErrorCode::Io);
  EXPECT_THAT(error.what(), HasSubstr((folder / "no/f").string()));
}

TEST(Files, MakesFoldersWithParentsAndLeavesThemEmpty) {
  const TemporaryFolder folder;
  make_writable_folder(folder / "a/b");
  make_writable_folder(folder / "a/b");
  EXPECT_TRUE(fs::is_directory(folder / "a/b"));
  EXPECT_TRUE(fs::is_empty(folder / "a/b"));
}

TEST(Files, AFileInTheWayOfAFolderIsAnError) {
  const TemporaryFolder folder;
  write_file(folder / "a", std::string_view("x"));
  for (const fs::path& path : {folder / "a", folder / "a/b"}) {
    const Error error = thrown_by([&] { make_writable_folder(path); });
    EXPECT_EQ(error.code(), ErrorCode::Io);
    EXPECT_THAT(error.what(), HasSubstr(path.string()));
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST(Files, AFolderThatCannotBeWrittenIsAnError) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  const TemporaryFolder folder;
  fs::create_directory(folder / "a");
  fs::permissions(folder / "a", fs::perms::owner_read | fs::perms::owner_exec);
  const Error error = thrown_by([&] { make_writable_folder(folder / "a"); });
  EXPECT_EQ(error.code(), ErrorCode::Io);
  EXPECT_THAT(error.what(), HasSubstr((folder / "a").string()));
}

TEST(Files, RemovesOnlyWhatAnInterruptedWriteLeft) {
  const TemporaryFolder folder;
  write_file(folder / "keep", std::string_view("x"));
  (void)write_beside(folder / "keep", pattern(3));
  (void)write_beside(folder / "other", pattern(3));
  remove_leftovers(folder.path());
  EXPECT_THAT(names_in(folder.path()), UnorderedElementsAre("keep"));
  EXPECT_NO_THROW(remove_leftovers(folder / "missing"));
}

}  // namespace
}  // namespace pollard
