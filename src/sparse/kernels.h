// The kernels of the sparse engine: plain jobs, and one table of functions per instruction set.
//
// A tensor is walked in vectors of `lanes` floats. In the blocked layout a vector is one pixel of
// `lanes` images ([row][channel][x][image]); in the spatial layout it is `lanes` neighbouring
// pixels of one image ([row][channel][x]). The kernels see only strides, so both are one code.
//
// A sparse layer is, per output channel, a list of taps: where the input of a weight lies relative
// to the output's position (channel, row and column folded into one number), and the weight. Inputs
// carry a halo of zeros, so there are no borders. A tile of outputs stays in registers while the
// taps of one channel pass; nothing is indexed and nothing that is zero is multiplied.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace pollard::sparse {

struct Tap {
  std::int32_t offset;  // floats, from the tile's place in the input
  float weight;
};

/// The taps of output channel o: taps[first[o]] to taps[first[o + 1] - 1].
struct TapLists {
  const std::int32_t* first = nullptr;  // outputs + 1
  const Tap* taps = nullptr;
  int outputs = 0;
};

/// Strides in floats. `at` is channel 0, row 0, vector 0 of what a job covers; null: not there.
struct Plane {
  float* at = nullptr;
  std::int64_t channel = 0, row = 0, vector = 0;
};
struct ConstPlane {
  const float* at = nullptr;
  std::int64_t channel = 0, row = 0, vector = 0;
};

/// What happens to a sum before it is stored:  y = min(max(sum + bias + add, low), high).
struct Epilogue {
  const float* bias = nullptr;  // per output channel
  ConstPlane add = {};          // its channel 0 is for output add_first
  int add_first = 0, add_end = std::numeric_limits<int>::max();
  float low = -__builtin_inff(), high = __builtin_inff();
  /// Per output channel: `lanes` running sums of y, then `lanes` of y * y.
  float* sums = nullptr;
  bool stream = false;  // past the caches: y will not be read soon. Needs aligned vectors.
  int tail = 0;         // spatial: lanes that count in each row's last vector, the others become 0
};

/// What happens to the gradient of an activation's output on its way through the activation,
///   y = clip(scale * z + shift):   g = (sum + add) * [low < scale * gate + shift < high]
/// and to the sums that the batch norm before it needs:  sums of g, and of g * (z - mean).
struct GradientEpilogue {
  ConstPlane add = {};
  ConstPlane gate = {};          // null: everything passes
  const float* scale = nullptr;  // per channel; null: the gate is the activation itself
  const float* shift = nullptr;
  float low = 0, high = __builtin_inff();
  ConstPlane z = {};            // with sums
  const float* mean = nullptr;  // per channel; null: 0
  float* sums = nullptr;        // per channel: `lanes` of g, then `lanes` of g * (z - mean)
  bool stream = false;
};

/// Memory that will be wanted soon. Kernels that are given it fetch some lines of each range into
/// the second-level cache with every output of a tile, so that memory works while they compute.
struct Ahead {
  static constexpr int kMost = 8;
  const float* at[kMost] = {};
  std::int64_t lines[kMost] = {};  // that are left
  int ranges = 0;
  int step = 1;  // lines at a time
};

/// output[o] = epilogue(sum over taps of weight * input[offset + position]).
struct SumJob {
  TapLists lists = {};
  int rows = 0, vectors = 0;  // of the output
  ConstPlane input = {};      // row, vector: what one step of the output moves
  Plane output = {};
  int tile_rows = 1, tile_vectors = 8;  // at most max_tile vectors in all, and 8 rows
  Ahead* ahead = nullptr;
};

/// The same with all weights there: weights[o / 4][tap][o % 4] (the last group filled with zeros),
/// tap offsets common to all outputs.
struct DenseSumJob {
  const float* weights = nullptr;
  const std::int32_t* offsets = nullptr;
  int taps = 0, outputs = 0;
  int rows = 0, vectors = 0;
  ConstPlane input = {};
  Plane output = {};
};

/// partial[k][lane] += sum over positions of gradient[o] * input[offset of tap k + position], for
/// the taps k of every output o. `lists` may carry any weights.
struct WeightGradientJob {
  TapLists lists = {};
  int rows = 0, vectors = 0;
  ConstPlane input = {};
  ConstPlane gradient = {};  // of the sums
  float* partial = nullptr;  // lanes per tap
  Ahead* ahead = nullptr;
};

/// The dense one: partial[o][tap][lane].
struct DenseWeightGradientJob {
  const std::int32_t* offsets = nullptr;
  int taps = 0, outputs = 0;
  int rows = 0, vectors = 0;
  ConstPlane input = {};
  ConstPlane gradient = {};
  float* partial = nullptr;
};

/// out = min(max(scale * z + shift + (residual_scale * residual + residual_shift), low), high),
/// into `out` and, if it is there, `copy`. Null arrays: factor 1, summand 0; null residual: none.
struct ActivateJob {
  int channels = 0, rows = 0, vectors = 0;
  ConstPlane z = {};
  const float* scale = nullptr;
  const float* shift = nullptr;
  ConstPlane residual = {};
  const float* residual_scale = nullptr;
  const float* residual_shift = nullptr;
  float low = -__builtin_inff(), high = __builtin_inff();
  Plane out = {}, copy = {};
  bool stream_copy = false;
  int tail = 0;  // as in Epilogue
};

/// Batch norm backward: out = a[c] * g + b[c] * (z - mean[c]) + constant[c] + add.
struct NormGradientJob {
  int channels = 0, rows = 0, vectors = 0;
  ConstPlane g = {}, z = {};
  const float* a = nullptr;
  const float* b = nullptr;
  const float* mean = nullptr;
  const float* constant = nullptr;
  Plane out = {};
  ConstPlane add = {};  // null: 0
};

/// GradientEpilogue without a convolution before it: out = epilogue(sum); out may be sum's memory.
struct GateJob {
  int channels = 0, rows = 0, vectors = 0;
  ConstPlane sum = {};  // null: 0
  Plane out = {};
};

/// Sums of z - mean, and of its square, per channel.
struct MomentsJob {
  int channels = 0, rows = 0, vectors = 0;
  ConstPlane z = {};
  const float* mean = nullptr;
  float* sums = nullptr;
};

/// Windows: out = max, or factor * sum, of input[offset + position] over the taps.
struct PoolJob {
  const std::int32_t* offsets = nullptr;
  int taps = 0;
  int channels = 0, rows = 0, vectors = 0;
  ConstPlane input = {};  // row, vector: what one step of the output moves
  Plane output = {};
  bool maximum = false;
  const float* factors = nullptr;  // of sums, `lanes` for each row and vector
  bool across = false;             // sums the lanes too, into the first; the others become 0
  int tail = 0;                    // as in Epilogue
};

/// Spatial: the even pixels of each row and the odd ones, each into a plane of its own.
struct SplitJob {
  int channels = 0, rows = 0, width = 0;  // of the input
  ConstPlane input = {};
  Plane output = {};
  std::int64_t phase = 0;  // from the even plane to the odd one
};

struct Kernels {
  std::string_view name;  // "avx512", "avx2", "plain"
  int lanes = 0;
  int max_tile = 0;  // vectors a tile may have
  void (*sum)(const SumJob&, const Epilogue&) = nullptr;
  void (*gradient)(const SumJob&, const GradientEpilogue&) = nullptr;
  void (*dense_sum)(const DenseSumJob&, const Epilogue&) = nullptr;
  void (*dense_gradient)(const DenseSumJob&, const GradientEpilogue&) = nullptr;
  void (*weight_gradient)(const WeightGradientJob&) = nullptr;
  void (*dense_weight_gradient)(const DenseWeightGradientJob&) = nullptr;
  void (*activate)(const ActivateJob&) = nullptr;
  void (*norm_gradient)(const NormGradientJob&) = nullptr;
  void (*gate)(const GateJob&, const GradientEpilogue&) = nullptr;
  void (*moments)(const MomentsJob&) = nullptr;
  void (*pool)(const PoolJob&) = nullptr;
  void (*split)(const SplitJob&) = nullptr;
  /// Sums of which only the first lane of one vector counts (spatial, 1 x 1): scalars.
  void (*dots)(const SumJob&, const Epilogue&) = nullptr;
  void (*dense_dots)(const DenseSumJob&, const Epilogue&) = nullptr;
};

/// Those this CPU can run, the widest first; "plain" is always there. The environment variable
/// POLLARD_ISA=avx512|avx2|plain leaves only that one.
[[nodiscard]] std::span<const Kernels* const> available_kernels();
[[nodiscard]] inline const Kernels& best_kernels() { return *available_kernels().front(); }

}  // namespace pollard::sparse
