// Every build of the kernels this CPU can run against sums written out in double: random shapes,
// strides, densities from nothing to everything, tiles, epilogues.
#include "sparse/kernels.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace {

using namespace pollard::sparse;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

int within(int low, int high) { return *rc::gen::inRange(low, high + 1); }

const Kernels& any_kernels() {
  const auto all = available_kernels();
  return *all[static_cast<std::size_t>(within(0, static_cast<int>(all.size()) - 1))];
}

// Memory for a plane of channels x rows x vectors, in one of the layouts with gaps between rows.
struct Tensor {
  int channels, rows, vectors, lanes;
  std::int64_t channel, row, vector;
  std::vector<float> memory;

  Tensor(int c, int r, int v, int l, int gap = 0, int step = 1)
      : channels(c), rows(r), vectors(v), lanes(l) {
    vector = std::int64_t{step} * l;
    channel = v * vector + std::int64_t{gap} * l;
    row = channel * c;
    memory.assign(static_cast<std::size_t>(row * r + vector), 0.0F);
  }
  void fill() {
    for (float& x : memory) x = static_cast<float>(within(-200, 200)) / 64.0F;
  }
  [[nodiscard]] std::size_t at(int c, int r, int v, int l) const {
    return static_cast<std::size_t>(c * channel + r * row + v * vector + l);
  }
  [[nodiscard]] Plane plane() { return {memory.data(), channel, row, vector}; }
  [[nodiscard]] ConstPlane view() const { return {memory.data(), channel, row, vector}; }
};

// A layer with random taps over an input that has room for them.
struct Layer {
  const Kernels& kernels = any_kernels();
  int lanes = kernels.lanes;
  int outputs = within(1, 9), inputs = within(1, 5), rows = within(1, 5), vectors = within(1, 19);
  int kernel = within(1, 3), step = within(1, 3);
  Tensor input{inputs, rows* step + kernel, vectors* step + kernel, lanes};
  std::vector<std::int32_t> first{0};
  std::vector<Tap> taps;

  explicit Layer(int percent) {
    input.fill();
    for (int o = 0; o < outputs; ++o) {
      for (int c = 0; c < inputs; ++c)
        for (int y = 0; y < kernel; ++y)
          for (int x = 0; x < kernel; ++x) {
            if (within(0, 99) >= percent) continue;
            taps.push_back({static_cast<std::int32_t>(input.at(c, y, x, 0)),
                            static_cast<float>(within(-64, 64)) / 32.0F});
          }
      first.push_back(static_cast<std::int32_t>(taps.size()));
    }
  }
  [[nodiscard]] TapLists lists() const { return {first.data(), taps.data(), outputs}; }
  [[nodiscard]] ConstPlane moving() const {
    return {input.memory.data(), 0, input.row * step, input.vector * step};
  }
  [[nodiscard]] double input_at(std::int32_t offset, int r, int v, int l) const {
    return input.memory[static_cast<std::size_t>(offset + r * step * input.row +
                                                 v * step * input.vector + l)];
  }
  [[nodiscard]] double sum(int o, int r, int v, int l) const {
    double total = 0;
    for (std::int32_t k = first[static_cast<std::size_t>(o)];
         k < first[static_cast<std::size_t>(o) + 1]; ++k) {
      const Tap& tap = taps[static_cast<std::size_t>(k)];
      total += double{tap.weight} * input_at(tap.offset, r, v, l);
    }
    return total;
  }
};

std::vector<float> random_values(int count) {
  std::vector<float> values;
  for (int i = 0; i < count; ++i) values.push_back(static_cast<float>(within(-64, 64)) / 32.0F);
  return values;
}

// As in kernels.h, in double, over whatever `sum(o, r, v, l)` gives.
template <typename Sum>
void expect_forward(const Epilogue& epilogue, const Tensor& output, const std::vector<float>& sums,
                    const std::vector<float>& sums_before, const Tensor& add, const Sum& sum) {
  for (int o = 0; o < output.channels; ++o) {
    for (int l = 0; l < output.lanes; ++l) {
      double first = 0, second = 0;
      for (int r = 0; r < output.rows; ++r)
        for (int v = 0; v < output.vectors; ++v) {
          double y = sum(o, r, v, l);
          if (epilogue.bias != nullptr) y += epilogue.bias[o];
          if (epilogue.add.at != nullptr) y += add.memory[add.at(o, r, v, l)];
          y = std::min(std::max(y, double{epilogue.low}), double{epilogue.high});
          if (epilogue.tail != 0 && v == output.vectors - 1 && l >= epilogue.tail) y = 0;
          RC_ASSERT(std::abs(output.memory[output.at(o, r, v, l)] - y) < 1e-3);
          first += y;
          second += y * y;
        }
      if (epilogue.sums == nullptr) continue;
      const auto i = static_cast<std::size_t>(o * 2 * output.lanes + l);
      const auto j = i + static_cast<std::size_t>(output.lanes);
      RC_ASSERT(std::abs(sums[i] - sums_before[i] - first) < 1e-2);
      RC_ASSERT(std::abs(sums[j] - sums_before[j] - second) < 1e-4 * second + 1e-2);
    }
  }
}

template <typename Sum>
void expect_backward(const GradientEpilogue& epilogue, const Tensor& output,
                     const std::vector<float>& sums, const Tensor& add, const Tensor& gate,
                     const Tensor& z, const Sum& sum) {
  for (int o = 0; o < output.channels; ++o) {
    for (int l = 0; l < output.lanes; ++l) {
      double first = 0, second = 0;
      for (int r = 0; r < output.rows; ++r)
        for (int v = 0; v < output.vectors; ++v) {
          double g = sum(o, r, v, l);
          if (epilogue.add.at != nullptr) g += add.memory[add.at(o, r, v, l)];
          if (epilogue.gate.at != nullptr) {
            const float x = gate.memory[gate.at(o, r, v, l)] *
                                (epilogue.scale != nullptr ? epilogue.scale[o] : 1.0F) +
                            (epilogue.shift != nullptr ? epilogue.shift[o] : 0.0F);
            if (!(x > epilogue.low && x < epilogue.high)) g = 0;
          }
          RC_ASSERT(std::abs(output.memory[output.at(o, r, v, l)] - g) < 1e-3);
          first += g;
          second += g * (z.memory[z.at(o, r, v, l)] -
                         (epilogue.mean != nullptr ? epilogue.mean[o] : 0.0F));
        }
      if (epilogue.sums == nullptr) continue;
      const auto i = static_cast<std::size_t>(o * 2 * output.lanes + l);
      RC_ASSERT(std::abs(sums[i] - first) < 1e-2);
      RC_ASSERT(std::abs(sums[i + static_cast<std::size_t>(output.lanes)] - second) < 5e-2);
    }
  }
}

// A layer's outputs with everything an epilogue may want, each there or not by chance.
struct ForwardCase {
  Tensor output, add;
  std::vector<float> bias, sums, before;
  Epilogue epilogue;

  explicit ForwardCase(const Layer& layer)
      : output(layer.outputs, layer.rows, layer.vectors, layer.lanes, within(0, 2)),
        add(layer.outputs, layer.rows, layer.vectors, layer.lanes, within(0, 2)),
        bias(random_values(layer.outputs)),
        sums(random_values(layer.outputs * 2 * layer.lanes)),
        before(sums) {
    add.fill();
    if (within(0, 1) != 0) epilogue.bias = bias.data();
    if (within(0, 1) != 0) epilogue.add = add.view();
    if (within(0, 1) != 0) epilogue.low = 0;
    if (within(0, 3) == 0) epilogue.high = 1.5F;
    if (within(0, 1) != 0) epilogue.sums = sums.data();
    if (within(0, 2) == 0) epilogue.tail = within(1, layer.lanes);
  }
};

struct BackwardCase {
  Tensor output, add, gate, z;
  std::vector<float> scale, shift, mean, sums;
  GradientEpilogue epilogue;

  explicit BackwardCase(const Layer& layer)
      : output(layer.outputs, layer.rows, layer.vectors, layer.lanes, within(0, 2), within(1, 2)),
        add(layer.outputs, layer.rows, layer.vectors, layer.lanes, within(0, 2)),
        gate(layer.outputs, layer.rows, layer.vectors, layer.lanes),
        z(layer.outputs, layer.rows, layer.vectors, layer.lanes, within(0, 2)),
        scale(random_values(layer.outputs)),
        shift(random_values(layer.outputs)),
        mean(random_values(layer.outputs)),
        sums(static_cast<std::size_t>(layer.outputs * 2 * layer.lanes), 0.0F) {
    add.fill();
    gate.fill();
    z.fill();
    if (within(0, 1) != 0) epilogue.add = add.view();
    if (within(0, 3) != 0) epilogue.gate = gate.view();
    if (within(0, 1) != 0) {
      epilogue.scale = scale.data();
      epilogue.shift = shift.data();
    }
    if (within(0, 3) == 0) epilogue.high = 1.5F;
    if (within(0, 1) != 0) {
      epilogue.sums = sums.data();
      epilogue.z = z.view();
      if (within(0, 1) != 0) epilogue.mean = mean.data();
    }
  }
};

// All weights of every group of four outputs, the missing ones zero.
std::vector<float> packed(const Layer& layer, std::size_t taps) {
  std::vector<float> weights(static_cast<std::size_t>((layer.outputs + 3) / 4 * 4) * taps, 0.0F);
  for (std::size_t o = 0; o < static_cast<std::size_t>(layer.outputs); ++o)
    for (std::size_t k = 0; k < taps; ++k)
      weights[(o / 4 * taps + k) * 4 + o % 4] = layer.taps[o * taps + k].weight;
  return weights;
}

std::vector<std::int32_t> offsets_of(const Layer& layer) {
  std::vector<std::int32_t> offsets;
  for (std::int32_t k = 0; k < layer.first[1]; ++k)
    offsets.push_back(layer.taps[static_cast<std::size_t>(k)].offset);
  return offsets;
}

SumJob job_of(const Layer& layer, Tensor& output) {
  return {layer.lists(),  layer.rows,   layer.vectors, layer.moving(),
          output.plane(), within(1, 4), within(1, 30)};
}

RC_GTEST_PROP(Kernels, SumsTapsAsWrittenOut, ()) {
  const Layer layer(within(0, 100));
  ForwardCase forward(layer);
  layer.kernels.sum(job_of(layer, forward.output), forward.epilogue);
  expect_forward(forward.epilogue, forward.output, forward.sums, forward.before, forward.add,
                 [&](int o, int r, int v, int l) { return layer.sum(o, r, v, l); });
}

RC_GTEST_PROP(Kernels, DenseSumsAsWrittenOut, ()) {
  const Layer layer(100);
  ForwardCase forward(layer);
  const std::vector<std::int32_t> offsets = offsets_of(layer);
  const std::vector<float> weights = packed(layer, offsets.size());
  layer.kernels.dense_sum(
      {weights.data(), offsets.data(), static_cast<int>(offsets.size()), layer.outputs, layer.rows,
       layer.vectors, layer.moving(), forward.output.plane()},
      forward.epilogue);
  expect_forward(forward.epilogue, forward.output, forward.sums, forward.before, forward.add,
                 [&](int o, int r, int v, int l) { return layer.sum(o, r, v, l); });
}

RC_GTEST_PROP(Kernels, GradientsPassTheGateAsWrittenOut, ()) {
  const Layer layer(within(0, 100));
  BackwardCase backward(layer);
  layer.kernels.gradient(job_of(layer, backward.output), backward.epilogue);
  expect_backward(backward.epilogue, backward.output, backward.sums, backward.add, backward.gate,
                  backward.z, [&](int o, int r, int v, int l) { return layer.sum(o, r, v, l); });
}

RC_GTEST_PROP(Kernels, DenseGradientsPassTheGateAsWrittenOut, ()) {
  const Layer layer(100);
  BackwardCase backward(layer);
  const std::vector<std::int32_t> offsets = offsets_of(layer);
  const std::vector<float> weights = packed(layer, offsets.size());
  layer.kernels.dense_gradient(
      {weights.data(), offsets.data(), static_cast<int>(offsets.size()), layer.outputs, layer.rows,
       layer.vectors, layer.moving(), backward.output.plane()},
      backward.epilogue);
  expect_backward(backward.epilogue, backward.output, backward.sums, backward.add, backward.gate,
                  backward.z, [&](int o, int r, int v, int l) { return layer.sum(o, r, v, l); });
}

RC_GTEST_PROP(Kernels, GatesWithoutSumsAsWrittenOut, ()) {
  const Layer layer(0);
  BackwardCase backward(layer);
  Tensor sum(layer.outputs, layer.rows, layer.vectors, layer.lanes, 1);
  sum.fill();
  const bool there = within(0, 1) != 0;
  layer.kernels.gate({layer.outputs, layer.rows, layer.vectors, there ? sum.view() : ConstPlane{},
                      backward.output.plane()},
                     backward.epilogue);
  expect_backward(backward.epilogue, backward.output, backward.sums, backward.add, backward.gate,
                  backward.z, [&](int o, int r, int v, int l) {
                    return there ? double{sum.memory[sum.at(o, r, v, l)]} : 0.0;
                  });
}

RC_GTEST_PROP(Kernels, WeightGradientsAsWrittenOut, ()) {
  const bool dense = within(0, 1) != 0;
  const Layer layer(dense ? 100 : within(0, 100));
  Tensor gradient(layer.outputs, layer.rows, layer.vectors, layer.lanes, within(0, 2));
  gradient.fill();
  const auto lanes = static_cast<std::size_t>(layer.lanes);
  std::vector<float> partial(layer.taps.size() * lanes, 0.5F);
  if (dense) {
    const std::vector<std::int32_t> offsets = offsets_of(layer);
    layer.kernels.dense_weight_gradient({offsets.data(), static_cast<int>(offsets.size()),
                                         layer.outputs, layer.rows, layer.vectors, layer.moving(),
                                         gradient.view(), partial.data()});
  } else {
    layer.kernels.weight_gradient({layer.lists(), layer.rows, layer.vectors, layer.moving(),
                                   gradient.view(), partial.data()});
  }
  for (int o = 0; o < layer.outputs; ++o)
    for (std::int32_t k = layer.first[static_cast<std::size_t>(o)];
         k < layer.first[static_cast<std::size_t>(o) + 1]; ++k)
      for (int l = 0; l < layer.lanes; ++l) {
        double expected = 0.5;
        for (int r = 0; r < layer.rows; ++r)
          for (int v = 0; v < layer.vectors; ++v)
            expected += double{gradient.memory[gradient.at(o, r, v, l)]} *
                        layer.input_at(layer.taps[static_cast<std::size_t>(k)].offset, r, v, l);
        const float got =
            partial[static_cast<std::size_t>(k) * lanes + static_cast<std::size_t>(l)];
        RC_ASSERT(std::abs(got - expected) < 1e-2);
      }
}

RC_GTEST_PROP(Kernels, ActivationsAndTheirCopiesAsWrittenOut, ()) {
  const Kernels& kernels = any_kernels();
  const int channels = within(1, 5), rows = within(1, 4), vectors = within(1, 11);
  const auto tensor = [&] { return Tensor(channels, rows, vectors, kernels.lanes, within(0, 2)); };
  Tensor z = tensor(), residual = tensor(), out = tensor(), copy = tensor();
  z.fill();
  residual.fill();
  const std::vector<float> scale = random_values(channels), shift = random_values(channels);
  const std::vector<float> residual_scale = random_values(channels);
  ActivateJob job{.channels = channels, .rows = rows, .vectors = vectors, .z = z.view()};
  job.out = out.plane();
  job.copy = copy.plane();
  const bool scaled = within(0, 1) != 0, with_residual = within(0, 1) != 0;
  if (scaled) {
    job.scale = scale.data();
    job.shift = shift.data();
    job.residual_scale = residual_scale.data();
    job.residual_shift = shift.data();
  }
  if (with_residual) job.residual = residual.view();
  job.low = within(0, 1) != 0 ? 0 : -kInfinity;
  job.high = within(0, 1) != 0 ? 2 : kInfinity;
  if (within(0, 2) == 0) job.tail = within(1, kernels.lanes);
  kernels.activate(job);
  for (int c = 0; c < channels; ++c)
    for (int r = 0; r < rows; ++r)
      for (int v = 0; v < vectors; ++v)
        for (int l = 0; l < kernels.lanes; ++l) {
          const auto i = static_cast<std::size_t>(c);
          double y = z.memory[z.at(c, r, v, l)];
          if (scaled) y = y * scale[i] + shift[i];
          if (with_residual) {
            const double more = residual.memory[residual.at(c, r, v, l)];
            y += scaled ? more * residual_scale[i] + shift[i] : more;
          }
          y = std::min(std::max(y, double{job.low}), double{job.high});
          if (job.tail != 0 && v == vectors - 1 && l >= job.tail) y = 0;
          RC_ASSERT(std::abs(out.memory[out.at(c, r, v, l)] - y) < 1e-4);
          RC_ASSERT(out.memory[out.at(c, r, v, l)] == copy.memory[copy.at(c, r, v, l)]);
        }
}

RC_GTEST_PROP(Kernels, NormGradientsAndMomentsAsWrittenOut, ()) {
  const Kernels& kernels = any_kernels();
  const int channels = within(1, 5), rows = within(1, 4), vectors = within(1, 11);
  const int lanes = kernels.lanes;
  Tensor g(channels, rows, vectors, lanes, 1), z(channels, rows, vectors, lanes),
      out(channels, rows, vectors, lanes, 2), add(channels, rows, vectors, lanes, 1);
  const bool adds = within(0, 1) != 0;
  g.fill();
  add.fill();
  z.fill();
  const std::vector<float> a = random_values(channels), b = random_values(channels),
                           mean = random_values(channels), constant = random_values(channels);
  kernels.norm_gradient({channels, rows, vectors, g.view(), z.view(), a.data(), b.data(),
                         mean.data(), constant.data(), out.plane(),
                         adds ? add.view() : ConstPlane{}});
  std::vector<float> sums(static_cast<std::size_t>(channels * 2 * lanes), 0.0F);
  kernels.moments({channels, rows, vectors, z.view(), mean.data(), sums.data()});
  for (int c = 0; c < channels; ++c)
    for (int l = 0; l < lanes; ++l) {
      const auto i = static_cast<std::size_t>(c);
      double first = 0, second = 0;
      for (int r = 0; r < rows; ++r)
        for (int v = 0; v < vectors; ++v) {
          const double centred = double{z.memory[z.at(c, r, v, l)]} - mean[i];
          const double expected = a[i] * double{g.memory[g.at(c, r, v, l)]} + b[i] * centred +
                                  constant[i] + (adds ? add.memory[add.at(c, r, v, l)] : 0);
          RC_ASSERT(std::abs(out.memory[out.at(c, r, v, l)] - expected) < 1e-4);
          first += centred;
          second += centred * centred;
        }
      const auto at = static_cast<std::size_t>(c * 2 * lanes + l);
      RC_ASSERT(std::abs(sums[at] - first) < 1e-3);
      RC_ASSERT(std::abs(sums[at + static_cast<std::size_t>(lanes)] - second) < 1e-2);
    }
}

TEST(Kernels, PlainOnesAreAlwaysThere) {
  const auto all = available_kernels();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back()->name, "plain");
}

// Else a network that has diverged would look like one whose units are dead.
TEST(Kernels, ClippingLetsNanThrough) {
  for (const Kernels* kernels : available_kernels()) {
    Tensor z(1, 1, 1, kernels->lanes), out(1, 1, 1, kernels->lanes);
    z.memory[0] = std::numeric_limits<float>::quiet_NaN();
    ActivateJob job{.channels = 1, .rows = 1, .vectors = 1, .z = z.view(), .low = 0, .high = 6};
    job.out = out.plane();
    kernels->activate(job);
    EXPECT_TRUE(std::isnan(out.memory[0])) << kernels->name;
    EXPECT_EQ(out.memory[1], 0) << kernels->name;

    const std::int32_t first[] = {0, 1};
    const Tap tap{0, 1};
    kernels->sum({.lists = {first, &tap, 1},
                  .rows = 1,
                  .vectors = 1,
                  .input = z.view(),
                  .output = out.plane()},
                 {.low = 0});
    EXPECT_TRUE(std::isnan(out.memory[0])) << kernels->name;
  }
}

TEST(Kernels, FetchAheadWithinTheirRangesAndToTheEnd) {
  const Kernels& kernels = best_kernels();
  Tensor x(1, 2, 3, kernels.lanes);
  Tensor y(5, 2, 3, kernels.lanes);
  const std::int32_t first[] = {0, 1, 1, 1, 1, 1};
  const Tap tap{0, 1};
  Ahead ahead{.at = {x.memory.data(), y.memory.data()}, .lines = {7, 100}, .ranges = 2, .step = 3};
  kernels.sum({.lists = {first, &tap, 5},
               .rows = 2,
               .vectors = 3,
               .input = x.view(),
               .output = y.plane(),
               .ahead = &ahead},
              {});
  EXPECT_EQ(ahead.lines[0], 0);  // 10 outputs of one tile each, 3 lines at a time
  EXPECT_EQ(ahead.at[0], x.memory.data() + 7 * 16);
  EXPECT_EQ(ahead.lines[1], 70);
  EXPECT_EQ(ahead.at[1], y.memory.data() + 30 * 16);
}

TEST(Kernels, StreamedOutputsAreTheSame) {
  for (const Kernels* kernels : available_kernels()) {
    const int lanes = kernels->lanes;
    const std::int32_t first[] = {0, 1};
    const Tap tap{0, 2.0F};
    const auto size = static_cast<std::size_t>(5 * lanes);
    alignas(64) float input[5 * 16], plain[5 * 16], streamed[5 * 16];
    for (std::size_t i = 0; i < size; ++i) input[i] = static_cast<float>(i);
    const auto run = [&](float* output, bool stream) {
      Epilogue epilogue;
      epilogue.stream = stream;
      kernels->sum({{first, &tap, 1}, 1, 5, {input, 0, 0, lanes}, {output, 0, 0, lanes}, 1, 4},
                   epilogue);
    };
    run(plain, false);
    run(streamed, true);
    for (std::size_t i = 0; i < size; ++i) EXPECT_EQ(plain[i], streamed[i]) << kernels->name;
  }
}

}  // namespace
