// One forward and backward pass of CS, STR and DST on a few weights, worked out by hand.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include <cmath>
#include <vector>

#include "method/cs.h"
#include "method/dst.h"
#include "method/str.h"

namespace pollard {
namespace {

at::Tensor leaf(const std::vector<float>& values, std::vector<std::int64_t> shape) {
  return torch::tensor(values).view(shape).clone().requires_grad_(true);
}

void expect_near(const at::Tensor& actual, const std::vector<double>& expected) {
  ASSERT_TRUE(actual.defined());
  ASSERT_EQ(actual.numel(), static_cast<std::int64_t>(expected.size()));
  const at::Tensor flat = actual.detach().contiguous().view(-1);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(flat[static_cast<std::int64_t>(i)].item<double>(), expected[i], 1e-6) << i;
  }
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// s0 = 0: the scale is 1 / sigmoid(0) = 2. With b = 3 and s = 0 the gate is 1/2, so w_hat = w,
// d/dw = 2 g / 2 = g and d/ds = 2 g w 3 (1/2)(1/2) = 1.5 g w.
TEST(CsStep, ScalesByTheGateAtTheStart) {
  const at::Tensor w = leaf({2, -4}, {1, 2}), s = leaf({0, 0}, {1, 2});
  const at::Tensor y = gated_weight(w, s, 3, 0);
  expect_near(y, {2, -4});
  y.backward(torch::tensor({{1.0F, 10.0F}}));
  expect_near(w.grad(), {1, 10});
  expect_near(s.grad(), {1.5 * 2, 1.5 * 10 * -4});
}

// s0 = -0.1, b = 5, s = 0.2: gate h = sigmoid(1), scale c = 1 / sigmoid(-0.1); d/ds = c g w 5
// h(1-h).
TEST(CsStep, HardensWithTheTemperature) {
  const at::Tensor w = leaf({0.5}, {1, 1}), s = leaf({0.2F}, {1, 1});
  const double h = sigmoid(1), c = 1 / sigmoid(-0.1);
  const at::Tensor y = gated_weight(w, s, 5, -0.1);
  expect_near(y, {0.5 * h * c});
  y.backward(torch::tensor({{2.0F}}));
  expect_near(w.grad(), {2 * h * c});
  expect_near(s.grad(), {2 * c * 0.5 * 5 * h * (1 - h)});
}

// s = 0: threshold 1/2. Left are 2 -> 1.5 and -1 -> -0.5. d/ds = -1/4 (10 - 1000) = 247.5.
TEST(StrStep, ShrinksByTheThresholdAndPullsIt) {
  const at::Tensor w = leaf({2, 0.3F, -1, -0.5F}, {1, 4});
  const at::Tensor s = torch::zeros({}).requires_grad_(true);
  const at::Tensor y = soft_threshold(w, s);
  expect_near(y, {1.5, 0, -0.5, 0});
  y.backward(torch::tensor({{10.0F, 100.0F, 1000.0F, 10000.0F}}));
  expect_near(w.grad(), {10, 0, 1000, 0});
  expect_near(s.grad(), {-0.25 * (10 - 1000)});
}

// float's sigmoid(-200) is 0: nothing is pruned, and only weight decay can move s.
TEST(StrStep, HasNoGradientWhereTheSigmoidUnderflows) {
  const at::Tensor w = leaf({0.1F, -0.2F}, {1, 2});
  const at::Tensor s = torch::full({}, -200.0F).requires_grad_(true);
  soft_threshold(w, s).sum().backward();
  expect_near(w.grad(), {1, 1});
  EXPECT_EQ(s.grad().item<float>(), 0);
}

// One row, t = 0.5; x = |w| - t and its surrogate d(x):
//   w =  0.6: x =  0.1, m = 1, d = 2 - 0.4 = 1.6    d/dw = 1 + 0.6 * 1.6 = 1.96    w d = 0.96
//   w = -0.2: x = -0.3, m = 0, d = 2 - 1.2 = 0.8    d/dw = 0.2 * 0.8     = 0.16    w d = -0.16
//   w =  1.3: x =  0.8, m = 1, d = 0.4              d/dw = 1 + 1.3 * 0.4 = 1.52    w d = 0.52
//   w = -1.7: x =  1.2, m = 1, d = 0                d/dw = 1                       w d = 0
// with g = 1, 2, 1, 5. d/dt = -(0.96 - 0.32 + 0.52 + 0) = -1.16.
TEST(DstStep, TakesTheSurrogateInAllItsRangesOnBothWays) {
  const at::Tensor w = leaf({0.6F, -0.2F, 1.3F, -1.7F}, {1, 4});
  const at::Tensor t = torch::full({1}, 0.5F).requires_grad_(true);
  const at::Tensor y = thresholded_weight(w, t);
  expect_near(y, {0.6, 0, 1.3, -1.7});
  y.backward(torch::tensor({{1.0F, 2.0F, 1.0F, 5.0F}}));
  expect_near(w.grad(), {1.96, 2 * 0.16, 1.52, 5});
  expect_near(t.grad(), {-1.16});
}

// Each filter has its own: the second keeps nothing.
TEST(DstStep, HasAThresholdForEachFilter) {
  const at::Tensor w = leaf({0.6F, -0.2F, 0.6F, -0.2F}, {2, 1, 1, 2});
  const at::Tensor t = leaf({0.1F, 3}, {2});
  expect_near(thresholded_weight(w, t), {0.6, -0.2, 0, 0});
}

// The kernels for plain memory and LibTorch's operations, which other types take, are one function.
TEST(LatentSteps, AreTheSameInDoubleAndInChannelsLast) {
  at::manual_seed(3);
  const at::Tensor w = torch::randn({4, 3, 3, 3}) * 0.5, g = torch::randn({4, 3, 3, 3});
  const auto gradients = [&](const at::Tensor& weight, const at::Tensor& gradient, int which) {
    const at::Tensor a = weight.detach().clone().requires_grad_(true);
    const auto options = weight.options();
    at::Tensor b = which == 0   ? at::full_like(weight, 0.03)
                   : which == 1 ? torch::full({}, -1.2, options)
                                : torch::full({4}, 0.2, options);
    b = b.detach().requires_grad_(true);
    const at::Tensor y = which == 0   ? gated_weight(a, b, 7, 0.01)
                         : which == 1 ? soft_threshold(a, b)
                                      : thresholded_weight(a, b);
    y.backward(gradient);
    return std::vector<at::Tensor>{y.detach(), a.grad(), b.grad()};
  };
  for (int which = 0; which < 3; ++which) {
    const auto plain = gradients(w, g, which);
    const auto exact = gradients(w.to(at::kDouble), g.to(at::kDouble), which);
    const auto last = gradients(w.contiguous(at::MemoryFormat::ChannelsLast), g, which);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_TRUE(at::allclose(plain[i].to(at::kDouble), exact[i], 1e-5, 1e-5))
          << which << " " << i;
      EXPECT_TRUE(at::allclose(plain[i], last[i], 1e-5, 1e-5)) << which << " " << i;
    }
  }
}

}  // namespace
}  // namespace pollard
