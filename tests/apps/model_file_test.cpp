// model=FILE.onnx and weights=FILE.onnx, at the command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/refusals.h"
#include "apps/results.h"
#include "pollard/networks.h"
#include "pollard/onnx_file.h"

namespace pollard::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ModelFileTest : public ResultTest {
 protected:
  ModelFileTest() { write("net.onnx", build_network("resnet8", {1, 8, 8}, 10)); }

  void write(const std::string& name, const Graph& graph, const OnnxOptions& options = {}) const {
    write_onnx(path() / name, graph, initialize(graph, 1, Initialization::Pytorch), options);
  }
  // tiny() of another network.
  [[nodiscard]] static Words tiny_of(const std::string& model) {
    Words words = tiny();
    words[0] = "model=" + model;
    return words;
  }
};

TEST_F(ModelFileTest, IsPrunedRetrainedEvaluatedAndInspected) {
  EXPECT_THAT(must(Words{"plan"} + tiny_of("net.onnx")).out, HasSubstr("resnet8 on mnist"));
  must(Words{"run"} + tiny_of("net.onnx"));
  const std::string folder = "runs/net-mnist";
  EXPECT_THAT(kinds(result(folder)), ElementsAre("train", "prune", "retrain"));
  EXPECT_THAT(must({"inspect", folder + "/model.safetensors", "data.path=mnist"}).out,
              AllOf(HasSubstr("resnet8: input 1x8x8, 10 classes"), HasSubstr("90.00 %")));
  EXPECT_THAT(must({"evaluate", "model=net.onnx", "weights=" + folder + "/model.safetensors",
                    "data=mnist", "data.path=mnist", "threads=1"})
                  .out,
              HasSubstr("sparsity  90.00 %"));
  // With the weights of the file itself, by a part of the chain.
  must(Words{"prune", "weights=net.onnx"} + tiny_of("net.onnx"));
  EXPECT_THAT(kinds(result(folder + "-prune")), ElementsAre("import", "prune", "retrain"));
}

// The folder has what it takes, without the file and the images.
TEST_F(ModelFileTest, IsExportedFromTheRunsFolder) {
  must(Words{"run", "out=run"} + tiny_of("net.onnx"));
  std::filesystem::remove(path() / "net.onnx");
  std::filesystem::remove_all(path() / "mnist");
  must({"export", "run", "--onnx", "pruned.onnx", "--sparse", "pruned.plrd"});
  must({"export", "weights=run/model.safetensors", "--onnx", "again.onnx"});
  EXPECT_EQ(slurp(path() / "again.onnx"), slurp(path() / "pruned.onnx"));
  for (const char* file : {"pruned.onnx", "pruned.plrd"}) {
    EXPECT_THAT(must({"inspect", file}).out,
                AllOf(HasSubstr("resnet8: input 1x8x8, 10 classes"), HasSubstr("90.00 %")));
  }
  // And it is a network again.
  const auto network = [](const std::string& kind, const std::string& file) {
    return Words{"export", "model=pruned.onnx", "weights=pruned.onnx", "data=mnist", kind, file};
  };
  expect_all_refused(path(), {{network("--onnx", "pruned.onnx"), {"pruned.onnx", "replace"}},
                              {network("--sparse", "other.plrd"), {"1x28x28"}}});
}

TEST_F(ModelFileTest, IsInspectedWithoutImages) {
  write("noted.onnx", build_network("resnet50", {3, 64, 64}, 7),
        {.metadata = {{"method", "IMP+\x1b[31m\nnote made up"}}});
  EXPECT_THAT(must({"inspect", "noted.onnx"}).out,
              AllOf(HasSubstr("resnet50: input 3x64x64, 7 classes"),
                    HasSubstr("\nnote method: IMP+ [31m note made up\n")));
}

TEST_F(ModelFileTest, IsMeasuredByBench) {
  EXPECT_THAT(must({"bench", "model=net.onnx", "weights=net.onnx", "data=mnist", "data.path=mnist",
                    "prune.sparsity=0.8", "bench.rounds=2", "bench.threads=1", "bench.batches=3",
                    "bench.crossover=[]", "bench.onnxruntime=nowhere"})
                  .out,
              HasSubstr("resnet8"));
}

TEST_F(ModelFileTest, IsRefusedWhereItDoesNotFit) {
  write("colour.onnx", build_network("resnet8", {3, 8, 8}, 10));
  write("classes.onnx", build_network("resnet8", {1, 8, 8}, 11));
  spill(path() / "cut.onnx", slurp(path() / "net.onnx").substr(0, 5000));
  spill(path() / "text.onnx", "a network");
  const Words run = {"run"};
  expect_all_refused(
      path(),
      {{run + tiny_of("gone.onnx"), {"gone.onnx"}},
       {run + tiny_of("cut.onnx"), {"cut.onnx"}},
       {run + tiny_of("text.onnx"), {"text.onnx", "not an ONNX model"}},
       {run + tiny_of("colour.onnx"), {"colour.onnx", "3x8x8", "1x8x8"}},
       {run + tiny_of("classes.onnx"), {"classes.onnx", "[11]", "10 classes"}},
       {run + tiny_of(".onnx"), {"'model'", "a file *.onnx"}},
       {run + tiny_of("net.onn"), {"'model'", "a file *.onnx"}},
       {run + tiny_of("net.onnx") + Words{"train.dropout=0.1"}, {"'train.dropout'", "net.onnx"}},
       {run + tiny() + Words{"weights=colour.onnx"}, {"colour.onnx", "conv1.weight"}},
       {Words{"prune", "weights=text.onnx"} + tiny(), {"text.onnx"}},
       {Words{"plan"} + tiny_of("colour.onnx"), {"colour.onnx"}},
       {{"evaluate", "model=net.onnx", "data=mnist", "data.path=mnist"}, {"weights"}},
       {{"bench", "model=net.onnx"}, {"net.onnx", "1x28x28"}},
       {{"inspect", "cut.onnx"}, {"cut.onnx"}},
       {{"inspect", "net.onnx", "model=resnet8"}, {"'model'"}}});
}

}  // namespace
}  // namespace pollard::test
