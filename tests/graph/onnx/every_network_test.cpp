// Every network that has a name, written as ONNX and read again.
#include "support/every_network.h"

#include <gtest/gtest.h>

#include "graph/graph_hash.h"
#include "pollard/onnx_file.h"
#include "support/temporary_folder.h"

namespace pollard::test {
namespace {

class EveryNetwork : public testing::TestWithParam<std::string> {};

TEST_P(EveryNetwork, IsTheSameAfterONNX) {
  const TemporaryFolder folder;
  const Graph graph = build_network(GetParam(), {1, 28, 28}, 10);
  const TensorMap state = initialize(graph, 1, Initialization::Kaiming);
  write_onnx(folder / "net.onnx", graph, state);
  const OnnxModel model = read_onnx(folder / "net.onnx");
  EXPECT_EQ(describe(model.graph), describe(graph));
  EXPECT_TRUE(model.state == state);
  EXPECT_EQ(graph_hash(model.graph), graph_hash(graph));
}

INSTANTIATE_TEST_SUITE_P(All, EveryNetwork, testing::ValuesIn(network_names()), name_of_test);

}  // namespace
}  // namespace pollard::test
