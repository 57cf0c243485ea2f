// A pruned network, compiled for inference on this CPU: batch norm folded into convolutions, ReLU
// and residual sums fused into their epilogues, the weights that are zero left out.
//
// Batches run in blocks of Kernels::lanes images ([row][channel][x][image]), single images in the
// spatial layout. Whatever a graph holds runs; a layer is computed densely where that is faster.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pollard/graph.h"
#include "pollard/tensor.h"
#include "sparse/kernels.h"

namespace pollard::sparse {

enum class ImageOrder { ChannelsFirst, ChannelsLast };  // N,C,H,W or N,H,W,C

/// How a layer is computed.
enum class Path { Auto, Sparse, Dense };

/// In which order ops compute their rows (bands.h).
struct Banding {
  int ops = 1;             // that go on together, at most; 1: one after another, all rows at once
  int rows = 0;            // of a band
  std::int64_t bytes = 0;  // ops of smaller maps run alone
  bool operator==(const Banding&) const = default;
};

struct NetworkOptions {
  int threads = 1;                      // 0: all this process may use
  const Kernels* kernels = nullptr;     // null: the best of this CPU
  Path path = Path::Auto;               // Auto: per layer and layout, as measured
  bool measure = true;                  // false: Auto goes by density alone, which repeats exactly
  std::int64_t batch = 0;               // the batch to plan for; 0: any
  std::optional<Banding> banding = {};  // none: as measured, or by a rule
};

/// What the planner decided for a layer, and why.
struct LayerPlan {
  std::string name;       // the node
  std::string operation;  // "Conv 3x3 /2", "Gemm"
  double density = 1;
  std::int64_t kept = 0, weights = 0;
  std::int64_t dense_multiply_adds = 0;  // an image
  bool sparse = false;                   // the path taken in the blocked layout
  double sparse_ms = 0, dense_ms = 0;    // measured for one block; 0: not measured
  int tile_rows = 0, tile_vectors = 0;
};

class Network {
 public:
  /// Weights that are zero are left out; with `masks` (U8, under the weights' names) exactly those
  /// that a mask leaves out, so that update() may bring any values for the others.
  /// Throws Error{Input} naming a tensor that is missing or has another shape or type.
  Network(const Graph& graph, const TensorMap& state, const NetworkOptions& options,
          const TensorMap* masks = nullptr);
  ~Network();
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;

  /// Other values for the same weights; running statistics and the like too.
  void update(const TensorMap& state);

  /// images: count x the input's size; outputs: count x classes. Allocates nothing once it has seen
  /// a batch of this size. Not from two threads at once.
  void run(std::span<const float> images, std::int64_t count, std::span<float> outputs,
           ImageOrder order = ImageOrder::ChannelsFirst);

  [[nodiscard]] std::int64_t inputs() const;   // floats an image
  [[nodiscard]] std::int64_t outputs() const;  // floats an image
  [[nodiscard]] ImageShape input_shape() const;
  [[nodiscard]] int threads() const;
  [[nodiscard]] const std::vector<LayerPlan>& plan() const;
  /// Bytes of weights and of workspace held now.
  [[nodiscard]] std::int64_t memory() const;
  /// Seconds each of plan()'s layers took in the last run, if `on`. Costs a little.
  void profile(bool on);
  [[nodiscard]] std::span<const double> layer_seconds() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pollard::sparse
