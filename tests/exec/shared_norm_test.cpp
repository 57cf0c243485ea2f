// Batch norm over two processes (threads here) against LibTorch's over the whole batch.
#include "exec/shared_norm.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include <array>
#include <barrier>
#include <thread>

#include "exec/tensors.h"

namespace pollard {
namespace {

using test::near;
using test::normal;

constexpr double kMomentum = 0.3, kEpsilon = 1e-3;
constexpr std::int64_t kChannels = 5;

/// Adds up what both threads bring.
class Exchange {
 public:
  void sum(int rank, std::span<double> values) {
    brought_[static_cast<std::size_t>(rank)] = values;
    both_.arrive_and_wait();
    std::vector<double> total(values.size());
    for (std::size_t i = 0; i < total.size(); ++i) total[i] = brought_[0][i] + brought_[1][i];
    both_.arrive_and_wait();
    std::ranges::copy(total, values.begin());
  }

 private:
  std::array<std::span<double>, 2> brought_;
  std::barrier<> both_{2};
};

struct Case {
  at::Tensor x, scale, shift, mean, variance, factors;

  explicit Case(at::IntArrayRef sizes)
      : x(normal(sizes, 1) * 2 + 3),
        scale(normal({kChannels}, 2)),
        shift(normal({kChannels}, 3)),
        mean(normal({kChannels}, 4)),
        variance(normal({kChannels}, 5).abs() + 0.1),
        factors(normal(sizes, 6)) {}
};

/// The images from `from` on, with its own copies; leaves.
struct Part {
  Case c;

  Part(const Case& whole, std::int64_t from, std::int64_t count, at::ScalarType type) : c(whole) {
    for (at::Tensor* t : {&c.x, &c.scale, &c.shift, &c.mean, &c.variance, &c.factors})
      *t = t->to(type).clone();
    c.x = c.x.narrow(0, from, count).clone();
    c.factors = c.factors.narrow(0, from, count).clone();
    for (at::Tensor* t : {&c.x, &c.scale, &c.shift}) t->set_requires_grad(true);
  }
  /// The mean over its images of a loss in y.
  void backward(const at::Tensor& y) const {
    (y * c.factors).sum().div(static_cast<double>(c.x.size(0))).backward();
  }
};

void expect_agreement(at::IntArrayRef sizes) {
  const Case whole(sizes);
  const std::int64_t all = sizes[0];
  const std::array<std::int64_t, 3> cuts = {0, 2, all};
  const Part expected(whole, 0, all, at::kDouble);
  Case reference = expected.c;
  const at::Tensor y = at::batch_norm(reference.x, reference.scale, reference.shift, reference.mean,
                                      reference.variance, true, kMomentum, kEpsilon, false);
  expected.backward(y);

  Exchange exchange;
  std::vector<Part> parts;
  for (std::size_t r = 0; r < 2; ++r)
    parts.emplace_back(whole, cuts[r], cuts[r + 1] - cuts[r], at::kFloat);
  std::array<at::Tensor, 2> outputs;
  std::vector<std::thread> threads;
  for (int rank = 0; rank < 2; ++rank) {
    threads.emplace_back([&, rank] {
      Part& part = parts[static_cast<std::size_t>(rank)];
      const BatchSums sum = [&](std::span<double> values) { exchange.sum(rank, values); };
      at::Tensor& output = outputs[static_cast<std::size_t>(rank)];
      output = shared_batch_norm(part.c.x, part.c.scale, part.c.shift, part.c.mean, part.c.variance,
                                 {.momentum = kMomentum, .epsilon = kEpsilon}, sum);
      part.backward(output);
    });
  }
  for (std::thread& thread : threads) thread.join();

  at::Tensor d_scale = at::zeros({kChannels}), d_shift = at::zeros({kChannels});
  for (std::size_t r = 0; r < 2; ++r) {
    const std::int64_t count = cuts[r + 1] - cuts[r];
    const double share = static_cast<double>(count) / static_cast<double>(all);
    EXPECT_TRUE(near(outputs[r], y.narrow(0, cuts[r], count), 1e-6));
    EXPECT_TRUE(near(parts[r].c.mean, reference.mean, 1e-6));
    EXPECT_TRUE(near(parts[r].c.variance, reference.variance, 1e-6));
    EXPECT_TRUE(
        near(parts[r].c.x.grad() * share, expected.c.x.grad().narrow(0, cuts[r], count), 1e-5));
    d_scale += parts[r].c.scale.grad() * share;
    d_shift += parts[r].c.shift.grad() * share;
  }
  EXPECT_TRUE(near(d_scale, expected.c.scale.grad(), 1e-5));
  EXPECT_TRUE(near(d_shift, expected.c.shift.grad(), 1e-5));
}

TEST(SharedBatchNorm, IsThatOfTheWholeBatch) { expect_agreement({7, kChannels, 3, 4}); }

TEST(SharedBatchNorm, TakesImagesWithoutPlaces) { expect_agreement({7, kChannels}); }

}  // namespace
}  // namespace pollard
