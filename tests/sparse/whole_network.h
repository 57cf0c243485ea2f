// A network by name with weights left out, images for it, and how far its outputs are off.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include "pollard/networks.h"
#include "sparse/network.h"

namespace pollard::sparse {

inline std::vector<float> random_images(const Graph& graph, std::int64_t count) {
  const auto size = static_cast<std::size_t>(element_count(graph.shape(Graph::kInput)) * count);
  std::vector<float> images(size);
  std::uint32_t state = 12345;
  for (float& pixel : images) {
    state = state * 1664525 + 1013904223;
    pixel = static_cast<float>(state >> 8) / 8388608.0F - 1;
  }
  return images;
}

inline std::vector<float> outputs_of(Network& network, const std::vector<float>& images,
                                     std::int64_t count,
                                     ImageOrder order = ImageOrder::ChannelsFirst) {
  std::vector<float> outputs(static_cast<std::size_t>(network.outputs() * count));
  network.run(images, count, outputs, order);
  return outputs;
}

/// The largest difference over the largest value.
inline double difference(const std::vector<float>& values, const std::vector<double>& expected) {
  EXPECT_EQ(values.size(), expected.size());
  double largest = 1e-6, worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    worst = std::max(worst, std::isnan(values[i]) ? 1e9 : std::abs(values[i] - expected[i]));
  }
  return worst / largest;
}

struct Whole {
  Graph graph;
  TensorMap state;
};

/// With `percent_kept` of its weights, drawn.
inline Whole pruned_network(std::string_view name, ImageShape input, int percent_kept) {
  Whole whole{build_network(name, input, 10), {}};
  whole.state = initialize(whole.graph, 3, Initialization::Kaiming);
  std::uint32_t random = 99;
  for (auto& [key, tensor] : whole.state) {
    for (float& value : tensor.f32()) {
      random = random * 1664525 + 1013904223;
      const ParameterRole role = whole.graph.find_parameter(key)->role;
      if (role == ParameterRole::Weight) {
        if ((random >> 8) % 100 >= static_cast<std::uint32_t>(percent_kept)) value = 0;
      } else {  // something that batch norm has to do
        value += 0.1F * static_cast<float>((random >> 8) % 8);
      }
    }
  }
  return whole;
}

}  // namespace pollard::sparse
