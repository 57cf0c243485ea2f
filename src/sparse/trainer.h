// Retraining under fixed masks: a whole graph forward and backward in the blocked layout, with the
// weights that are left only. No LibTorch: the caller owns parameters and gradients as plain dense
// arrays, and steps them as it likes.
//
// Masked weights are taken to be zero and their gradients are not computed (they are not written,
// so they stay what the caller made them, zero). Everything repeats bit for bit for a given number
// of threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pollard/graph.h"
#include "pollard/tensor.h"
#include "sparse/kernels.h"

namespace pollard::sparse {

struct TrainerOptions {
  int threads = 1;                   // 0: all this process may use
  const Kernels* kernels = nullptr;  // null: the best of this CPU
  double label_smoothing = 0;
};

/// Sums over the batch.
struct StepResult {
  double loss = 0;  // sum over images of the cross-entropy
  std::int64_t top1 = 0, top5 = 0;
};

/// For what is drawn within a step (dropout).
struct DrawAddress {
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  std::int64_t step = 0;
};

struct TimedPart {
  std::string name;  // "layer1.0.conv1 forward", ...
  double seconds = 0;
};

class Trainer {
 public:
  /// masks: U8 under the weights' names; a weight without one is dense. Throws Error{Input} naming
  /// a mask of another shape, Error{Config} naming a node it cannot train.
  Trainer(const Graph& graph, const TensorMap& masks, const TrainerOptions& options);
  ~Trainer();

  /// Where a parameter lives, as in the graph (row-major): values are read at each step, gradients
  /// of the mean loss are written by it (none for running statistics, whose values are written).
  /// All must be bound before the first step; the memory must stay.
  void bind(std::string_view parameter, std::span<float> value, std::span<float> gradient);

  /// Training mode. images: count x H x W x C.
  StepResult forward_backward(std::span<const float> images, std::span<const std::int64_t> labels,
                              const DrawAddress& address);
  /// Evaluation mode. outputs: count x classes.
  void predict(std::span<const float> images, std::int64_t count, std::span<float> outputs);
  /// The same, and the loss.
  StepResult evaluate(std::span<const float> images, std::span<const std::int64_t> labels);
  /// Forward with the batch's statistics and without dropout: running statistics become
  /// (1 - weight) * running + weight * batch's.
  void observe_statistics(std::span<const float> images, std::int64_t count, double weight);

  /// Whether the loss depends on this parameter; if not, its gradient is never written.
  [[nodiscard]] bool depends_on(std::string_view parameter) const;
  [[nodiscard]] int threads() const;
  /// Bytes of workspace held now.
  [[nodiscard]] std::int64_t memory() const;

  /// Seconds that the parts of forward_backward have taken since the last call, by what they are;
  /// the first call begins to count.
  [[nodiscard]] std::vector<TimedPart> take_profile();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pollard::sparse
