// A small pruned network as a .plrd file, and images for it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "pollard/networks.h"
#include "sparse/network.h"
#include "sparse/plrd.h"
#include "sparse/plrd_networks.h"

namespace pollard::test {

struct RuntimeCase {
  Graph graph = build_network("resnet8", {3, 8, 8}, 10);
  TensorMap state = pruned();
  sparse::Metadata notes = {{"model", "resnet8"}, {"sparsity", "0.9"}};
  std::vector<std::byte> bytes = sparse::encode_plrd(graph, state, notes);

  static std::vector<float> images(std::int64_t count, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::vector<float> pixels =
        random_values(random, static_cast<std::size_t>(count * 3 * 8 * 8), 1);
    for (float& pixel : pixels) pixel *= 20;  // of deviation 1
    return pixels;
  }

  /// What the engine that the runtime is made of gives.
  [[nodiscard]] std::vector<float> expected(const std::vector<float>& images, std::int64_t count,
                                            int threads = 1) const {
    sparse::Network network(graph, state, {.threads = threads, .measure = false});
    std::vector<float> outputs(static_cast<std::size_t>(count * 10));
    network.run(images, count, outputs);
    return outputs;
  }

 private:
  [[nodiscard]] TensorMap pruned() const {
    TensorMap values = initialize(graph, 1, Initialization::Kaiming);
    std::mt19937 random(7);
    std::bernoulli_distribution kept(0.1);
    for (const ParameterInfo& parameter : graph.prunable_parameters()) {
      for (float& value : values.at(parameter.name).f32()) value = kept(random) ? value : 0.0F;
    }
    return values;
  }
};

/// Relative to the largest of all values.
inline void expect_near(const std::vector<float>& values, const std::vector<float>& expected,
                        float tolerance) {
  ASSERT_EQ(values.size(), expected.size());
  float largest = 0;
  for (const float value : expected) largest = std::max(largest, std::abs(value));
  ASSERT_GT(largest, 0.01F);
  for (std::size_t i = 0; i < values.size(); ++i)
    ASSERT_NEAR(values[i], expected[i], tolerance * largest) << i;
}

}  // namespace pollard::test
