// Layers of random weights, with masks of all ones.
#pragma once

#include <string>
#include <vector>

#include "pollard/masks.h"
#include "pollard/random.h"

namespace pollard::test {

struct Layers {
  MaskSet masks;
  TensorMap state;
};

/// Normal weights, each layer on a scale of its own. `levels` more than 0: integers of that many
/// magnitudes instead, 0 among them, so that many are equal.
inline Layers random_layers(const std::vector<Shape>& shapes, std::uint64_t seed,
                            std::uint32_t levels = 0) {
  Layers layers;
  std::vector<Mask> masks;
  for (std::size_t l = 0; l < shapes.size(); ++l) {
    const std::string name = "layer" + std::to_string(l) + ".weight";
    RandomStream draw(seed, Purpose::Testing, 1, l);
    const float scale = 0.1f + draw.uniform();
    HostTensor tensor = HostTensor::zeros(DType::F32, shapes[l]);
    for (float& weight : tensor.f32()) {
      const float sign = draw.below(2) == 0 ? 1.0f : -1.0f;
      weight = levels > 0 ? sign * static_cast<float>(draw.below(levels)) : scale * draw.normal();
    }
    layers.state.emplace(name, std::move(tensor));
    masks.push_back({name, shapes[l],
                     std::vector<std::uint8_t>(static_cast<std::size_t>(element_count(shapes[l])),
                                               std::uint8_t{1})});
  }
  layers.masks = MaskSet(std::move(masks));
  return layers;
}

}  // namespace pollard::test
