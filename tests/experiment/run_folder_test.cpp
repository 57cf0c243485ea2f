#include "experiment/run_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

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

Error refused(const fs::path& path) {
  return thrown_by([&] { const RunFolder folder(path); });
}

TEST(RunFolder, CreatesItsFoldersAndNamesItsFiles) {
  const TemporaryFolder temporary;
  const RunFolder folder(temporary / "runs/a/b");
  EXPECT_TRUE(fs::is_directory(temporary / "runs/a/b/checkpoints"));
  EXPECT_EQ(folder.path(), temporary / "runs/a/b");
  EXPECT_EQ(folder.checkpoints(), temporary / "runs/a/b/checkpoints");
  EXPECT_EQ(folder.file("result.json"), temporary / "runs/a/b/result.json");
}

TEST(RunFolder, IsForOneAtATime) {
  const TemporaryFolder temporary;
  std::optional<RunFolder> first(std::in_place, temporary / "a");
  const Error error = refused(temporary / "a");
  EXPECT_EQ(error.code(), ErrorCode::Io);
  EXPECT_THAT(error.what(), HasSubstr("another process is working in '"));
  EXPECT_THAT(error.what(), HasSubstr((temporary / "a").string()));
  EXPECT_THAT(error.hint(), HasSubstr("out=DIR"));
  const RunFolder beside(temporary / "b");
  first.reset();
  EXPECT_NO_THROW(RunFolder(temporary / "a"));
}

// The one that is refused must not take away what the one at work has half written.
TEST(RunFolder, TheRefusedOneLeavesTheFilesOfTheOther) {
  const TemporaryFolder temporary;
  const RunFolder first(temporary / "a");
  write_file(first.file("result.json.part"), std::string_view("half"));
  EXPECT_EQ(refused(temporary / "a").code(), ErrorCode::Io);
  EXPECT_EQ(read_text(first.file("result.json.part")), "half");
}

TEST(RunFolder, RemovesWhatACrashLeftAndNothingElse) {
  const TemporaryFolder temporary;
  fs::create_directories(temporary / "a/checkpoints");
  for (const char* name : {"result.json", "checkpoints/last.safetensors"}) {
    write_file(temporary / ("a/" + std::string(name)), std::string_view("whole"));
    write_file(temporary / ("a/" + std::string(name) + ".part"), std::string_view("half"));
  }
  const RunFolder folder(temporary / "a");
  for (const char* name : {"result.json", "checkpoints/last.safetensors"}) {
    EXPECT_EQ(read_text(folder.file(name)), "whole") << name;
    EXPECT_FALSE(fs::exists(folder.file(std::string(name) + ".part"))) << name;
  }
}

TEST(RunFolder, AFileInTheWayIsAnIoError) {
  const TemporaryFolder temporary;
  write_file(temporary / "file", std::string_view("mine"));
  const std::string file = (temporary / "file").string();
  for (const std::string& path : {file, file + "/below", std::string("/proc/nowhere")}) {
    const Error error = refused(path);
    EXPECT_EQ(error.code(), ErrorCode::Io) << path;
    EXPECT_THAT(error.what(), HasSubstr("'" + path + "'"));
    EXPECT_THAT(error.hint(), HasSubstr("out=DIR"));
  }
  EXPECT_EQ(read_text(file), "mine");
}

TEST(RunFolder, ACheckpointsThatIsAFileIsAnIoError) {
  const TemporaryFolder temporary;
  write_file(temporary / "checkpoints", std::string_view("mine"));
  EXPECT_EQ(refused(temporary.path()).code(), ErrorCode::Io);
  EXPECT_EQ(read_text(temporary / "checkpoints"), "mine");
}

TEST(HoldsRun, IsAskedWithoutCreatingAnything) {
  const TemporaryFolder temporary;
  EXPECT_FALSE(RunFolder::holds_run(temporary / "a"));
  EXPECT_FALSE(fs::exists(temporary / "a"));
  write_file(temporary / "file", std::string_view());
  EXPECT_FALSE(RunFolder::holds_run(temporary / "file"));
  EXPECT_FALSE(RunFolder::holds_run(temporary / "file/below"));
}

TEST(HoldsRun, ByAnyFileThatWouldBeLost) {
  for (const char* name : {"config.toml", "environment.json", "metrics.jsonl", "result.json",
                           "report.html", "model.safetensors", "masks.safetensors",
                           "checkpoints/last.safetensors", "checkpoints/previous.safetensors"}) {
    const TemporaryFolder temporary;
    { const RunFolder folder(temporary.path()); }  // the lock and empty folders are no run
    EXPECT_FALSE(RunFolder::holds_run(temporary.path()));
    write_file(temporary / name, std::string_view());
    EXPECT_TRUE(RunFolder::holds_run(temporary.path())) << name;
  }
}

// A path that the file system refuses to look at ended in an exception that was not ours.
TEST(HoldsRun, APathThatIsTooLongHoldsNone) {
  const std::string path = "/tmp/" + std::string(300, 'x');
  EXPECT_FALSE(RunFolder::holds_run(path));
  EXPECT_EQ(refused(path).code(), ErrorCode::Io);
}

TEST(AppendLog, GrowsAndKnowsItsSize) {
  const TemporaryFolder temporary;
  AppendLog log(temporary / "log", 0);
  log.append("one\n");
  log.append("");
  log.append("two\n");
  EXPECT_EQ(log.size(), 8);
  EXPECT_EQ(read_text(temporary / "log"), "one\ntwo\n");  // there at once, not when it closes
}

TEST(AppendLog, IsCutBackToTheSizeGiven) {
  const TemporaryFolder temporary;
  write_file(temporary / "log", std::string_view("one\ntwo\nthr"));
  {
    AppendLog log(temporary / "log", 4);
    EXPECT_EQ(log.size(), 4);
    EXPECT_EQ(read_text(temporary / "log"), "one\n");
    log.append("zwei\n");
    EXPECT_EQ(log.size(), 9);
  }
  EXPECT_EQ(read_text(temporary / "log"), "one\nzwei\n");
  const AppendLog anew(temporary / "log", 0);
  EXPECT_EQ(read_text(temporary / "log"), "");
}

TEST(AppendLog, IsNotPaddedWhereItIsShorterThanThought) {
  const TemporaryFolder temporary;
  write_file(temporary / "log", std::string_view("one\n"));
  AppendLog log(temporary / "log", 100);
  EXPECT_EQ(log.size(), 4);
  log.append("two\n");
  EXPECT_EQ(read_text(temporary / "log"), "one\ntwo\n");
}

TEST(AppendLog, ErrorsNameTheFile) {
  const TemporaryFolder temporary;
  const Error error = thrown_by([&] { const AppendLog log(temporary.path(), 0); });
  EXPECT_EQ(error.code(), ErrorCode::Io);
  EXPECT_THAT(error.what(), HasSubstr(temporary.path().string()));
  const Error full = thrown_by([&] { AppendLog("/dev/full", 0).append("one\n"); });
  EXPECT_EQ(full.code(), ErrorCode::Io);
  EXPECT_THAT(full.what(), HasSubstr("/dev/full"));
}

}  // namespace
}  // namespace pollard
