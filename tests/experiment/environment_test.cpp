#include "experiment/environment.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>
#include <torch/version.h>

#include <fstream>
#include <set>
#include <sstream>

#include "core/files.h"
#include "core/threads.h"

namespace pollard {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class EnvironmentTest : public ::testing::Test {
 protected:
  ~EnvironmentTest() override { set_threads(before_); }

  const int before_ = at::get_num_threads();
};

// The rest of a line "key   : value" of a file in /proc.
std::string proc_field(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key)) return line.substr(line.find(':') + 1);
  }
  return {};
}

TEST_F(EnvironmentTest, ThreadsAreSetForBothLibraries) {
  for (const int threads : {3, 1, 2}) {
    EXPECT_EQ(set_threads(threads), threads);
    EXPECT_EQ(at::get_num_threads(), threads);
    EXPECT_EQ(omp_get_max_threads(), threads);
    EXPECT_EQ(describe_environment("cpu")["threads"], threads);
  }
}

TEST_F(EnvironmentTest, NoThreadsAskedForMeansAll) {
  set_threads(1);
  EXPECT_EQ(set_threads(0), available_threads());
  EXPECT_EQ(at::get_num_threads(), available_threads());
  EXPECT_EQ(omp_get_max_threads(), available_threads());
}

// Which library is mapped into the process is the kernel's word, not the linker's.
TEST_F(EnvironmentTest, TheBlasIsNamed) {
  const bool openblas = read_text("/proc/self/maps").find("libopenblas") != std::string::npos;
  const std::string name = blas_name();
  if (openblas) {
    EXPECT_THAT(name, StartsWith("OpenBLAS "));
    EXPECT_THAT(name, ::testing::MatchesRegex(".* 0[.][0-9]+.*"));
  } else {
    EXPECT_THAT(name, ::testing::Not(HasSubstr("OpenBLAS ")));
    EXPECT_FALSE(name.empty());
  }
}

TEST_F(EnvironmentTest, EveryConditionIsThere) {
  const json environment = describe_environment("cuda:1");
  for (const char* key :
       {"pollard", "libtorch", "compiler", "blas", "aten_cpu_capability", "device"}) {
    ASSERT_TRUE(environment[key].is_string()) << key;
    EXPECT_NE(environment[key], "") << key;
    EXPECT_NE(environment[key], "unknown") << key;
  }
  for (const char* key : {"threads", "available_threads", "memory_bytes"}) {
    ASSERT_TRUE(environment[key].is_number_integer()) << key;
    EXPECT_GT(environment[key], 0) << key;
  }
  EXPECT_EQ(environment["device"], "cuda:1");
  EXPECT_EQ(environment["libtorch"], TORCH_VERSION);
  EXPECT_EQ(environment["blas"], blas_name());
  EXPECT_THAT(environment["pollard"].get<std::string>(), ::testing::MatchesRegex("[0-9.]+"));
}

TEST_F(EnvironmentTest, MemoryAndCpuAreThoseOfTheKernel) {
  const json environment = describe_environment("cpu");
  EXPECT_EQ(environment["memory_bytes"],
            1024 * std::stoll(proc_field("/proc/meminfo", "MemTotal")));
  const std::string model = proc_field("/proc/cpuinfo", "model name");
  EXPECT_EQ(environment["cpu"], model.empty() ? "" : model.substr(1));
}

TEST_F(EnvironmentTest, FlagsAreThoseThatDecideKernels) {
  std::istringstream all(proc_field("/proc/cpuinfo", "flags"));
  std::set<std::string> known;
  for (std::string flag; all >> flag;) known.insert(flag);
  const json found = describe_environment("cpu")["cpu_flags"];
  ASSERT_TRUE(found.is_array());
  for (const json& flag : found) EXPECT_TRUE(known.contains(flag)) << flag;
  for (const char* flag : {"sse4_2", "avx", "avx2", "avx512f", "fma"}) {
    EXPECT_EQ(std::ranges::count(found, json(flag)), known.contains(flag) ? 1 : 0) << flag;
  }
  EXPECT_EQ(std::ranges::count(found, json("mmx")), 0);
}

}  // namespace
}  // namespace pollard
