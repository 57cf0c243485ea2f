// A network as a chain of oneDNN primitives, as fast as its blocked layouts allow: the strongest
// dense opponent there is on a CPU.
//
// Batch norm is folded, bias, residual sum and activation are post-ops, every convolution chooses
// its layouts ("any"), weights are reordered once, and all primitives are created once, for one
// batch size and the number of OpenMP threads of that moment. Memory is used again as soon as its
// value is no longer read, the most recently freed first.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pollard/graph.h"

namespace pollard {

class DnnlChain {
 public:
  /// Throws Error{Config} saying why where there is no such chain: Pollard was built without
  /// oneDNN, or a node is beyond it.
  DnnlChain(const Graph& graph, const TensorMap& state, std::int64_t batch);
  ~DnnlChain();
  DnnlChain(DnnlChain&&) noexcept;
  DnnlChain& operator=(DnnlChain&&) noexcept;

  /// images: batch x C x H x W; outputs: batch x classes.
  void run(std::span<const float> images, std::span<float> outputs);

  /// Seconds that each step took in the last run, if `on`. Reorders count to the step they serve.
  void profile(bool on);
  [[nodiscard]] std::span<const double> step_seconds() const;
  /// The nodes that compute in each step.
  [[nodiscard]] const std::vector<std::string>& step_names() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// "2.6.3"; "" where Pollard was built without oneDNN.
[[nodiscard]] std::string dnnl_version();

}  // namespace pollard
