// Tensors and batches for the executor's tests, from formulas and from seeded generators.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "pollard/batch.h"
#include "pollard/engine.h"

namespace pollard::test {

/// Standard normal values that depend on nothing but the arguments.
inline at::Tensor normal(at::IntArrayRef sizes, std::uint64_t seed) {
  at::Generator generator = at::globalContext().defaultGenerator(at::kCPU).clone();
  generator.set_current_seed(seed);
  return at::randn(sizes, generator, at::TensorOptions().dtype(at::kFloat));
}

inline at::Tensor channels_last(const at::Tensor& x) {
  return x.contiguous(at::MemoryFormat::ChannelsLast);
}

/// ||a - b|| <= tolerance * ||b||, in double precision; shapes must agree.
inline ::testing::AssertionResult near(const at::Tensor& a, const at::Tensor& b, double tolerance) {
  if (!a.defined() || !b.defined()) return ::testing::AssertionFailure() << "undefined tensor";
  if (a.sizes() != b.sizes()) {
    return ::testing::AssertionFailure() << "shapes " << a.sizes() << " and " << b.sizes();
  }
  const at::Tensor expected = b.detach().to(at::kDouble);
  const double scale = std::max(1e-6, expected.norm().item<double>());
  const double error = (a.detach().to(at::kDouble) - expected).norm().item<double>() / scale;
  if (error <= tolerance) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << "relative difference " << error << " > " << tolerance << " (norm " << scale << ")";
}

/// Equal in every bit of every value (in logical order).
inline bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  const auto bits = [](const at::Tensor& t) { return t.detach().contiguous().view(at::kInt); };
  return a.sizes() == b.sizes() && bits(a).equal(bits(b));
}

/// Image values sin(0.1 i + 0.05 (i mod 7)), i counting over N, H, W, C; label n is n mod classes.
inline Batch formula_batch(std::int64_t count, ImageShape shape, std::int64_t classes) {
  Batch batch;
  batch.count = count;
  batch.shape = shape;
  const std::int64_t values = count * shape.height * shape.width * shape.channels;
  for (std::int64_t i = 0; i < values; ++i) {
    batch.images.push_back(static_cast<float>(
        std::sin(0.1 * static_cast<double>(i) + 0.05 * static_cast<double>(i % 7))));
  }
  for (std::int64_t n = 0; n < count; ++n) batch.labels.push_back(n % classes);
  return batch;
}

inline ParameterSlot& slot_of(Engine& engine, std::string_view name) {
  const auto found = std::ranges::find(engine.slots(), name, &ParameterSlot::name);
  EXPECT_NE(found, engine.slots().end()) << name;
  return *found;
}

}  // namespace pollard::test
