// The kernels that only inference needs, of every build this CPU can run, against plain loops.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "sparse/kernels.h"
#include "sparse/layout.h"

namespace {

using namespace pollard::sparse;

int within(int low, int high) { return *rc::gen::inRange(low, high + 1); }

const Kernels& any_kernels() {
  const auto all = available_kernels();
  return *all[static_cast<std::size_t>(within(0, static_cast<int>(all.size()) - 1))];
}

std::vector<float> random_values(std::int64_t count) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i)
    values.push_back(static_cast<float>(within(-64, 64)) / 8.0F);
  return values;
}

bool near(float a, double b) { return std::abs(a - b) < 1e-3; }

RC_GTEST_PROP(PoolKernels, TakeTheLargestOrTheSumOfAWindow, ()) {
  const Kernels& kernels = any_kernels();
  const int lanes = kernels.lanes, channels = within(1, 4), rows = within(1, 4),
            vectors = within(1, 9), size = within(1, 3);
  const std::int64_t pitch = std::int64_t{vectors + size} * lanes;
  const std::vector<float> input = random_values(channels * (rows + size) * pitch);
  std::vector<std::int32_t> offsets;
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x)
      offsets.push_back(static_cast<std::int32_t>(y * channels * pitch + x * lanes));
  const std::vector<float> factors = random_values(rows * vectors * lanes);
  std::vector<float> output(static_cast<std::size_t>(channels * rows * vectors * lanes), 99.0F);
  const std::int64_t row = channels * vectors * lanes;
  PoolJob job{.offsets = offsets.data(),
              .taps = size * size,
              .channels = channels,
              .rows = rows,
              .vectors = vectors,
              .input = {input.data(), pitch, channels * pitch, lanes},
              .output = {output.data(), vectors * lanes, row, lanes},
              .maximum = *rc::gen::arbitrary<bool>(),
              .tail = within(0, lanes - 1)};
  if (!job.maximum && *rc::gen::arbitrary<bool>()) job.factors = factors.data();
  job.across = !job.maximum && *rc::gen::arbitrary<bool>();
  kernels.pool(job);

  const auto window = [&](int c, int y, int v, int lane) {
    double value = job.maximum ? -std::numeric_limits<double>::infinity() : 0;
    for (const std::int32_t offset : offsets) {
      const double x = input[static_cast<std::size_t>(y * channels * pitch + c * pitch + v * lanes +
                                                      lane + offset)];
      value = job.maximum ? std::max(value, x) : value + x;
    }
    return value;
  };
  for (int c = 0; c < channels; ++c)
    for (int y = 0; y < rows; ++y)
      for (int v = 0; v < vectors; ++v)
        for (int lane = 0; lane < lanes; ++lane) {
          double expected = window(c, y, v, lane);
          if (job.across) {
            for (int other = 1; lane == 0 && other < lanes; ++other)
              expected += window(c, y, v, other);
            if (lane != 0) expected = 0;
          }
          if (job.factors != nullptr)
            expected *= factors[static_cast<std::size_t>((y * vectors + v) * lanes + lane)];
          if (job.tail != 0 && v == vectors - 1 && lane >= job.tail) expected = 0;
          RC_ASSERT(
              near(output[static_cast<std::size_t>(y * row + (c * vectors + v) * lanes + lane)],
                   expected));
        }
}

RC_GTEST_PROP(SplitKernel, PutsEvenAndOddPixelsIntoPlanes, ()) {
  const Kernels& kernels = any_kernels();
  const MapShape shape{within(1, 3), within(1, 3), within(1, 70)};
  const Halo halo{0, within(0, 2), 0, within(0, 3)};
  const Layout from = spatial_layout(shape, {}, kernels.lanes);
  const Layout to = spatial_layout(shape, halo, kernels.lanes, 2);
  std::vector<float> input(static_cast<std::size_t>(from.size), 77.0F);
  std::vector<float> output(static_cast<std::size_t>(to.size), 0.0F);
  const auto pixel = [](int c, int y, int x) { return static_cast<float>(1 + x + 100 * (y + c)); };
  for (int c = 0; c < shape.channels; ++c)
    for (int y = 0; y < shape.height; ++y)
      for (int x = 0; x < shape.width; ++x)
        input[static_cast<std::size_t>(from.at(c, y, x))] = pixel(c, y, x);
  kernels.split({.channels = shape.channels,
                 .rows = shape.height,
                 .width = shape.width,
                 .input = from.plane(static_cast<const float*>(input.data())),
                 .output = to.plane(output.data()),
                 .phase = to.phase});
  for (int c = 0; c < shape.channels; ++c)
    for (int y = 0; y < shape.height; ++y)
      for (int x = -halo.left; x < shape.width + halo.right; ++x)
        RC_ASSERT(output[static_cast<std::size_t>(to.at(c, y, x))] ==
                  (x < 0 || x >= shape.width ? 0.0F : pixel(c, y, x)));
}

RC_GTEST_PROP(DotKernels, SumSingleNumbers, ()) {
  const Kernels& kernels = any_kernels();
  const int outputs = within(1, 9), inputs = within(1, 40);
  const std::vector<float> x = random_values(inputs), bias = random_values(outputs),
                           add = random_values(outputs);
  std::vector<std::int32_t> first{0}, offsets;
  std::vector<Tap> taps;
  std::vector<float> packed(static_cast<std::size_t>((outputs + 3) / 4 * 4 * inputs), 0.0F);
  Epilogue epilogue{.bias = bias.data(), .add_first = within(0, outputs), .low = -9, .high = 900};
  epilogue.add = {add.data(), 1, 0, 0};
  epilogue.add_end = within(epilogue.add_first, outputs);
  std::vector<double> expected;
  for (int i = 0; i < inputs; ++i) offsets.push_back(i);
  for (int o = 0; o < outputs; ++o) {
    double sum = bias[static_cast<std::size_t>(o)];
    if (o >= epilogue.add_first && o < epilogue.add_end)
      sum += add[static_cast<std::size_t>(o - epilogue.add_first)];
    for (int i = 0; i < inputs; ++i) {
      if (within(0, 2) == 0) continue;
      const auto weight = static_cast<float>(within(-8, 8));
      taps.push_back({i, weight});
      packed[static_cast<std::size_t>(o / 4 * 4 * inputs + 4 * i + o % 4)] = weight;
      sum += weight * double{x[static_cast<std::size_t>(i)]};
    }
    first.push_back(static_cast<std::int32_t>(taps.size()));
    expected.push_back(std::clamp(sum, -9.0, 900.0));
  }
  std::vector<float> sparse(static_cast<std::size_t>(outputs * 3)), dense = sparse;
  SumJob job{.lists = {first.data(), taps.data(), outputs}, .rows = 1, .vectors = 1};
  job.input.at = x.data();
  job.output = {sparse.data(), 3, 0, 0};
  kernels.dots(job, epilogue);
  DenseSumJob dense_job{
      .weights = packed.data(), .offsets = offsets.data(), .taps = inputs, .outputs = outputs};
  dense_job.rows = dense_job.vectors = 1;
  dense_job.input.at = x.data();
  dense_job.output = {dense.data(), 3, 0, 0};
  kernels.dense_dots(dense_job, epilogue);
  for (std::size_t o = 0; o < expected.size(); ++o) {
    RC_ASSERT(near(sparse[3 * o], expected[o]));
    RC_ASSERT(near(dense[3 * o], expected[o]));
    RC_ASSERT(sparse[3 * o + 1] == 0.0F);
  }
}

TEST(ActivateKernel, ZeroesWhatLiesBeyondTheRow) {
  for (const Kernels* kernels : available_kernels()) {
    const int lanes = kernels->lanes;
    std::vector<float> z(static_cast<std::size_t>(2 * lanes), 1.0F), out = z;
    const float shift = 2;
    ActivateJob job{.channels = 1, .rows = 1, .vectors = 2};
    job.z = {z.data(), 0, 0, lanes};
    job.out = {out.data(), 0, 0, lanes};
    job.shift = &shift;
    job.tail = 3;
    kernels->activate(job);
    for (int i = 0; i < 2 * lanes; ++i)
      EXPECT_EQ(out[static_cast<std::size_t>(i)], i < lanes + 3 ? 3.0F : 0.0F);
  }
}

}  // namespace
