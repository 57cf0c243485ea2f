// The chain of oneDNN primitives against LibTorch.
#include "speed/dnnl_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "pollard/networks.h"
#include "pollard/safetensors.h"
#include "speed/peers.h"
#include "speed/random_graph.h"
#include "support/thrown.h"

namespace pollard::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class DnnlChainTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (dnnl_version().empty()) GTEST_SKIP() << "built without oneDNN";
  }

  // Of both for the same images.
  static double difference(const Graph& graph, const TensorMap& state, std::int64_t batch) {
    const auto pixels = static_cast<std::size_t>(element_count(graph.shape(Graph::kInput)));
    const std::vector<float> values = random_floats(static_cast<std::size_t>(batch) * pixels, 5);
    const Images images{values, batch};
    const auto torch = make_torch_contender(graph, state, images, false);
    DnnlContender chain(graph, state, images);
    (void)torch->time_call();
    (void)chain.time_call();
    const std::vector<float> first = chain.outputs();
    (void)chain.time_call();  // memory that was used again must not matter
    EXPECT_EQ(chain.outputs(), first);
    return relative_difference(first, torch->outputs());
  }
};

TEST_F(DnnlChainTest, ComputesRandomNetworksAsLibtorchDoes) {
  for (std::uint64_t seed = 0; seed < 80; ++seed) {
    const Graph graph = random_graph(seed);
    EXPECT_LE(difference(graph, random_state(graph, seed), 1 + static_cast<std::int64_t>(seed % 3)),
              1e-5)
        << seed << "\n"
        << describe(graph);
  }
}

TEST_F(DnnlChainTest, ComputesOurNetworks) {
  for (const char* name : {"resnet20", "lenet5", "lenet-300-100"}) {
    const Graph graph = build_network(name, {3, 32, 32}, 10);
    EXPECT_LE(difference(graph, initialize(graph, 1, Initialization::Kaiming), 3), 1e-5) << name;
  }
}

TEST_F(DnnlChainTest, ComputesThePublishedResnet20) {
  const char* data = std::getenv("POLLARD_DATA");
  const std::filesystem::path file =
      std::filesystem::path(data == nullptr ? "" : data) / "weights/resnet20-cifar10.safetensors";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "POLLARD_DATA has no " << file;
  const Graph graph = build_network("resnet20", {3, 32, 32}, 10);
  EXPECT_LE(
      difference(graph, match_state(graph, read_safetensors(file).tensors, file.string()), 16),
      1e-5);
}

TEST_F(DnnlChainTest, TellsTheTimeOfEachStep) {
  const Graph graph = build_network("resnet8", {3, 32, 32}, 10);
  DnnlChain chain(graph, initialize(graph, 1, Initialization::Kaiming), 2);
  const std::vector<float> images = random_floats(2 * 3 * 32 * 32, 1);
  std::vector<float> outputs(20);
  chain.run(images, outputs);
  EXPECT_TRUE(chain.step_seconds().empty());
  chain.profile(true);
  chain.run(images, outputs);
  ASSERT_EQ(chain.step_seconds().size(), chain.step_names().size());
  EXPECT_THAT(chain.step_names(), ::testing::IsSupersetOf({"conv1", "layer3.0.conv2", "linear"}));
  const auto conv = std::ranges::find(chain.step_names(), "layer1.0.conv1");
  EXPECT_GT(chain.step_seconds()[static_cast<std::size_t>(conv - chain.step_names().begin())], 0);
}

TEST_F(DnnlChainTest, NamesANodeThatIsBeyondIt) {
  Graph graph("g", {2, 8, 8});
  std::string value = graph.add_node("cut", Slice{{1, 0}, {8, 8}, {2, 3}, {1, 1}}, {"input"});
  value = graph.add_node("flatten", Flatten{}, {value});
  graph.set_output(add_linear(graph, "linear", value, 3));
  const Error error = thrown_by([&] { DnnlChain(graph, random_state(graph, 1), 1); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("'cut'"), HasSubstr("Slice"), HasSubstr("pixels")));
}

}  // namespace
}  // namespace pollard::test
