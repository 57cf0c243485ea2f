// The fused operation against LibTorch's batch norm, addition and ReLU in double precision.
#include "exec/fused_autograd.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include <limits>
#include <tuple>

#include "exec/tensors.h"

namespace pollard {
namespace {

using test::channels_last;
using test::near;

constexpr double kMomentum = 0.3, kEpsilon = 1e-3;

struct Operands {
  at::Tensor x, scale, shift, residual, mean, variance;

  Operands(at::IntArrayRef sizes, bool with_residual) {
    const std::int64_t c = sizes[1];
    x = channels_last(test::normal(sizes, 1) * 2 + test::normal({1, c, 1, 1}, 2) * 3);
    scale = test::normal({c}, 3);
    shift = test::normal({c}, 4);
    if (with_residual) residual = channels_last(test::normal(sizes, 5));
    mean = test::normal({c}, 6);
    variance = test::normal({c}, 7).abs() + 0.1;
  }

  [[nodiscard]] Operands in_double() const {
    Operands copy(*this);
    for (at::Tensor* t :
         {&copy.x, &copy.scale, &copy.shift, &copy.residual, &copy.mean, &copy.variance}) {
      if (t->defined()) *t = t->detach().to(at::kDouble);
    }
    return copy;
  }

  void require_gradients() {
    for (at::Tensor* t : {&x, &scale, &shift, &residual}) {
      if (t->defined()) t->set_requires_grad(true);
    }
  }
};

at::Tensor reference(const Operands& o, bool training, bool relu) {
  at::Tensor y = at::batch_norm(o.x, o.scale, o.shift, o.mean, o.variance, training, kMomentum,
                                kEpsilon, false);
  if (o.residual.defined()) y = y + o.residual;
  return relu ? at::relu(y) : y;
}

at::Tensor fused(Operands& o, bool relu) {
  return fused_batch_norm(o.x, o.scale, o.shift, o.residual, o.mean, o.variance,
                          {.momentum = kMomentum, .epsilon = kEpsilon, .relu = relu})
      .y;
}

class FusedBatchNorm : public ::testing::TestWithParam<std::tuple<int, bool, bool>> {
 protected:
  [[nodiscard]] static bool with_residual() { return std::get<1>(GetParam()); }
  [[nodiscard]] static bool relu() { return std::get<2>(GetParam()); }
  [[nodiscard]] static Operands operands() {
    return {{5, std::get<0>(GetParam()), 7, 9}, with_residual()};
  }
};

TEST_P(FusedBatchNorm, AgreesInTraining) {
  Operands ours = operands(), theirs = ours.in_double();
  ours.require_gradients();
  theirs.require_gradients();
  const at::Tensor y = fused(ours, relu()), expected = reference(theirs, true, relu());
  EXPECT_TRUE(near(y, expected, 1e-6));
  EXPECT_TRUE(near(ours.mean, theirs.mean, 1e-6));
  EXPECT_TRUE(near(ours.variance, theirs.variance, 1e-6));

  const at::Tensor dy = channels_last(test::normal(y.sizes(), 8));
  y.backward(dy);
  expected.backward(dy.to(at::kDouble));
  EXPECT_TRUE(near(ours.x.grad(), theirs.x.grad(), 1e-5));
  EXPECT_TRUE(near(ours.scale.grad(), theirs.scale.grad(), 1e-5));
  EXPECT_TRUE(near(ours.shift.grad(), theirs.shift.grad(), 1e-5));
  if (with_residual()) {
    EXPECT_TRUE(near(ours.residual.grad(), theirs.residual.grad(), 1e-6));
  }
}

TEST_P(FusedBatchNorm, AgreesInEvaluation) {
  const Operands o = operands();
  const at::Tensor before = o.mean.clone();
  const at::Tensor y = fused_batch_norm_eval(o.x, o.scale, o.shift, o.residual, o.mean, o.variance,
                                             kEpsilon, relu());
  EXPECT_TRUE(near(y, reference(o.in_double(), false, relu()), 1e-6));
  EXPECT_TRUE(o.mean.equal(before));
}

INSTANTIATE_TEST_SUITE_P(All, FusedBatchNorm,
                         ::testing::Combine(::testing::Values(1, 2, 8, 16, 24, 64, 160),
                                            ::testing::Bool(), ::testing::Bool()));

TEST(FusedBatchNormStrides, OfGradientAndResidualDoNotMatter) {
  const std::vector<std::int64_t> sizes{3, 8, 5, 4};
  const at::Tensor dy = test::normal(sizes, 8);
  Operands plain(sizes, true), strided(sizes, true);
  strided.residual = strided.residual.contiguous();  // N,C,H,W
  plain.require_gradients();
  strided.require_gradients();
  const at::Tensor y = fused(plain, true), z = fused(strided, true);
  EXPECT_TRUE(y.equal(z));
  y.backward(channels_last(dy));
  z.backward(dy);
  EXPECT_TRUE(plain.x.grad().equal(strided.x.grad()));
  EXPECT_TRUE(plain.residual.grad().equal(strided.residual.grad()));
}

TEST(FusedBatchNormGradients, GoOnlyWhereTheyAreAskedFor) {
  Operands o({3, 8, 5, 4}, true);
  o.scale.set_requires_grad(true);
  fused(o, true).sum().backward();
  EXPECT_TRUE(o.scale.grad().defined());
  EXPECT_FALSE(o.x.grad().defined());
  EXPECT_FALSE(o.residual.grad().defined());
  const at::NoGradGuard no_grad;
  EXPECT_FALSE(fused(o, true).requires_grad());
}

TEST(FusedBatchNormGradients, AddUpWhereXIsAlsoTheResidual) {
  Operands o({3, 8, 5, 4}, false);
  Operands d = o.in_double();
  for (Operands* each : {&o, &d}) {
    each->x.set_requires_grad(true);
    each->residual = each->x;
  }
  const at::Tensor dy = channels_last(test::normal(o.x.sizes(), 8));
  fused(o, true).backward(dy);
  reference(d, true, true).backward(dy.to(at::kDouble));
  EXPECT_TRUE(near(o.x.grad(), d.x.grad(), 1e-5));
}

// Output and twin are read by two each, both gradients or one come back, and may be written over.
TEST_P(FusedBatchNorm, TakesTheGradientsOfTwoReaders) {
  for (const bool owns : {false, true}) {
    for (const bool only_twin : {false, true}) {
      Operands ours = operands(), theirs = ours.in_double();
      ours.require_gradients();
      theirs.require_gradients();
      const FusedNormOutput both = fused_batch_norm(
          ours.x, ours.scale, ours.shift, ours.residual, ours.mean, ours.variance,
          {.momentum = kMomentum, .epsilon = kEpsilon, .relu = relu(), .owns_gradient = owns});
      EXPECT_TRUE(both.y.equal(both.twin));
      const at::Tensor expected = reference(theirs, true, relu());
      const at::Tensor first = channels_last(test::normal(both.y.sizes(), 8));
      const at::Tensor second = channels_last(test::normal(both.y.sizes(), 9));
      at::Tensor loss = (both.twin * second).sum(), expected_loss = (expected * second).sum();
      if (!only_twin) {
        loss = loss + (both.y * first).sum();
        expected_loss = expected_loss + (expected * first).sum();
      }
      loss.backward();
      expected_loss.backward();
      EXPECT_TRUE(near(ours.x.grad(), theirs.x.grad(), 1e-5));
      EXPECT_TRUE(near(ours.scale.grad(), theirs.scale.grad(), 1e-5));
      EXPECT_TRUE(near(ours.shift.grad(), theirs.shift.grad(), 1e-5));
      if (with_residual()) {
        EXPECT_TRUE(near(ours.residual.grad(), theirs.residual.grad(), 1e-5));
      }
    }
  }
}

TEST(FusedBatchNormGradients, AreNotWrittenOverUnlessOwned) {
  Operands o({3, 8, 5, 4}, true);
  o.require_gradients();
  const at::Tensor dy = channels_last(test::normal(o.x.sizes(), 8)), before = dy.clone();
  fused(o, true).backward(dy);
  EXPECT_TRUE(dy.equal(before));
}

TEST(FusedBatchNormNan, IsNotHiddenByTheRelu) {
  Operands o({2, 8, 2, 2}, false);
  o.x[1][3][0][0] = std::numeric_limits<float>::quiet_NaN();
  const at::Tensor y = fused(o, true);
  EXPECT_TRUE(y.select(1, 3).isnan().all().item<bool>());
  EXPECT_FALSE(y.select(1, 2).isnan().any().item<bool>());
}

TEST(CanFuseBatchNorm, AsksForFloatImagesInChannelsLast) {
  const at::Tensor image = test::normal({2, 16, 3, 4}, 1);
  EXPECT_TRUE(can_fuse_batch_norm(channels_last(image)));
  EXPECT_FALSE(can_fuse_batch_norm(image));
  EXPECT_FALSE(can_fuse_batch_norm(channels_last(image.to(at::kDouble))));
  EXPECT_FALSE(can_fuse_batch_norm(image.flatten(1)));
  EXPECT_FALSE(can_fuse_batch_norm(channels_last(test::normal({2, 12, 3, 4}, 1))));
  EXPECT_FALSE(can_fuse_batch_norm(channels_last(image).slice(2, 0, 3, 2)));
}

}  // namespace
}  // namespace pollard
