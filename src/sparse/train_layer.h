// A convolution or linear layer in training: where its weights' taps lie, for the way forward and
// for the way back, and the memory of its parameters.
//
//   y[o][i][j]  = sum over kept w[o][c][ky][kx] of  w * x[c][i * s - top + ky * d][j * s - left +
//   ...] gx[c][p][q] = sum over the same weights of      w * gy[o][(p + top - ky * d) / s][...]
//
// where the division must leave no rest: the rows and columns of gx fall into s * s classes with a
// list of taps each. Taps are made once for a mask; their weights are filled in at every step.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pollard/graph.h"
#include "sparse/kernels.h"
#include "sparse/taps.h"
#include "sparse/train_memory.h"
#include "sparse/train_plan.h"

namespace pollard::sparse {

struct LayerShape {
  MapShape x, y;
  int groups = 1;
  int kernel[2] = {1, 1}, stride[2] = {1, 1}, dilation[2] = {1, 1};
  int top = 0, left = 0;
  [[nodiscard]] int inputs() const { return x.channels / groups; }             // of a group
  [[nodiscard]] int outputs() const { return y.channels / groups; }            // of a group
  [[nodiscard]] int taps() const { return inputs() * kernel[0] * kernel[1]; }  // of an output
};

/// All weights of each output, in fours, as dense kernels want them.
struct DenseTable {
  std::vector<std::int32_t> offsets;
  int outputs = 0;
  std::vector<std::int32_t> weights;  // of each packed place: the number of its weight, or -1
  AlignedFloats packed;

  void fill(const float* values);
  /// The same sums as `job` says, with all weights.
  [[nodiscard]] DenseSumJob job(const SumJob& job) const;
};

/// Rows p = row + s * i and columns q = column + s * j of the input's gradient.
struct GradientClass {
  int row = 0, column = 0;
  int rows = 0, columns = 0;
  SparseTaps sparse = {};
  DenseTable dense = {};
};

struct TrainedLayer {
  LayerShape shape;
  bool is_conv = true;
  /// Which kernels: by density, so that a run that goes on takes the same.
  bool dense = false, dense_weights = false;

  Frame x, g;                     // rows with their halos, as taps see them
  int g_before = 0, g_after = 0;  // rows of g that a row of gx needs around its own
  SparseTaps forward;             // where not dense
  DenseTable forward_dense;       // its offsets also serve the dense gradient of weights
  std::vector<GradientClass> classes;
  std::vector<std::uint8_t> keep;  // dense gradients of weights: which are written; empty: all

  const float* value = nullptr;
  float* gradient = nullptr;
  const float* bias = nullptr;
  float* bias_gradient = nullptr;
  std::vector<float> start;       // of each output's sum
  AlignedFloats partials;         // [thread][tap][lane], sums for the weights' gradients
  std::vector<double> bias_sums;  // [thread][output][2]

  [[nodiscard]] std::int64_t partial_count() const;
  /// The values of this step into all tables.
  void fill();
};

/// The sums of the layer's outputs, by the kernels it takes: `job` brings all but the taps.
void sum_outputs(const Kernels& kernels, const TrainedLayer& layer, SumJob job,
                 const Epilogue& epilogue);
/// The same for the gradient of a class of its input.
void sum_gradients(const Kernels& kernels, const TrainedLayer& layer, const GradientClass& of,
                   SumJob job, const GradientEpilogue& epilogue);

/// keep: a mask, or empty for none. `wants_gradient`: of the input.
[[nodiscard]] TrainedLayer make_trained_layer(const Graph& graph, const Node& node,
                                              std::span<const std::uint8_t> keep, int lanes,
                                              bool wants_gradient);

}  // namespace pollard::sparse
