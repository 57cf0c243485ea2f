// Every network that has a name, of images as small and odd as it takes, 90 % sparse: compiled for
// inference, with its batch norms folded, and trained for a step. All against the plain executors.
#include "support/every_network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "graph/fold_batch_norm.h"
#include "sparse/reference.h"
#include "sparse/training_case.h"
#include "sparse/whole_network.h"

namespace pollard::sparse {
namespace {

using test::small_input;

class EveryNetwork : public testing::TestWithParam<std::string> {};

TEST_P(EveryNetwork, ComputesAsThePlainExecutor) {
  const Whole whole = pruned_network(GetParam(), small_input(GetParam()), 10);
  const std::vector<float> images = random_images(whole.graph, 2);
  const std::vector<double> expected = reference_outputs(whole.graph, whole.state, images, 2);
  for (const Path path : {Path::Auto, Path::Dense}) {
    Network network(whole.graph, whole.state, {.threads = 2, .path = path, .measure = false});
    EXPECT_LT(difference(outputs_of(network, images, 2), expected), 1e-4);
  }
  const FoldedNetwork folded = fold_batch_norm(whole.graph, whole.state);
  Network network(folded.graph, folded.state, {.measure = false});
  EXPECT_LT(difference(outputs_of(network, images, 2), expected), 1e-4) << "folded";
}

double length(const test::Values& values) {
  return std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
}

/// How long the difference is, beside the expected values or `least`.
double distance(const std::vector<float>& values, const test::Values& expected, double least) {
  test::Values off(values.begin(), values.end());
  for (std::size_t i = 0; i < off.size(); ++i) off[i] -= expected[i];
  return length(off) / std::max(length(expected), least);
}

// Among so many values some lie within rounding of where a ReLU changes its mind, and each moves
// the gradients before it: of one parameter by some percent, of all together by less. Those that
// norms cancel are rounding.
//
// mobilenet-v2's norms over a handful of pixels magnify rounding from block to block: of images as
// small and few as the others', changing its weights by 6e-8 moves even the written-out gradients
// by 5e-3.
TEST_P(EveryNetwork, TrainsAStepAsWrittenOut) {
  const bool sensitive = GetParam() == "mobilenet-v2";
  const ImageShape input = sensitive ? ImageShape{3, 64, 64} : small_input(GetParam());
  test::TrainingCase of(build_network(GetParam(), input, 10, {.dropout = 0.0}), sensitive ? 16 : 4,
                        sensitive ? 0.5 : 0.1, 1);
  test::ReferenceStep expected = of.reference();
  const auto trainer = of.trainer(best_kernels(), 2);
  const StepResult result = trainer->forward_backward(of.images, of.labels, {});
  EXPECT_NEAR(result.loss, expected.loss, 1e-3 * expected.loss);
  double longest = 0;
  for (auto& [name, gradient] : expected.gradients) {
    if (of.masks.contains(name)) {
      const auto keep = of.masks.at(name).u8();
      for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] *= keep[i];
    }
    longest = std::max(longest, length(gradient));
  }
  double squares = 0, squares_off = 0;
  for (const ParameterInfo& info : of.graph.parameters()) {
    if (info.trainable()) {
      const test::Values& gradient = expected.gradients.at(info.name);
      const double off = distance(of.gradients[info.name], gradient, 1e-3 * longest);
      EXPECT_LT(off, 5e-2) << info.name;
      const double norm = std::max(length(gradient), 1e-3 * longest);
      squares += norm * norm;
      squares_off += off * off * norm * norm;
    } else {
      const test::Values& moments = expected.moments.at(info.name);
      EXPECT_LT(distance(of.values[info.name], moments, 1e-2), 1e-3) << info.name;
    }
  }
  EXPECT_LT(std::sqrt(squares_off), 1e-2 * std::sqrt(squares));
}

INSTANTIATE_TEST_SUITE_P(All, EveryNetwork, testing::ValuesIn(network_names()), test::name_of_test);

}  // namespace
}  // namespace pollard::sparse
