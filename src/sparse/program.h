// A network in one packing, for `images` images at a time: ops with their weights, and arenas to
// run them in. Any number of threads may run a program, each in an arena of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "pollard/tensor.h"
#include "sparse/bands.h"
#include "sparse/choose.h"
#include "sparse/fuse.h"
#include "sparse/layer_weights.h"
#include "sparse/lower.h"
#include "sparse/network.h"

namespace pollard::sparse {

/// Zeroed floats at a cache line's start.
class Arena {
 public:
  Arena() = default;
  explicit Arena(const Lowered& lowered);
  [[nodiscard]] float* data() const { return memory_.get(); }
  [[nodiscard]] std::int64_t size() const { return size_; }

 private:
  struct Free {
    void operator()(float* memory) const;
  };
  std::unique_ptr<float[], Free> memory_;
  std::int64_t size_ = 0;
};

class Program {
 public:
  Program(const Steps& steps, const std::vector<LayerWeights>& weights, const Kernels& kernels,
          int images, const NetworkOptions& options);

  /// Other values of the same weights.
  void set_weights(const std::vector<LayerWeights>& weights);

  [[nodiscard]] int images() const { return images_; }
  [[nodiscard]] Arena new_arena() const { return Arena(lowered_); }
  [[nodiscard]] const Lowered& lowered() const { return lowered_; }
  /// Of each op; of those that have no choice: nothing of interest.
  [[nodiscard]] const std::vector<Decision>& decisions() const { return decisions_; }
  [[nodiscard]] std::int64_t weight_bytes() const;

  /// The order in which to compute all rows: by the options or a rule, until it is set.
  void set_banding(const Banding& banding);
  [[nodiscard]] const Banding& banding() const { return banding_; }
  [[nodiscard]] std::span<const Band> bands() const { return bands_; }

  void load(const Arena& arena, const float* images, std::int64_t count, ImageOrder order) const;
  void run_op(std::size_t op, const Arena& arena, int thread = 0, int threads = 1) const;
  void run_band(const Band& band, const Arena& arena) const;
  void store(const Arena& arena, std::int64_t count, float* values) const;

 private:
  void choose(SumOp& op, const LayerWeights& weights, Chooser& chooser, const Arena& arena,
              Decision& decision);

  const Kernels& kernels_;
  int images_;
  Lowered lowered_;
  std::vector<Decision> decisions_;
  Banding banding_;
  std::vector<Band> bands_;
};

}  // namespace pollard::sparse
