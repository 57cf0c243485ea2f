// One step over slots: settings, layouts, masks, and the path for tensors that are not plain.
#include "pollard/sgd.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "exec/tensors.h"

namespace pollard {
namespace {

using test::near;
using test::normal;
using test::same_bits;

/// A slot as engines make it: a leaf, the rest in its memory order.
ParameterSlot make_slot(const at::Tensor& value, const at::Tensor& gradient, bool prunable = true) {
  return {
      "weight", prunable, value.clone().set_requires_grad(true), gradient, at::zeros_like(value),
      {}};
}

at::Tensor tensor(const std::vector<float>& values) {
  return at::tensor(values, at::TensorOptions().dtype(at::kFloat));
}

/// Every third entry masked, in the slot's memory order.
at::Tensor third_mask(const at::Tensor& like) {
  at::Tensor mask = at::empty_like(like, like.options().dtype(at::kByte).requires_grad(false));
  return mask.copy_(at::arange(like.numel()).remainder(3).ne(0).view(like.sizes()));
}

/// +0.0 in every bit where the mask is 0.
bool exact_zeros(const at::Tensor& values, const at::Tensor& mask) {
  const at::Tensor bits = values.detach().contiguous().view(at::kInt);
  return bits.masked_select(mask.eq(0)).eq(0).all().item<bool>();
}

// Three steps from w = (1, -2, 0.5) at rates 0.1, 0.1 and 0.05 by the algorithm in the
// documentation of torch.optim.SGD, worked out apart in Python (double precision).
struct Golden {
  double momentum;
  bool nesterov;
  double decay;
  std::vector<float> value, velocity;
};
const Golden kGolden[] = {
    {0, false, 0, {0.925F, -1.98125F, 0.3F}, {1, 0.125F, -0.5F}},
    {0.9, false, 0, {0.871F, -1.8845F, 0.177375F}, {1.18F, -0.01F, 1.5025F}},
    {0.9, false, 0.1, {0.829812F, -1.801999F, 0.1578435F}, {1.43576F, -0.52402F, 1.60913F}},
    {0.9,
     true,
     0.1,
     {0.749486073F, -1.758020896F, -0.0162338385F},
     {1.4275466F, -0.5098432F, 1.5858983F}}};

TEST(SgdStep, IsPytorchs) {
  const at::Tensor gradients[] = {tensor({0.5F, -1, 0.25F}), tensor({-0.25F, 0.75F, 2}),
                                  tensor({1, 0.125F, -0.5F})};
  const double rates[] = {0.1, 0.1, 0.05};
  for (const Golden& golden : kGolden) {
    ParameterSlot slot = make_slot(tensor({1, -2, 0.5F}), {});
    for (std::size_t i = 0; i < 3; ++i) {
      slot.gradient = gradients[i];
      sgd_step({&slot, 1}, {golden.momentum, golden.nesterov, golden.decay}, rates[i]);
    }
    EXPECT_TRUE(near(slot.value, tensor(golden.value), 1e-6)) << golden.momentum << golden.decay;
    EXPECT_TRUE(near(slot.velocity, tensor(golden.velocity), 1e-6)) << golden.decay;
  }
}

TEST(SgdStep, WritesInPlaceAndLeavesTheGradient) {
  const at::Tensor gradient = normal({4, 3}, 2);
  ParameterSlot slot = make_slot(normal({4, 3}, 1), gradient.clone());
  const void *value = slot.value.data_ptr(), *velocity = slot.velocity.data_ptr();
  sgd_step({&slot, 1}, {.nesterov = true, .weight_decay = 0.1}, 0.1);
  EXPECT_EQ(slot.value.data_ptr(), value);
  EXPECT_EQ(slot.velocity.data_ptr(), velocity);
  EXPECT_TRUE(same_bits(slot.gradient, gradient));
  EXPECT_TRUE(slot.value.is_leaf() && slot.value.requires_grad());
}

TEST(SgdStep, DecaysOnlyPrunableSlotsUnlessAll) {
  for (const bool all : {true, false}) {
    ParameterSlot slots[] = {make_slot(tensor({1}), tensor({0}), true),
                             make_slot(tensor({1}), tensor({0}), false)};
    sgd_step(slots, {.momentum = 0, .weight_decay = 0.5, .decay_all = all}, 0.5);
    EXPECT_FLOAT_EQ(slots[0].value.item<float>(), 0.75F);
    EXPECT_FLOAT_EQ(slots[1].value.item<float>(), all ? 0.75F : 1);
  }
}

TEST(SgdStep, LeavesASlotWithoutGradientAlone) {
  ParameterSlot slots[] = {make_slot(normal({5}, 1), {}),
                           make_slot(normal({5}, 2), normal({5}, 3))};
  slots[0].velocity = normal({5}, 4);
  const at::Tensor value = slots[0].value.clone(), velocity = slots[0].velocity.clone();
  const at::Tensor other = slots[1].value.clone();
  sgd_step(slots, {.weight_decay = 0.1}, 0.1);
  EXPECT_TRUE(same_bits(slots[0].value, value));
  EXPECT_TRUE(same_bits(slots[0].velocity, velocity));
  EXPECT_FALSE(same_bits(slots[1].value, other));
}

TEST(SgdStep, DoesNotDependOnTheGradientsLayout) {
  const at::Tensor value = normal({6, 4, 3, 3}, 1), gradient = normal({6, 4, 3, 3}, 2);
  ParameterSlot plain = make_slot(value, gradient);
  sgd_step({&plain, 1}, {.nesterov = true, .weight_decay = 0.1}, 0.1);
  const at::Tensor strided = normal({6, 4, 3, 6}, 0).slice(3, 0, 6, 2).copy_(gradient);
  const at::Tensor expanded = gradient.mean({2, 3}, true);
  for (const at::Tensor& layout : {test::channels_last(gradient), strided,
                                   gradient.transpose(0, 1).contiguous().transpose(0, 1)}) {
    ASSERT_NE(layout.strides(), gradient.strides());
    ParameterSlot slot = make_slot(value, layout);
    sgd_step({&slot, 1}, {.nesterov = true, .weight_decay = 0.1}, 0.1);
    EXPECT_TRUE(same_bits(slot.value, plain.value));
    EXPECT_TRUE(same_bits(slot.velocity, plain.velocity));
  }
  // Of a mean over the image, autograd gives a gradient of stride 0.
  ParameterSlot dense = make_slot(value, expanded.expand_as(value).contiguous());
  ParameterSlot flat = make_slot(value, expanded.expand_as(value));
  sgd_step({&dense, 1}, {}, 0.1);
  sgd_step({&flat, 1}, {}, 0.1);
  EXPECT_TRUE(same_bits(flat.value, dense.value));
}

TEST(SgdStep, DoesNotDependOnTheValuesLayout) {
  const at::Tensor value = normal({6, 4, 3, 3}, 1), gradient = normal({6, 4, 3, 3}, 2);
  ParameterSlot plain = make_slot(value, gradient);
  ParameterSlot last = make_slot(test::channels_last(value), gradient);
  ASSERT_NE(last.value.strides(), plain.value.strides());
  for (ParameterSlot* slot : {&plain, &last}) {
    slot->mask = third_mask(slot->value);
    for (int i = 0; i < 3; ++i) sgd_step({slot, 1}, {.nesterov = true, .weight_decay = 0.1}, 0.1);
    EXPECT_TRUE(exact_zeros(slot->value, slot->mask));
    EXPECT_TRUE(exact_zeros(slot->velocity, slot->mask));
    EXPECT_EQ(slot->value.ne(0).sum().item<int>(), 144);  // two thirds of 216
  }
  EXPECT_TRUE(same_bits(last.value, plain.value));
  EXPECT_TRUE(same_bits(last.velocity, plain.velocity));
}

/// Slots that the fused kernel cannot take, each with the values of `plain`.
std::vector<ParameterSlot> unusual_layouts(const ParameterSlot& plain) {
  const auto turned = [](const at::Tensor& x) { return x.detach().t().contiguous().t(); };
  const auto spread = [](const at::Tensor& x) {
    const at::Tensor wide = at::zeros({x.size(0), 2 * x.size(1)}, x.options().requires_grad(false));
    return wide.slice(1, 0, 2 * x.size(1), 2).copy_(x.detach());
  };
  std::vector<ParameterSlot> slots(3, plain);
  for (ParameterSlot& slot : slots) {
    slot.value = plain.value.detach().clone();
    slot.velocity = plain.velocity.clone();
  }
  slots[0].velocity = turned(plain.velocity);
  slots[1].value = spread(plain.value);
  if (plain.mask.defined()) slots[2].mask = turned(plain.mask);
  return slots;
}

TEST(SgdStep, OfOtherLayoutsIsAsByTheKernel) {
  for (const bool nesterov : {false, true}) {
    for (const double decay : {0.0, 0.1}) {
      for (const bool masked : {false, true}) {
        const SgdSettings settings{.nesterov = nesterov, .weight_decay = decay};
        ParameterSlot plain = make_slot(normal({7, 5}, 1), normal({7, 5}, 2));
        plain.velocity.copy_(normal({7, 5}, 3));
        if (masked) plain.mask = third_mask(plain.value);
        std::vector<ParameterSlot> slots = unusual_layouts(plain);
        for (int i = 0; i < 3; ++i) {
          sgd_step({&plain, 1}, settings, 0.1);
          sgd_step(slots, settings, 0.1);
        }
        for (const ParameterSlot& slot : slots) {
          EXPECT_TRUE(near(slot.value, plain.value, 1e-6)) << nesterov << decay << masked;
          EXPECT_TRUE(near(slot.velocity, plain.velocity, 1e-6)) << nesterov << decay << masked;
          if (!masked) continue;
          EXPECT_TRUE(exact_zeros(slot.value, slot.mask));
          EXPECT_TRUE(exact_zeros(slot.velocity, slot.mask));
        }
        EXPECT_TRUE(same_bits(plain.gradient, normal({7, 5}, 2)));
      }
    }
  }
}

TEST(SgdStep, TakesDoubles) {
  ParameterSlot slot =
      make_slot(normal({3, 4}, 1).to(at::kDouble), normal({3, 4}, 2).to(at::kDouble));
  ParameterSlot plain = make_slot(normal({3, 4}, 1), normal({3, 4}, 2));
  sgd_step({&slot, 1}, {.nesterov = true}, 0.1);
  sgd_step({&plain, 1}, {.nesterov = true}, 0.1);
  EXPECT_TRUE(near(slot.value, plain.value, 1e-6));
}

// A masked weight still has a gradient, and a diverging one must not leak in as 0 * NaN.
TEST(SgdStep, NotFiniteGradientsStayOutsideTheMask) {
  for (const bool turned : {false, true}) {
    ParameterSlot slot = make_slot(normal({6, 4}, 1), normal({6, 4}, 2));
    slot.mask = third_mask(slot.value);
    slot.gradient.masked_fill_(slot.mask.eq(0), std::numeric_limits<float>::quiet_NaN());
    if (turned) slot.velocity = at::zeros({4, 6}).t();
    for (int i = 0; i < 3; ++i) sgd_step({&slot, 1}, {.weight_decay = 0.1}, 0.1);
    EXPECT_TRUE(exact_zeros(slot.value, slot.mask));
    EXPECT_TRUE(exact_zeros(slot.velocity, slot.mask));
    EXPECT_TRUE(slot.value.isfinite().all().item<bool>());
    EXPECT_EQ(slot.value.ne(0).sum().item<int>(), 16);
  }
}

}  // namespace
}  // namespace pollard
