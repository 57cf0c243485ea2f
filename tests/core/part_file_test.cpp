#include "core/part_file.h"

#include <gtest/gtest.h>

#include "core/files.h"
#include "core/mapped_file.h"
#include "pollard/error.h"
#include "support/temporary_folder.h"

namespace pollard {
namespace {

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::size_t files_in(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder),
                                                std::filesystem::directory_iterator()));
}

TEST(PartFile, AppearsWhenItIsPublished) {
  const test::TemporaryFolder folder;
  PartFile file(folder / "a");
  file.append(bytes("..lo "));
  file.append(bytes("world"));
  file.write_at(0, bytes("he"));
  EXPECT_EQ(file.size(), 10U);
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
  file.publish();
  EXPECT_EQ(read_text(folder / "a"), "helo world");
  EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(PartFile, LeavesNothingWhereItIsNot) {
  const test::TemporaryFolder folder;
  { PartFile(folder / "a").append(bytes("text")); }
  EXPECT_EQ(files_in(folder.path()), 0U);
  EXPECT_THROW(PartFile(folder / "none/a"), Error);
}

TEST(MappedFile, ShowsTheContent) {
  const test::TemporaryFolder folder;
  write_file(folder / "a", "text");
  write_file(folder / "empty", "");
  const MappedFile file(folder / "a");
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()),
            "text");
  EXPECT_TRUE(MappedFile(folder / "empty").bytes().empty());
  EXPECT_THROW(MappedFile(folder / "none"), Error);
  EXPECT_THROW(MappedFile(folder.path()), Error);
}

}  // namespace
}  // namespace pollard
