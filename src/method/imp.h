// Iterative magnitude pruning, and training under a mask that stays as it is.
//
// With n cycles to sparsity S, each cycle removes the fraction p = 1 - (1 - S)^(1/n) of the weights
// that remain; after cycle c exactly N - round((1 - (1 - p)^c) N) of N weights are kept, so the
// last cycle lands on N - round(S N). Renda et al. fix p (0.2) instead, and take the n = ceil(log(1
// - S) / log(1 - p)) cycles that reach S. Smallest |w| go first, over all layers together or as the
// allocation says; masks only shrink.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "pollard/masks.h"
#include "pollard/method.h"

namespace pollard {

/// The sparsity after each of `cycles` cycles. Throws Error{Config} unless 0 <= sparsity < 1 and
/// cycles >= 1.
[[nodiscard]] std::vector<double> imp_sparsities(double sparsity, std::int64_t cycles);
/// Weights kept then.
[[nodiscard]] std::vector<std::int64_t> imp_kept(std::int64_t weights, double sparsity,
                                                 std::int64_t cycles);

/// Cycles that remove the fraction `rate` of what remains until `sparsity` is reached. Throws
/// Error{Config} unless 0 <= sparsity < 1 and 0 < rate < 1.
[[nodiscard]] std::int64_t imp_cycles(double sparsity, double rate);
/// The sparsity after each of those cycles.
[[nodiscard]] std::vector<double> imp_sparsities_at_rate(double sparsity, double rate);

/// Shrinks `masks` to exactly `kept` weights by the weights in the engine, and puts them in force.
/// `seed`: of the allocation `random`; the others draw nothing. Throws as prune_by, and
/// Error{Internal} if the count that comes out is another.
void imp_prune(Engine& engine, MaskSet& masks, std::int64_t kept, std::string_view allocation,
               std::uint64_t seed = 0);

/// Training under fixed masks: the retraining phase of IMP, and with an empty mask set dense
/// training.
class FixedMasks final : public Method {
 public:
  explicit FixedMasks(MaskSet masks) : masks_(std::move(masks)) {}
  [[nodiscard]] std::string_view name() const override { return masks_.empty() ? "dense" : "imp"; }
  void attach(const MethodContext& context) override;
  [[nodiscard]] MaskSet finish() override { return masks_; }

 private:
  MaskSet masks_;
};

}  // namespace pollard
