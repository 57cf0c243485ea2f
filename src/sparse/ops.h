// The passes of a fused graph over the tensors of an arena, ready to run: places, strides, weights.
// Each makes some rows of its output, so that rows can be shared out over threads.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "sparse/kernels.h"
#include "sparse/layout.h"
#include "sparse/taps.h"
#include "sparse/view.h"

namespace pollard::sparse {

struct Rows {
  int begin = 0, end = 0;
};

/// A plane in an arena. `at` counts from the tensor's buffer until the buffers have their places.
struct Spot {
  int tensor = -1;  // none
  std::int64_t at = 0, channel = 0, row = 0, vector = 0;

  [[nodiscard]] bool there() const { return tensor >= 0; }
  [[nodiscard]] Plane plane(float* arena) const { return {arena + at, channel, row, vector}; }
  [[nodiscard]] ConstPlane plane(const float* arena) const {
    return {arena + at, channel, row, vector};
  }
};
[[nodiscard]] Spot spot(int tensor, const Layout& layout);

/// How the rows of an output are walked. Several parts where the vectors of one pixel (there are
/// several with more images than lanes) do not follow each other as those of neighbours do.
struct Walk {
  int rows = 0, vectors = 0, parts = 1, tail = 0;
};

/// How a layer is computed.
struct Choice {
  bool sparse = true;
  int tile_rows = 1, tile_vectors = 1;
};

struct SumOp {
  Convolution conv = {};
  Walk walk = {};
  bool point = false;  // one number an output
  Spot input = {}, output = {}, add = {};
  int add_first = 0, add_end = 0;
  float low = 0, high = 0;
  SparseTaps taps = {};
  std::vector<std::int32_t> offsets = {};  // of the dense path, as are
  std::vector<float> packed = {};          // the weights
  std::vector<float> bias = {};
  Choice choice = {};
};

struct PoolOp {
  Walk walk = {};
  int channels = 0;
  Spot input = {}, output = {};
  bool maximum = false, across = false;
  std::vector<std::int32_t> offsets = {};
  std::vector<float> factors = {};
};

struct ActivateOp {
  Walk walk = {};
  int channels = 0;
  Spot input = {}, output = {}, residual = {};
  std::vector<float> scale = {}, shift = {};  // or empty
  float low = 0, high = 0;
};

struct CopyOp {
  MapView view = {};
  int channel = 0, y = 0, x = 0;  // its place in the output
  Spot input = {}, output = {};
  Layout from, to;
  bool split = false;  // into planes of even and of odd pixels
};

struct FlattenOp {
  Spot input = {}, output = {};
  Layout from, to;
};

using Op = std::variant<SumOp, PoolOp, ActivateOp, CopyOp, FlattenOp>;

/// Rows of the output.
[[nodiscard]] int rows_of(const Op& op);
void run(const Kernels& kernels, const Op& op, float* arena, Rows rows);

}  // namespace pollard::sparse
