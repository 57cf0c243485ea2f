// The order of rows: written out for a short chain, and for random graphs that every row is
// computed once. That no row is computed too early is in network_test.cpp, whose outputs would be
// others.
#include "sparse/bands.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sparse/any_graph.h"
#include "sparse/program.h"

namespace {

using namespace pollard;
using namespace pollard::sparse;

Lowered lowered(const Graph& graph, int images = 16) {
  return lower(fuse(graph), *available_kernels().back(), images);
}

std::string text(const std::vector<Band>& bands) {
  std::string text;
  for (const Band& band : bands) {
    text += std::to_string(band.op) + ":" + std::to_string(band.rows.begin) + "-" +
            std::to_string(band.rows.end) + " ";
  }
  return text;
}

// Two 3 x 3 convolutions of an image of 1 x 6 x 6, the second with stride 2.
Graph chain() {
  Graph graph("chain", {1, 6, 6});
  using enum ParameterRole;
  graph.add_parameter({"a.weight", {1, 1, 3, 3}, Weight});
  graph.add_parameter({"b.weight", {1, 1, 3, 3}, Weight});
  const std::string a =
      graph.add_node("a", Conv{.pads = {1, 1, 1, 1}}, {std::string(Graph::kInput), "a.weight"});
  const std::string b =
      graph.add_node("b", Conv{.strides = {2, 2}, .pads = {1, 1, 1, 1}}, {a, "b.weight"});
  graph.set_output(graph.add_node("flat", Flatten{}, {b}));
  return graph;
}

TEST(Bands, ASecondConvolutionFollowsTheFirstByWhatItReads) {
  const Lowered ops = lowered(chain());
  EXPECT_EQ(text(bands_of(ops, {2, 2})), "0:0-2 1:0-1 0:2-4 0:4-6 1:1-3 ");
  EXPECT_EQ(text(bands_of(ops, {2, 1})), "0:0-1 0:1-2 1:0-1 0:2-3 0:3-4 1:1-2 0:4-5 0:5-6 1:2-3 ");
}

TEST(Bands, WithoutGroupsOpsRunOneAfterAnother) {
  EXPECT_EQ(text(bands_of(lowered(chain()), {})), "0:0-6 1:0-3 ");
}

RC_GTEST_PROP(Bands, EveryRowIsComputedOnceInTheOrderOfRows, ()) {
  const Graph graph = any_graph().graph;
  const Lowered ops = lowered(graph, *rc::gen::element(1, 4, 8));
  const std::vector<Band> bands =
      bands_of(ops, {*rc::gen::inRange(1, 10), *rc::gen::inRange(1, 6)});
  std::vector<int> done(ops.ops.size(), 0);
  for (const Band& band : bands) {
    int& rows = done[static_cast<std::size_t>(band.op)];
    RC_ASSERT(band.rows.begin == rows);
    RC_ASSERT(band.rows.end > band.rows.begin);
    rows = band.rows.end;
  }
  for (std::size_t op = 0; op < ops.ops.size(); ++op) RC_ASSERT(done[op] == rows_of(ops.ops[op]));
}

}  // namespace
