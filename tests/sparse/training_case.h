// A graph with random parameters, masks and images, trained for one step and held against the
// reference in double.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pollard/graph.h"
#include "pollard/random.h"
#include "sparse/reference_training.h"
#include "sparse/trainer.h"

namespace pollard::test {

struct TrainingCase {
  Graph graph;
  std::map<std::string, std::vector<float>> values, gradients;
  TensorMap masks;
  std::vector<float> images;
  std::vector<std::int64_t> labels;
  double smoothing = 0;

  /// `density` of each weight's mask; above 1: no masks.
  TrainingCase(Graph of, std::int64_t count, double density, std::uint64_t seed)
      : graph(std::move(of)) {
    RandomStream stream(seed, Purpose::Testing, 0, 0);
    for (const ParameterInfo& info : graph.parameters()) draw(info, density, stream);
    const ImageShape shape = graph.input_shape();
    images.resize(static_cast<std::size_t>(count * shape.channels * shape.height * shape.width));
    for (float& value : images) value = stream.normal();
    for (std::int64_t i = 0; i < count; ++i)
      labels.push_back(stream.below(static_cast<std::uint32_t>(graph.classes())));
  }

  void mask(const ParameterInfo& info, const std::vector<std::uint8_t>& keep) {
    HostTensor tensor = HostTensor::zeros(DType::U8, info.shape);
    std::ranges::copy(keep, tensor.u8().begin());
    masks[info.name] = tensor;
    for (std::size_t i = 0; i < keep.size(); ++i) {
      if (keep[i] == 0) values[info.name][i] = 0;
    }
  }

  [[nodiscard]] std::unique_ptr<sparse::Trainer> trainer(const sparse::Kernels& kernels,
                                                         int threads) {
    auto trainer = std::make_unique<sparse::Trainer>(
        graph, masks,
        sparse::TrainerOptions{
            .threads = threads, .kernels = &kernels, .label_smoothing = smoothing});
    for (auto& [name, value] : values) {
      gradients[name].assign(value.size(), 0);
      trainer->bind(name, value, gradients[name]);
    }
    return trainer;
  }

  [[nodiscard]] ReferenceStep reference(bool training = true) const {
    std::map<std::string, Values> doubles;
    for (const auto& [name, value] : values) doubles[name].assign(value.begin(), value.end());
    return reference_step(graph, doubles, images, labels, smoothing, training);
  }

 private:
  void draw(const ParameterInfo& info, double density, RandomStream& stream) {
    std::vector<float>& value = values[info.name];
    const auto count = static_cast<std::size_t>(element_count(info.shape));
    std::int64_t fan_in = 1;
    for (std::size_t i = 1; i < info.shape.size(); ++i) fan_in *= info.shape[i];
    const double kept = std::clamp(density, 0.05, 1.0);
    const auto scale = static_cast<float>(std::sqrt(2 / (kept * static_cast<double>(fan_in))));
    for (std::size_t i = 0; i < count; ++i) {
      const float normal = stream.normal();
      switch (info.role) {
        case ParameterRole::Weight:
          value.push_back(scale * normal);
          break;
        case ParameterRole::Scale:
          value.push_back(1 + 0.3F * normal);
          break;
        case ParameterRole::RunningVariance:
          value.push_back(0.5F + std::abs(normal));
          break;
        default:
          value.push_back(0.3F * normal);
      }
    }
    if (info.role != ParameterRole::Weight || density > 1) return;
    std::vector<std::uint8_t> keep(count);
    for (std::uint8_t& each : keep) each = stream.uniform() < density ? 1 : 0;
    mask(info, keep);
  }
};

/// The largest |a - b|, over the largest |b| of the tensor or `least`, below which is noise.
inline double relative_error(const std::vector<float>& a, const Values& b, double least = 1e-2) {
  double error = 0, largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double expected = i < b.size() ? b[i] : 0;
    const double difference = std::abs(a[i] - expected);
    error = std::isnan(difference) ? INFINITY : std::max(error, difference);
    largest = std::max(largest, std::abs(expected));
  }
  return error / std::max(largest, least);
}

}  // namespace pollard::test
