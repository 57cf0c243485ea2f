// A graph as the few passes over memory that it takes: a convolution or matrix product together
// with the addition and the clipping after it is one step; dropout and identities are none; slices
// and paddings are none where an addition reads through them.
//
// Batch norm that follows a layer must have been folded into it (graph/fold_batch_norm.h).
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "pollard/graph.h"
#include "sparse/layout.h"
#include "sparse/taps.h"
#include "sparse/view.h"

namespace pollard::sparse {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Clips afterwards. A matrix product over a flattened map is a convolution as large as the map.
struct SumStep {
  Convolution conv;
  std::string weight, bias;    // parameters; no bias: empty
  std::optional<MapView> add;  // covers rows and columns, channels by steps of 1, the rest is 0
};

struct PoolStep {
  bool maximum = false;
  int kernel_height = 1, kernel_width = 1, stride_y = 1, stride_x = 1;
  int pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  bool count_padding = false;  // in averages

  /// Its geometry, as of one channel to one channel.
  [[nodiscard]] Convolution window(int channels) const;
};

/// scale * input + shift + residual, clipped.
struct ActivateStep {
  std::vector<std::string> norm;  // batch norm's parameters: scale, shift, mean, variance; or none
  double epsilon = 0;
  int residual = -1;  // a value
};

/// Writes a view at a place of the output.
struct CopyStep {
  MapView view;
  int channel = 0, y = 0, x = 0;
};

/// Channel, row and column become one.
struct FlattenStep {};

struct Step {
  std::string node;  // the one it began with
  std::variant<SumStep, PoolStep, ActivateStep, CopyStep, FlattenStep> work;
  int input = -1, output = -1;  // values
  float low = -kInfinity, high = kInfinity;
};

struct Steps {
  std::vector<MapShape> values;  // 0 is the graph's input; vectors of K are K x 1 x 1
  std::vector<Step> steps;
  int output = -1;  // a value
};

[[nodiscard]] Steps fuse(const Graph& graph);

}  // namespace pollard::sparse
