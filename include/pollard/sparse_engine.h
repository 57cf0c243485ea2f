// The sparse engine: trains under masks that stay, and computes with the weights that are left
// only, so that a step gets faster as the network gets sparser. On the CPU.
#pragma once

#include <memory>

#include "pollard/engine.h"

namespace pollard {

struct SparseEngineSettings {
  int threads = 0;  // 0: all this process may use
  double label_smoothing = 0;
};

/// Its results are those of the dense engine under the same masks, up to rounding; it repeats bit
/// for bit for a given number of threads. `masks` as for Engine::set_masks(), which may change them
/// later. Gradients of masked weights are zero, whatever the loss.
///
/// Parameters start at zero: call load_state(). Throws Error{Config} naming a node it cannot train.
/// set_effective_weights() throws Error{Config} for anything but empty functions: methods that put
/// something in the place of weights, or need gradients of masked ones, need the dense engine.
[[nodiscard]] std::unique_ptr<Engine> make_sparse_engine(const Graph& graph, const TensorMap& masks,
                                                         const SparseEngineSettings& settings);

}  // namespace pollard
