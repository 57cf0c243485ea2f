#include "graph/graph_hash.h"

#include <gtest/gtest.h>

#include <set>

#include "graph/blocks.h"
#include "pollard/networks.h"

namespace pollard {
namespace {

TEST(GraphHash, IsThatOfWhatIsComputedAlone) {
  Graph graph = build_network("resnet8", {3, 32, 32}, 10);
  const std::string hash = graph_hash(graph);
  EXPECT_EQ(hash.size(), 32U);
  EXPECT_EQ(graph_hash(build_network("resnet8", {3, 32, 32}, 10)), hash);
  graph.select("conv1.weight", false);
  EXPECT_EQ(graph_hash(graph), hash);
}

struct Small {
  std::string conv = "conv";
  ConvSettings settings{.channels = 4, .kernel = 3, .padding = 1};
  double momentum = 0.1, dropout = 0.5;
  ImageShape images{2, 6, 6};
  std::vector<std::int64_t> pads = std::vector<std::int64_t>(8);
  bool norm_first = true;
};

std::string hash_of(const Small& small) {
  Graph graph("small", small.images);
  std::string value = add_conv(graph, small.conv, "input", small.settings);
  if (small.norm_first) value = add_batch_norm(graph, "bn", value, small.momentum);
  value = graph.add_node("relu", Relu{}, {value});
  if (!small.norm_first) value = add_batch_norm(graph, "bn", value, small.momentum);
  value = graph.add_node("pad", Pad{.pads = small.pads}, {value});
  value = add_dropout(graph, "dropout", value, small.dropout);
  graph.add_node("mean", GlobalAveragePool{}, {value});
  graph.add_node("flatten", Flatten{}, {"mean"});
  graph.set_output(add_linear(graph, "linear", "flatten", 5));
  return graph_hash(graph);
}

TEST(GraphHash, IsAnotherForEveryOtherNetwork) {
  const std::vector<Small> all = {
      {},
      {.conv = "conv1"},
      {.settings = {.channels = 4, .kernel = 3, .padding = 1, .bias = true}},
      {.settings = {.channels = 4, .kernel = 3, .stride = 2, .padding = 1}},
      {.settings = {.channels = 4, .kernel = 3, .padding = 1, .groups = 2}},
      {.settings = {.channels = 4, .kernel = 1, .padding = 0}},
      {.momentum = 0.2},
      {.dropout = 0.25},
      {.dropout = 0},
      {.images = {2, 6, 7}},
      {.pads = {0, 0, 0, 1, 0, 0, 0, 0}},
      {.pads = {0, 0, 0, 0, 0, 0, 0, 1}},
      {.norm_first = false}};
  std::set<std::string> hashes;
  for (const Small& small : all) hashes.insert(hash_of(small));
  EXPECT_EQ(hashes.size(), all.size());
}

}  // namespace
}  // namespace pollard
