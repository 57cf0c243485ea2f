// What the tests of a method's rule share: a network small enough for arithmetic by hand, gradients
// put in place of a backward pass, and a training that is steps and nothing else.
//
//   hand network: input [1, 1, 4] -> gemm 2 x 4, bias 2: N = 8 prunable weights
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "data/synthetic.h"
#include "exec/host_tensors.h"
#include "experiment/parameters.h"
#include "method/registry.h"
#include "pollard/batches.h"
#include "pollard/networks.h"
#include "pollard/random.h"
#include "pollard/sgd.h"
#include "pollard/torch_engine.h"
#include "train/small_training.h"

namespace pollard::test {

inline Config config_with(std::initializer_list<const char*> overrides) {
  Config config(parameter_table());
  for (const char* text : overrides) config.apply(text);
  return config;
}

inline std::unique_ptr<Engine> hand_engine(std::initializer_list<float> weight,
                                           std::initializer_list<float> bias) {
  Graph graph("hand", {1, 1, 4});
  graph.add_parameter({"weight", {2, 4}, ParameterRole::Weight});
  graph.add_parameter({"bias", {2}, ParameterRole::Bias});
  graph.add_node("flatten", Flatten{}, {std::string(Graph::kInput)});
  graph.set_output(graph.add_node("out", Gemm{}, {"flatten", "weight", "bias"}));
  auto engine = make_torch_engine(graph, {});
  engine->load_state({{"weight", HostTensor::from_floats({2, 4}, std::vector<float>(weight))},
                      {"bias", HostTensor::from_floats({2}, std::vector<float>(bias))}});
  return engine;
}

inline ParameterSlot& slot_of(Engine& engine, std::string_view name) {
  for (ParameterSlot& slot : engine.slots()) {
    if (slot.name == name) return slot;
  }
  throw Error(ErrorCode::Internal, "no slot " + std::string(name));
}

inline void set_gradient(Engine& engine, std::string_view name, const std::vector<float>& values) {
  ParameterSlot& slot = slot_of(engine, name);
  slot.gradient = at::empty(slot.value.sizes());
  copy_into(slot.gradient, HostTensor::from_floats(slot.value.sizes().vec(), values));
}

inline std::vector<float> values_of(const at::Tensor& tensor) {
  const HostTensor host = to_host(tensor);
  const std::span<const float> values = host.f32();
  return {values.begin(), values.end()};
}

/// 60 images of three classes that can be told apart: row c is bright in class c, the rest noise.
inline MemoryDataset row_dataset() {
  RandomStream draw(1, Purpose::Testing, 0, 0);
  std::vector<std::uint8_t> pixels;
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < 60; ++i) {
    labels.push_back(i % 3);
    for (std::int64_t y = 0; y < kSmallImage.height; ++y) {
      for (std::int64_t x = 0; x < kSmallImage.width; ++x)
        pixels.push_back(static_cast<std::uint8_t>(draw.below(128) + (y == i % 3 ? 100 : 0)));
    }
  }
  return {kSmallImage, 3, std::move(pixels), std::move(labels)};
}

/// The small network after `epochs` epochs of 6 steps under the method, or dense where it is null.
inline std::unique_ptr<Engine> trained(Method* method, double sparsity, const SgdSettings& sgd,
                                       double rate, std::int64_t epochs) {
  auto engine = small_engine(3);
  const MemoryDataset images = row_dataset();
  BatchLoader loader(images, {.batch_size = 10,
                              .shuffle = true,
                              .augmentation = {},
                              .normalization = normalization("none", 1),
                              .seed = 4,
                              .threads = 0});
  if (method != nullptr)
    method->attach({*engine, epochs, loader.batches_per_epoch(), 4, sparsity, sgd});
  std::int64_t step = 0;
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    loader.start(static_cast<std::uint32_t>(epoch));
    Batch batch;
    while (loader.next(batch)) {
      engine->forward_backward(batch, {4, static_cast<std::uint32_t>(epoch), step++});
      if (method != nullptr) method->after_backward({epoch, step, rate});
      sgd_step(engine->slots(), sgd, rate);
    }
    if (method != nullptr) method->after_epoch({epoch + 1, step, rate});
  }
  return engine;
}

/// Of the squared norm of the prunable weights, the part that the smallest of them hold, so many
/// that the goal is met.
inline double lost_by_pruning(const Engine& engine, double sparsity) {
  const TensorMap state = engine.state();
  std::vector<double> squares;
  for (const ParameterInfo& info : engine.graph().prunable_parameters()) {
    for (const float w : state.at(info.name).f32())
      squares.push_back(static_cast<double>(w) * static_cast<double>(w));
  }
  std::ranges::sort(squares);
  const auto pruned =
      static_cast<std::ptrdiff_t>(std::nearbyint(sparsity * static_cast<double>(squares.size())));
  const double lost = std::accumulate(squares.begin(), squares.begin() + pruned, 0.0);
  return lost / std::accumulate(squares.begin(), squares.end(), 0.0);
}

}  // namespace pollard::test
