// `pollard bench` as its users meet it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "apps/refusals.h"
#include "report/markup.h"

namespace pollard::test {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;

class BenchTest : public AppTest {
 protected:
  // Some seconds.
  static Words small() {
    return {"bench",           "model=resnet8",           "data=mnist",
            "data.path=mnist", "bench.rounds=2",          "bench.threads=1",
            "bench.batches=3", "bench.crossover=0.2,0.9", "bench.onnxruntime=nowhere"};
  }
};

TEST_F(BenchTest, MeasuresAndWritesItsRecord) {
  const Outcome outcome = must(small() + Words{"bench.sparsities=0.9,0.98", "out=made/here"});
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("LibTorch channels_last"), HasSubstr("Pollard dense"),
                                 HasSubstr("Pollard global 90 %"), HasSubstr("best dense: "),
                                 HasSubstr("not measured: ONNX Runtime: 'node' has ended"),
                                 HasSubstr("Density above which"), HasSubstr("here/bench.svg")));
  const auto file = [&](const char* name) { return slurp(path() / "made/here" / name); };
  const json record = json::parse(file("bench.json"));
  EXPECT_EQ(record["format"], 1);
  EXPECT_THAT(record["config"].get<std::string>(), HasSubstr("model = \"resnet8\""));
  ASSERT_EQ(record["networks"].size(), 2u);
  EXPECT_NEAR(record["networks"][1]["sparsity"].get<double>(), 0.98, 1e-4);
  ASSERT_EQ(record["cases"].size(), 1u);
  const json& one = record["cases"][0];
  EXPECT_EQ(one["batch"], 3);
  EXPECT_GT(one["calibration"]["multiply_adds_gflops"], 0.1);
  ASSERT_EQ(one["sparse"].size(), 3u);
  for (const json& ours : one["sparse"]) EXPECT_GT(ours["median_ms"], 0);
  for (const json& dense : one["dense"]) {
    EXPECT_GE(dense["best_ms"], one["baseline"]["ms"]);
    EXPECT_LE(dense["best_ms"], dense["alone"]["median_ms"]);
  }
  for (const std::size_t network : {0, 1}) {
    const json& ours = one["sparse"][network + 1];
    EXPECT_EQ(ours["network"], network);
    EXPECT_LE(ours["difference"], 1e-4);
    EXPECT_NEAR(ours["speedup"].get<double>(),
                one["baseline"]["ms"].get<double>() / ours["median_ms"].get<double>(), 1e-9);
  }
  EXPECT_EQ(one["layers"].size(), 2u * 8);  // 7 convolutions and the linear layer
  EXPECT_EQ(one["crossover"].size(), 7u);
  EXPECT_THAT(file("bench.csv"), HasSubstr("\n3,1,Pollard global 98 %,global,0.98"));
  EXPECT_THAT(file("layers.csv"), HasSubstr(",global 98 %,layer2.0.conv1,3x3 16-32 /2 @4x4,"));
  EXPECT_THAT(file("crossover.csv"), HasSubstr("3,1,linear 64-10,1,0.2,"));
  EXPECT_THAT(file("bench.md"), HasSubstr("| batch | threads |"));
  EXPECT_EQ(markup_problem(file("bench.svg")), "");
}

TEST_F(BenchTest, OfOneNetworkShowsItsLayers) {
  const Outcome outcome = must(small() + Words{"prune.sparsity=0.8", "bench.crossover=[]"});
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("\nglobal 80 %, batch 3, threads 1\n"),
                                 HasSubstr("layer3.0.conv2"), HasSubstr("3x3 64-64 @2x2")));
  EXPECT_THAT(outcome.out, Not(HasSubstr("Density above which")));
}

TEST_F(BenchTest, RefusesBadSettings) {
  const auto with = [](const std::string& word) { return small() + Words{word}; };
  spill(path() / "file", "in the way");
  expect_all_refused(path(),
                     {{with("bench.rounds=1"), {"'bench.rounds' is 1", "[2, 10000]"}},
                      {with("bench.batches=0"), {"'bench.batches'", "[1, 65536]"}},
                      {with("bench.batches=2.5"), {"'bench.batches' has 2.5", "whole"}},
                      {with("bench.sparsities=1.5"), {"'bench.sparsities'", "[0, 1)"}},
                      {with("bench.allocations=globall"), {"globall", "did you mean 'global'?"}},
                      {with("train.epochs=3"), {"'train.epochs' has no effect on `pollard bench`"}},
                      {with("device=cuda"), {"'device' has no effect on `pollard bench`"}},
                      {with("out=file/below"), {"file"}},
                      {with("weights=nowhere.safetensors"), {"nowhere.safetensors"}},
                      {Words{"evaluate", "bench.rounds=3"}, {"'bench.rounds' has no effect"}}});
}

// The reference BLAS makes LibTorch some 17 times slower than it is.
TEST_F(BenchTest, RefusesTheReferenceBlas) {
  const std::filesystem::path folder = "/usr/lib/x86_64-linux-gnu/blas";
  if (!std::filesystem::exists(folder / "libblas.so.3")) GTEST_SKIP() << "no reference BLAS here";
  Options options = here();
  options.environment.push_back("LD_LIBRARY_PATH=" + folder.string());
  expect_refused(run_command(small(), options),
                 {"reference BLAS", "17 times", "libopenblas0-openmp"});
}

}  // namespace
}  // namespace pollard::test
