// model=FILE.onnx: the network from a user's file, through the whole chain.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiment/setup.h"
#include "experiment/small_run.h"
#include "graph/graph_hash.h"
#include "pollard/networks.h"
#include "pollard/onnx_file.h"
#include "pollard/safetensors.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::interrupted_run;
using test::resume;
using test::run;
using test::thrown_by;
using ::testing::AllOf;
using ::testing::HasSubstr;

using Overrides = std::vector<std::string>;

class ModelFile : public ::testing::Test {
 protected:
  ModelFile() { write("net.onnx", graph_); }

  void write(const std::string& name, const Graph& graph) const {
    write_onnx(runs_.at(name), graph, initialize(graph, 9, Initialization::Pytorch));
  }
  [[nodiscard]] std::string file(const std::string& key, const std::string& name) const {
    return key + "=" + runs_.at(name).string();
  }
  [[nodiscard]] Config config(const std::string& out, const Overrides& more) const {
    Overrides all = {"prune.cycles=1", "train.epochs=1"};
    all.insert(all.end(), more.begin(), more.end());
    return runs_.config(out, all);
  }
  void expect_same_network(const std::string& a, const std::string& b) const {
    for (const char* name : {"model.safetensors", "masks.safetensors"}) {
      EXPECT_EQ(read_safetensors(runs_.at(a) / name).tensors,
                read_safetensors(runs_.at(b) / name).tensors)
          << name;
    }
  }
  [[nodiscard]] std::vector<Stage> stages(const std::string& name) const {
    const Config config = runs_.config("", {file("model", name)});
    return plan_stages(config, make_graph_alone(config), ChainKind::Whole, {});
  }

  const test::SmallRuns runs_;
  const Graph graph_ = build_network("resnet8", {1, 28, 28}, 10);
};

// Initialisation and ties go by the parameters' names and order, which the file keeps.
TEST_F(ModelFile, TrainsAndPrunesAsTheSameNetworkWithAName) {
  const json named = run(config("named", {"model=resnet8"}));
  const json ours = run(config("ours", {file("model", "net.onnx")}));
  expect_same_network("named", "ours");
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(ours["stages"][i]["test"], named["stages"][i]["test"]);
  EXPECT_EQ(ours["stages"][1]["sparsity"]["kept"], 7451);
}

TEST_F(ModelFile, StartsFromTheWeightsOfTheSameFile) {
  for (const auto& [out, model] :
       {std::pair("named", std::string("model=resnet8")), {"ours", file("model", "net.onnx")}}) {
    const json result = run(config(out, {model, file("weights", "net.onnx")}));
    EXPECT_EQ(result["stages"][0]["kind"], "import");
  }
  expect_same_network("named", "ours");
}

TEST_F(ModelFile, IsKeptInTheRunsFolder) {
  (void)run(config("run", {file("model", "net.onnx"), "prune.sparsity=0.5"}));
  const OnnxModel copy = read_onnx(runs_.at("run") / "network.onnx");
  EXPECT_EQ(graph_hash(copy.graph), graph_hash(graph_));
  EXPECT_EQ(copy.state, initialize(graph_, 1, Initialization::Pytorch));  // where the run began
  EXPECT_EQ(read_safetensors(runs_.at("run") / "model.safetensors").metadata.at("model"),
            "network.onnx");
}

// The run goes on with its copy.
TEST_F(ModelFile, MayGoOrChangeWhileTheRunIsStopped) {
  const Overrides from_scratch = {file("model", "net.onnx")};
  const Overrides from_weights = {file("model", "net.onnx"), file("weights", "net.onnx")};
  (void)run(config("scratch", from_scratch));
  (void)run(config("weights", from_weights));
  for (const int stop_at : {3, 8}) {
    const std::string number = std::to_string(stop_at);
    (void)interrupted_run(config("scratch" + number, from_scratch), stop_at);
    (void)interrupted_run(config("weights" + number, from_weights), stop_at - 2);
    fs::remove(runs_.at("net.onnx"));
    if (stop_at == 3) write("net.onnx", build_network("resnet14", {1, 28, 28}, 10));
    (void)resume(config("scratch" + number, from_scratch));
    (void)resume(config("weights" + number, from_weights));
    write("net.onnx", graph_);
    test::expect_same_end(runs_.at("scratch"), runs_.at("scratch" + number));
    test::expect_same_end(runs_.at("weights"), runs_.at("weights" + number));
  }
}

TEST_F(ModelFile, CountsByItsContentInStages) {
  write("copy.onnx", graph_);
  write("other.onnx", build_network("resnet14", {1, 28, 28}, 10));
  EXPECT_EQ(stages("copy.onnx")[0].id, stages("net.onnx")[0].id);
  EXPECT_NE(stages("other.onnx")[0].id, stages("net.onnx")[0].id);
}

TEST_F(ModelFile, LendsItsNameToTheFolder) {
  Config config(parameter_table());
  config.apply(file("model", "net.onnx"));
  EXPECT_EQ(run_folder_path(config, "", ChainKind::Whole), "runs/net-fashion-mnist");
}

TEST_F(ModelFile, MustBeOneForTheImages) {
  write("larger.onnx", build_network("resnet8", {1, 32, 32}, 10));
  write("colour.onnx", build_network("resnet8", {3, 28, 28}, 10));
  write("more.onnx", build_network("resnet8", {1, 28, 28}, 12));
  Graph features("features", {1, 28, 28});
  features.set_output(features.add_node("pool", MaxPool{.kernel = {2, 2}, .strides = {2, 2}},
                                        {std::string(Graph::kInput)}));
  write("features.onnx", features);
  const auto refusal = [this](const std::string& name) {
    return thrown_by([&] { (void)stages(name); });
  };
  EXPECT_THAT(refusal("larger.onnx").what(),
              AllOf(HasSubstr("larger.onnx: the network takes images of 1x32x32"),
                    HasSubstr("mnist have 1x28x28")));
  EXPECT_THAT(refusal("colour.onnx").what(), HasSubstr("3x28x28"));
  EXPECT_THAT(refusal("more.onnx").what(), HasSubstr("output is [12] an image, but mnist has 10"));
  EXPECT_THAT(refusal("features.onnx").what(), HasSubstr("output is [1, 14, 14] an image"));
  EXPECT_EQ(refusal("gone.onnx").code(), ErrorCode::Io);
}

TEST_F(ModelFile, HasNoSettingsOfNetworksWithNames) {
  for (const char* key : {"train.dropout", "train.last_momentum"}) {
    const Config config = runs_.config("", {file("model", "net.onnx"), std::string(key) + "=0.1"});
    EXPECT_THAT(thrown_by([&] { config.check_effective(); }).what(), HasSubstr(key));
  }
}

TEST_F(ModelFile, SaysHowToTakeTheNetworkWhereOnlyTheWeightsAreTaken) {
  const Config config = runs_.config("", {"model=lenet5", file("weights", "net.onnx")});
  const Error error = thrown_by([&] { (void)import_weights(config, make_graph_alone(config)); });
  EXPECT_THAT(error.what(), AllOf(HasSubstr("net.onnx"), HasSubstr("lenet5")));
  EXPECT_THAT(error.hint(), HasSubstr(file("model", "net.onnx")));
}

}  // namespace
}  // namespace pollard
