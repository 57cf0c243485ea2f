// One run of small_run.h that goes through, for others to be held against.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>

#include "experiment/small_run.h"

namespace pollard::test {

inline std::string without_times(nlohmann::json result) {
  result.erase("time_ratio");
  for (nlohmann::json& stage : result["stages"]) stage.erase("seconds");
  return result.dump();
}

inline std::int64_t lines_of(const std::filesystem::path& path) {
  return std::ranges::count(read_text(path), '\n');
}

/// A few bytes in the middle turn.
inline void damage(const std::filesystem::path& file) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(std::filesystem::file_size(file) / 2));
  stream.put('\x55').put('\xaa').put('\x55').put('\xaa');
}

class ResumeTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    runs_ = std::make_unique<SmallRuns>();
    result_ = run(runs_->config("whole"));
  }
  static void TearDownTestSuite() { runs_.reset(); }

  static void expect_whole(const std::string& name, const nlohmann::json& result) {
    expect_same_end(runs_->at("whole"), runs_->at(name));
    EXPECT_EQ(without_times(result), without_times(result_)) << name;
    EXPECT_EQ(lines_of(runs_->at(name) / "metrics.jsonl"), 9) << name;
  }

  static inline std::unique_ptr<SmallRuns> runs_;
  static inline nlohmann::json result_;
};

}  // namespace pollard::test
