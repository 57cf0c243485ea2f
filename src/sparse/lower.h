// Steps become passes over tensors of one packing: each value gets a layout with the halo that its
// readers need (and further copies of it where they need planes by parity, or another halo than
// zeros), each tensor a place in the arena.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pollard/tensor.h"
#include "sparse/fuse.h"
#include "sparse/kernels.h"
#include "sparse/ops.h"

namespace pollard::sparse {

/// One tensor in the arena. Tensors may share a place if they live at different times and are of
/// the same layout, so that nothing ever writes into a halo.
struct Tensor {
  Layout layout;
  float fill = 0;  // of the halo
  std::int64_t place = 0;
};

struct Lowered {
  std::vector<Tensor> tensors;
  std::vector<Op> ops;
  std::vector<int> steps;   // of each op: the step it belongs to
  std::vector<int> inputs;  // the tensors that the images are loaded into
  int output = -1;          // a tensor
  std::int64_t size = 0;    // floats of the arena
};

/// Of a packing: blocked with that many images, spatial with one. Weights are still to be set.
[[nodiscard]] Lowered lower(const Steps& steps, const Kernels& kernels, int images);

}  // namespace pollard::sparse
