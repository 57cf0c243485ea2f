// `pollard export` and `pollard inspect FILE.plrd`: files that say what they hold, read back the
// same, and never cost another file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "apps/refusals.h"
#include "pollard/networks.h"
#include "pollard/onnx_file.h"
#include "pollard/safetensors.h"
#include "sparse/network.h"
#include "sparse/plrd.h"

namespace pollard::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class Export : public AppTest {
 protected:
  Export() { write_safetensors(path() / "net.safetensors", {pruned(), {}}); }

  // About one weight of ten is left.
  [[nodiscard]] TensorMap pruned() const {
    TensorMap state = initialize(graph_, 1, Initialization::Pytorch);
    for (const ParameterInfo& weight : graph_.prunable_parameters()) {
      std::size_t i = 0;
      for (float& value : state.at(weight.name).f32()) value = i++ % 10 == 0 ? value : 0.0F;
    }
    return state;
  }

  const Graph graph_ = build_network("lenet5", {1, 28, 28}, 10);
  const Words from_weights_ = {"export", "model=lenet5", "weights=net.safetensors"};
};

/// The numbers before "bytes", in order.
std::vector<std::size_t> byte_figures(const std::string& text) {
  std::vector<std::size_t> figures;
  for (const std::string& line : lines_of(text)) {
    const std::size_t end = line.find(" bytes");
    if (end != std::string::npos)
      figures.push_back(std::stoul(line.substr(line.find_last_of(' ', end - 1))));
  }
  return figures;
}

TEST_F(Export, WritesASparseFile) {
  const std::string said = must(from_weights_ + Words{"--sparse", "net.plrd"}).out;
  EXPECT_THAT(said, AllOf(HasSubstr("net.plrd\n"), ContainsRegex("outputs differ from LibTorch")));
  const std::vector<std::size_t> bytes = byte_figures(said);
  ASSERT_EQ(bytes.size(), 3u) << said;
  EXPECT_GT(bytes[0], 61'000u * 4);  // dense
  EXPECT_LT(bytes[1], bytes[0] / 4);
  EXPECT_LT(bytes[2], bytes[1]);
  EXPECT_EQ(bytes[2], std::filesystem::file_size(path() / "net.plrd"));

  const sparse::NetworkFile file = sparse::read_plrd(path() / "net.plrd");
  EXPECT_EQ(file.graph.name(), "lenet5");
  EXPECT_EQ(file.state, pruned());
  EXPECT_EQ(file.metadata.at("model"), "lenet5");
  EXPECT_EQ(file.metadata.at("dataset"), "fashion-mnist");
  EXPECT_EQ(file.metadata.at("input"), "1x28x28");
  EXPECT_EQ(file.metadata.at("classes"), "10");
  EXPECT_THAT(file.metadata.at("sparsity"), ::testing::StartsWith("0.9"));
  EXPECT_TRUE(file.metadata.contains("mean") && file.metadata.contains("stddev"));
}

TEST_F(Export, WritesAllKindsAtOnce) {
  must(from_weights_ +
       Words{"--sparse", "a.plrd", "--onnx", "a.onnx", "--safetensors", "a.safetensors"});
  EXPECT_EQ(sparse::read_plrd(path() / "a.plrd").state, pruned());
  EXPECT_EQ(read_onnx(path() / "a.onnx").state, pruned());
  const Safetensors dense = read_safetensors(path() / "a.safetensors");
  EXPECT_EQ(dense.tensors, pruned());
  EXPECT_EQ(dense.metadata.at("model"), "lenet5");
  // What it says of itself is enough to export it again.
  must({"export", "weights=a.safetensors", "--sparse", "b.plrd"});
  EXPECT_EQ(slurp(path() / "b.plrd"), slurp(path() / "a.plrd"));
}

TEST_F(Export, KeepsWhatMayNotBePruned) {
  must(from_weights_ + Words{"prune.exclude=fc3.weight", "--sparse", "net.plrd"});
  const sparse::NetworkFile file = sparse::read_plrd(path() / "net.plrd");
  EXPECT_EQ(file.graph.prunable_weights(), graph_.prunable_weights() - 84 * 10);
  EXPECT_THAT(must({"inspect", "net.plrd"}).out, HasSubstr("theoretical speedup"));
}

TEST_F(Export, TakesARunsFolder) {
  must(Words{"run", "out=run", "prune.sparsity=0.8", "prune.exclude=linear.weight"} + tiny());
  std::filesystem::remove_all(path() / "mnist");  // the images are not needed any more
  must({"export", "run", "--sparse", "run/net.plrd"});
  must({"export", "run", "--sparse", "run/net.plrd", "threads=1"});  // a second time
  const sparse::NetworkFile file = sparse::read_plrd(path() / "run/net.plrd");
  EXPECT_EQ(file.state, read_safetensors(path() / "run/model.safetensors").tensors);
  EXPECT_FALSE(file.graph.find_parameter("linear.weight")->prunable());
  const auto result = nlohmann::json::parse(slurp(path() / "run/result.json"));
  EXPECT_EQ(file.metadata.at("method"), result["procedure"]);
  EXPECT_EQ(file.metadata.at("dataset"), "mnist");
  EXPECT_EQ(file.metadata.at("seed"), "1");
  EXPECT_NEAR(std::stod(file.metadata.at("sparsity")), 0.8, 1e-4);
  EXPECT_NEAR(std::stod(file.metadata.at("test_top1")),
              result["stages"].back()["test"]["top1"].get<double>(), 1e-6);
}

TEST_F(Export, IsInspected) {
  must(from_weights_ + Words{"--sparse", "net.plrd"});
  const std::string said = must({"inspect", "net.plrd"}).out;
  EXPECT_THAT(said, AllOf(HasSubstr("lenet5: input 1x28x28, 10 classes"), HasSubstr("density"),
                          HasSubstr("theoretical speedup"), HasSubstr("note model: lenet5\n"),
                          HasSubstr("note sparsity: 0.9")));
  const auto size = std::filesystem::file_size(path() / "net.plrd");
  EXPECT_THAT(said, HasSubstr(std::to_string(size) + " bytes in the file"));
  EXPECT_THAT(said, ContainsRegex("conv2.weight +\\[[0-9, ]+\\] +[0-9]+ +[0-9]+\n"));
}

TEST_F(Export, RefusesBadUsage) {
  must(from_weights_ + Words{"--sparse", "net.plrd"});
  spill(path() / "cut.plrd", slurp(path() / "net.plrd").substr(0, 1000));
  spill(path() / "half/config.toml", "");
  spill(path() / "settings.toml", "model = \"lenet5\"\nweights = \"net.safetensors\"\n");
  spill(path() / "trains.toml", "[train]\nepochs = 3\n");
  const Words sparse = {"--sparse", "new.plrd"};
  expect_all_refused(
      path(),
      {{from_weights_, {"--sparse", "--onnx", "--safetensors"}},
       {Words{"export", "model=lenet5"} + sparse, {"weights"}},
       {Words{"export", "gone"} + sparse, {"'gone' holds no model.safetensors"}},
       {Words{"export", "half"} + sparse, {"'half' holds no model.safetensors"}},
       {Words{"export", "trains.toml"} + sparse, {"'train.epochs'", "export"}},
       {Words{"export", "weights=gone.safetensors"} + sparse, {"'gone.safetensors'"}},
       {Words{"export", "weights=net.safetensors", "model=resnet8"} + sparse, {"resnet8"}},
       {from_weights_ + Words{"train.epochs=2"} + sparse, {"'train.epochs'"}},
       {from_weights_ + Words{"--sparse", "net.safetensors"}, {"'net.safetensors'", "replace"}},
       {Words{"export", "settings.toml", "--onnx", "settings.toml"}, {"replace"}},
       {from_weights_ + Words{"--sparse", "a", "--onnx", "./a"}, {"--onnx './a'", "replace"}},
       {from_weights_ + Words{"--sparse", "mnist"}, {"'mnist'", "folder"}},
       {from_weights_ + Words{"--sparse", "net.plrd", "--onnx", "gone/net.onnx"}, {"--onnx"}},
       {{"inspect", "cut.plrd"}, {"cut.plrd", "1000 bytes"}},
       {{"inspect", "gone.plrd"}, {"gone.plrd"}},
       {{"inspect", "net.plrd", "model=lenet5"}, {"'model'", "inspect"}}});
}

TEST_F(Export, RefusesToReplaceAFileOfTheRun) {
  spill(path() / "run/config.toml", "model = \"lenet5\"\n");
  for (const char* name : {"model.safetensors", "result.json"}) spill(path() / "run" / name, name);
  expect_all_refused(
      path(), {{{"export", "run", "--sparse", "run/result.json"}, {"run/result.json", "replace"}},
               {{"export", "run", "--safetensors", "run/model.safetensors"}, {"replace"}}});
}

// Finite weights whose outputs are not: no engine can be held against another.
TEST_F(Export, LeavesNoFileWhereOutputsDisagree) {
  TensorMap state = pruned();
  for (const ParameterInfo& weight : graph_.prunable_parameters()) {
    for (float& value : state.at(weight.name).f32()) value *= 1e30F;
  }
  write_safetensors(path() / "wild.safetensors", {state, {}});
  spill(path() / "net.plrd", "what was there");
  const auto before = snapshot(path());
  const Outcome outcome = pollard({"export", "model=lenet5", "weights=wild.safetensors", "--sparse",
                                   "net.plrd", "--onnx", "net.onnx"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("'net.plrd' is not written"), HasSubstr("LibTorch")));
  EXPECT_THAT(changes(before, snapshot(path())), ::testing::IsEmpty());
}

}  // namespace
}  // namespace pollard::test
