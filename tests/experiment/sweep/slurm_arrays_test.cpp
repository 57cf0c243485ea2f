#include "experiment/sweep/slurm_arrays.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/files.h"
#include "pollard/error.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using test::thrown_by;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::vector<std::string> kIds = {"aa", "bb"};

TEST(SlurmArrays, AreFoundAgain) {
  const TemporaryFolder folder;
  std::string name;
  {
    SlurmArrays arrays(folder / "a sweep");
    EXPECT_THAT(arrays.prefix(), StartsWith("a-sweep-"));
    EXPECT_EQ(arrays.add(kIds), 1);
    EXPECT_EQ(arrays.add(std::vector<std::string>{"cc"}), 2);
    arrays.set_job(1, "17");
    name = arrays.job_name(1);
  }
  SlurmArrays arrays(folder / "a sweep");
  EXPECT_EQ(arrays.id_of(name, 1), "aa");
  EXPECT_EQ(arrays.id_of(name, 2), "bb");
  EXPECT_EQ(arrays.id_of(name, 3), "");
  EXPECT_EQ(arrays.id_of(name, 0), "");
  EXPECT_EQ(arrays.id_of(arrays.prefix() + "9", 1), "");
  EXPECT_EQ(arrays.id_of("other-1", 1), "");
  arrays.found(arrays.job_name(2), "18");
  EXPECT_THAT(read_text(folder / "a sweep" / "slurm.json"), HasSubstr("\"2\": \"18\""));
  EXPECT_EQ(arrays.add(kIds), 3);
}

TEST(SlurmArrays, SweepsInOtherFoldersHaveOtherNames) {
  const TemporaryFolder folder;
  EXPECT_NE(SlurmArrays(folder / "a").prefix(), SlurmArrays(folder / "b" / "a").prefix());
}

// Whichever task works on it: what Slurm opens is a link.
TEST(SlurmArrays, AStageHasOneLog) {
  const TemporaryFolder folder;
  SlurmArrays arrays(folder.path());
  EXPECT_EQ(arrays.add(kIds), 1);
  EXPECT_EQ(arrays.add(kIds), 2);
  EXPECT_EQ(fs::read_symlink(arrays.folder(1) / "2.log"), "../../logs/bb.log");
  for (const std::size_t array : {1, 2}) {
    std::ofstream(arrays.folder(array) / "2.log", std::ios::app) << array;
  }
  EXPECT_EQ(read_text(folder / "logs" / "bb.log"), "12");
}

TEST(SlurmArrays, ADamagedFileIsNamed) {
  const TemporaryFolder folder;
  for (const char* text :
       {"", "{", "[]", "{\"format\": 2}", "{\"format\": 1, \"jobs\": {\"1\": 2}}"}) {
    write_file(folder / "slurm.json", std::string_view(text));
    const Error error = thrown_by([&] { SlurmArrays arrays(folder.path()); });
    EXPECT_EQ(error.code(), ErrorCode::Input) << text;
    EXPECT_THAT(error.what(), HasSubstr("slurm.json")) << text;
  }
}

TEST(SlurmArrays, AListThatWasNotWrittenLeavesItsNumber) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "slurm" / "4");
  fs::create_directories(folder / "slurm" / "notes");
  SlurmArrays arrays(folder.path());
  EXPECT_EQ(arrays.add(kIds), 5);
}

}  // namespace
}  // namespace pollard
