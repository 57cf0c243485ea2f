// The fused update against the formula in double precision, one element after another.
#include "train/sgd_kernel.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "exec/tensors.h"
#include "pollard/random.h"
#include "support/threads.h"

namespace pollard {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Arrays {
  std::vector<float> value, velocity, gradient;
  std::vector<std::uint8_t> mask;

  bool operator==(const Arrays&) const = default;
};

Arrays random_arrays(std::int64_t count) {
  RandomStream draw(3, Purpose::Testing, 0, static_cast<std::uint64_t>(count));
  Arrays a;
  for (std::int64_t i = 0; i < count; ++i) {
    a.value.push_back(draw.normal());
    a.velocity.push_back(draw.normal());
    a.gradient.push_back(draw.normal());
    a.mask.push_back(draw.below(3) != 0);
  }
  return a;
}

void update(const SgdNumbers& numbers, Arrays& a, bool masked) {
  sgd_update(numbers, std::ssize(a.value), a.value.data(), a.velocity.data(), a.gradient.data(),
             masked ? a.mask.data() : nullptr);
}

/// As update(), one call an element.
void update_one_by_one(const SgdNumbers& numbers, Arrays& a, bool masked) {
  for (std::size_t i = 0; i < a.value.size(); ++i) {
    sgd_update(numbers, 1, &a.value[i], &a.velocity[i], &a.gradient[i],
               masked ? &a.mask[i] : nullptr);
  }
}

constexpr SgdNumbers kNumbers[] = {{0.1F, 0, 0, false},
                                   {0.1F, 0.9F, 0, false},
                                   {0.05F, 0.9F, 1e-2F, false},
                                   {0.05F, 0.9F, 1e-2F, true},
                                   {0, 0.5F, 0.5F, true}};

TEST(SgdKernel, IsTheFormula) {
  for (const SgdNumbers& n : kNumbers) {
    for (const bool masked : {false, true}) {
      const Arrays before = random_arrays(1000);
      Arrays after = before;
      update(n, after, masked);
      for (std::size_t i = 0; i < before.value.size(); ++i) {
        const double w = before.value[i];
        const double g = before.gradient[i] + static_cast<double>(n.decay) * w;
        const double v = static_cast<double>(n.momentum) * before.velocity[i] + g;
        const double moved = w - n.rate * (n.nesterov ? g + n.momentum * v : v);
        const bool keep = !masked || before.mask[i] != 0;
        ASSERT_NEAR(after.velocity[i], keep ? v : 0, 1e-6) << i;
        ASSERT_NEAR(after.value[i], keep ? moved : 0, 1e-6) << i;
      }
      EXPECT_EQ(after.gradient, before.gradient);
      EXPECT_EQ(after.mask, before.mask);
    }
  }
}

TEST(SgdKernel, DoesNotDependOnPartsOrThreads) {
  for (const std::int64_t count : {0, 1, 15, 16, 17, 65535, 65536, 65537, 200003}) {
    for (const bool masked : {false, true}) {
      const Arrays before = random_arrays(count);
      Arrays serial = before, parallel = before, single = before;
      {
        const test::Threads one(1);
        update(kNumbers[3], serial, masked);
      }
      {
        const test::Threads four(4);
        update(kNumbers[3], parallel, masked);
      }
      update_one_by_one(kNumbers[3], single, masked);
      EXPECT_TRUE(parallel == serial) << count << masked;
      EXPECT_TRUE(single == serial) << count << masked;
    }
  }
}

TEST(SgdKernel, WithAFullMaskIsAsWithNone) {
  for (const SgdNumbers& n : kNumbers) {
    Arrays with = random_arrays(1003);
    with.mask.assign(with.mask.size(), 1);
    Arrays without = with;
    update(n, with, true);
    update(n, without, false);
    EXPECT_TRUE(with == without);
  }
}

// A product with the mask would leave -0, and NaN where anything was not finite.
TEST(SgdKernel, MaskedEntriesBecomePlusZeroWhateverTheyWere) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> strange = {0, -0.0F, 1, -1, kNan, infinity, -infinity, 1e-45F, 3e38F};
  for (const SgdNumbers& n : kNumbers) {
    for (const float w : strange) {
      for (const float v : strange) {
        Arrays a{std::vector(strange.size(), w), std::vector(strange.size(), v), strange,
                 std::vector<std::uint8_t>(strange.size(), 0)};
        update(n, a, true);
        for (std::size_t i = 0; i < strange.size(); ++i) {
          ASSERT_EQ(std::bit_cast<std::uint32_t>(a.value[i]), 0U) << w << ' ' << v << ' ' << i;
          ASSERT_EQ(std::bit_cast<std::uint32_t>(a.velocity[i]), 0U) << w << ' ' << v << ' ' << i;
        }
      }
    }
  }
}

TEST(SgdKernel, LetsNotFiniteGradientsShowWhereNothingIsMasked) {
  for (const bool nesterov : {false, true}) {
    Arrays a{{1, 1}, {0, 0}, {kNan, 1}, {1, 1}};
    update({0.1F, 0.9F, 0, nesterov}, a, true);
    EXPECT_TRUE(std::isnan(a.value[0]));
    EXPECT_TRUE(std::isnan(a.velocity[0]));
    EXPECT_TRUE(std::isfinite(a.value[1]));
  }
}

}  // namespace
}  // namespace pollard
