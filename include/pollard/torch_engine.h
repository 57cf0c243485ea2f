// The dense engine: LibTorch with autograd, on the CPU or CUDA.
#pragma once

#include <memory>
#include <string>

#include "pollard/engine.h"

namespace pollard {

struct TorchEngineSettings {
  std::string device = "cpu";  // "cpu", "cuda", "cuda:1"
  bool channels_last = true;
  /// Fused batch norm + (add) + ReLU on the CPU. Off: LibTorch's own kernels, one by one.
  bool fused = true;
  double label_smoothing = 0;
  /// Training steps take convolutions and linear layers in bfloat16. Parameters, gradients, batch
  /// norm, loss and evaluation stay float32.
  bool amp = false;
};

/// Parameters start at zero: call load_state(). Throws Error{Config} for a device that is not
/// there.
[[nodiscard]] std::unique_ptr<Engine> make_torch_engine(const Graph& graph,
                                                        const TorchEngineSettings& settings);

}  // namespace pollard
