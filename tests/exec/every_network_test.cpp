// Every network that has a name, by LibTorch: outputs against the plain executor, and one training
// step, fused in float against unfused in double.
#include "support/every_network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "exec/programs.h"
#include "sparse/reference.h"

namespace pollard {
namespace {

using test::channels_last;
using test::near;
using test::normal;
using test::Parameters;

class EveryNetwork : public testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] static Graph small_graph() {
    return build_network(GetParam(), test::small_input(GetParam()), 10, {.dropout = 0.0});
  }
};

Parameters tensors_of(const TensorMap& state, const Graph& graph, at::ScalarType type) {
  Parameters tensors;
  for (const auto& [name, value] : state) {
    const auto floats = value.f32();
    at::Tensor tensor =
        at::from_blob(const_cast<float*>(floats.data()), value.shape).to(type, false, true);
    tensors.emplace(name, tensor.set_requires_grad(graph.find_parameter(name)->trainable()));
  }
  return tensors;
}

at::Tensor images_of(const Graph& graph, std::int64_t count) {
  const ImageShape shape = graph.input_shape();
  return normal({count, shape.channels, shape.height, shape.width}, 1);
}

TEST_P(EveryNetwork, ComputesAsThePlainExecutor) {
  const Graph graph = small_graph();
  const TensorMap state = initialize(graph, 3, Initialization::Kaiming);
  const at::Tensor images = images_of(graph, 2);
  const std::vector<double> expected = sparse::reference_outputs(
      graph, state, {images.data_ptr<float>(), static_cast<std::size_t>(images.numel())}, 2);
  const at::NoGradGuard no_grad;
  Parameters parameters = tensors_of(state, graph, at::kFloat);
  const at::Tensor y = test::run(graph, channels_last(images), parameters, {.fused = true});
  const at::Tensor wanted =
      at::from_blob(const_cast<double*>(expected.data()), y.sizes(), at::kDouble);
  EXPECT_LT((y - wanted).abs().max().item<double>(), 1e-4 * wanted.abs().max().item<double>());
}

// Values within rounding of where a ReLU changes its mind move the gradients before them: of one
// parameter by some percent where there are few values, of all together by less.
TEST_P(EveryNetwork, TrainsFusedAsUnfused) {
  const Graph graph = small_graph();
  const TensorMap state = initialize(graph, 3, Initialization::Kaiming);
  const auto step = [&](at::ScalarType type, bool fused) {
    Parameters parameters = tensors_of(state, graph, type);
    const at::Tensor x = channels_last(images_of(graph, 4).to(type));
    test::run(graph, x, parameters, {.training = true, .fused = fused}).pow(2).mean().backward();
    return parameters;
  };
  const Parameters fused = step(at::kFloat, true);
  const Parameters exact = step(at::kDouble, false);
  double longest = 0;
  for (const auto& [_, tensor] : exact) {
    if (tensor.requires_grad()) longest = std::max(longest, tensor.grad().norm().item<double>());
  }
  double squares = 0, squares_off = 0;
  for (const auto& [name, tensor] : exact) {
    const bool trains = tensor.requires_grad();
    const at::Tensor own = trains ? fused.at(name).grad() : fused.at(name);
    const at::Tensor wanted = trains ? tensor.grad() : tensor;
    const double off = (own - wanted).norm().item<double>(), norm = wanted.norm().item<double>();
    EXPECT_LT(off, 5e-2 * std::max(norm, trains ? 1e-3 * longest : 1e-2)) << name;
    if (!trains) continue;
    squares += norm * norm;
    squares_off += off * off;
  }
  EXPECT_LT(std::sqrt(squares_off), 1e-2 * std::sqrt(squares));
}

INSTANTIATE_TEST_SUITE_P(All, EveryNetwork, testing::ValuesIn(network_names()), test::name_of_test);

}  // namespace
}  // namespace pollard
