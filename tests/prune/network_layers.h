// The prunable weights of the paper's four networks, as shapes with the height (= width) of their
// outputs: enough for every allocation by shapes and for the theoretical speedup. Independent of
// the network builders.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "pollard/tensor.h"

namespace pollard::test {

struct LayerShape {
  Shape weight;
  std::int64_t output;  // pixels a side; 1 of a linear layer

  [[nodiscard]] std::int64_t multiply_adds() const {
    return element_count(weight) * output * output;
  }
};
using NetworkLayers = std::vector<LayerShape>;

inline std::vector<Shape> shapes_of(const NetworkLayers& layers) {
  std::vector<Shape> shapes;
  for (const LayerShape& layer : layers) shapes.push_back(layer.weight);
  return shapes;
}

/// A list in which some layers come several times in a row.
struct Run {
  int times;
  LayerShape layer;
};
inline void append(NetworkLayers& layers, std::initializer_list<Run> runs) {
  for (const Run& run : runs) {
    for (int i = 0; i < run.times; ++i) layers.push_back(run.layer);
  }
}

/// CIFAR, 3 x 9 basic blocks, shortcuts without weights.
inline NetworkLayers resnet56_layers() {
  NetworkLayers layers;
  append(layers, {{1, {{16, 3, 3, 3}, 32}},
                  {18, {{16, 16, 3, 3}, 32}},
                  {1, {{32, 16, 3, 3}, 16}},
                  {17, {{32, 32, 3, 3}, 16}},
                  {1, {{64, 32, 3, 3}, 8}},
                  {17, {{64, 64, 3, 3}, 8}},
                  {1, {{10, 64}, 1}}});
  return layers;
}

/// CIFAR-100, the stride in the second convolution of a block, 1 x 1 shortcuts.
inline NetworkLayers wrn_28_10_layers() {
  NetworkLayers layers;
  append(layers, {{1, {{16, 3, 3, 3}, 32}},
                  {1, {{160, 16, 3, 3}, 32}},
                  {1, {{160, 160, 3, 3}, 32}},
                  {1, {{160, 16, 1, 1}, 32}},
                  {6, {{160, 160, 3, 3}, 32}},
                  {1, {{320, 160, 3, 3}, 32}},
                  {1, {{320, 320, 3, 3}, 16}},
                  {1, {{320, 160, 1, 1}, 16}},
                  {6, {{320, 320, 3, 3}, 16}},
                  {1, {{640, 320, 3, 3}, 16}},
                  {1, {{640, 640, 3, 3}, 8}},
                  {1, {{640, 320, 1, 1}, 8}},
                  {6, {{640, 640, 3, 3}, 8}},
                  {1, {{100, 640}, 1}}});
  return layers;
}

/// CIFAR-10, one linear layer.
inline NetworkLayers vgg16_layers() {
  NetworkLayers layers;
  append(layers, {{1, {{64, 3, 3, 3}, 32}},
                  {1, {{64, 64, 3, 3}, 32}},
                  {1, {{128, 64, 3, 3}, 16}},
                  {1, {{128, 128, 3, 3}, 16}},
                  {1, {{256, 128, 3, 3}, 8}},
                  {2, {{256, 256, 3, 3}, 8}},
                  {1, {{512, 256, 3, 3}, 4}},
                  {2, {{512, 512, 3, 3}, 4}},
                  {3, {{512, 512, 3, 3}, 2}},
                  {1, {{10, 512}, 1}}});
  return layers;
}

/// ImageNet, v1.5: the stride in the 3 x 3 convolution.
inline NetworkLayers resnet50_layers() {
  NetworkLayers layers = {{{64, 3, 7, 7}, 112}};
  struct Stage {
    std::int64_t width, blocks, inputs, input_side, side;
  };
  for (const Stage& s : {Stage{64, 3, 64, 56, 56}, Stage{128, 4, 256, 56, 28},
                         Stage{256, 6, 512, 28, 14}, Stage{512, 3, 1024, 14, 7}}) {
    append(layers, {{1, {{s.width, s.inputs, 1, 1}, s.input_side}},
                    {1, {{s.width, s.width, 3, 3}, s.side}},
                    {1, {{4 * s.width, s.width, 1, 1}, s.side}},
                    {1, {{4 * s.width, s.inputs, 1, 1}, s.side}}});
    for (std::int64_t block = 1; block < s.blocks; ++block) {
      append(layers, {{1, {{s.width, 4 * s.width, 1, 1}, s.side}},
                      {1, {{s.width, s.width, 3, 3}, s.side}},
                      {1, {{4 * s.width, s.width, 1, 1}, s.side}}});
    }
  }
  layers.push_back({{1000, 2048}, 1});
  return layers;
}

}  // namespace pollard::test
