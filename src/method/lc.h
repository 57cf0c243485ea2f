// Learning-Compression: the IMP paper's simplification (lc.cpp) and the original (lc_original.cpp);
// docs/methods/lc.md.
#pragma once

#include <cstdint>
#include <memory>

#include "core/parameters.h"
#include "pollard/method.h"

namespace pollard {

/// How the penalty grows in a training of E epochs: by the factor a^j from epoch j floor(E/n) on,
/// j = 0 .. n-1.
struct LcGrowth {
  double factor = 1.1;      // a
  std::int64_t steps = 30;  // n

  /// Throws Error{Config} where there are fewer epochs than steps and the factor is not 1.
  void check(std::int64_t epochs) const;
  /// In epoch 0 .. epochs-1. Depends on the epoch alone, so there is nothing to save.
  [[nodiscard]] double in(std::int64_t epoch, std::int64_t epochs) const;
};

void declare_lc(ParameterTable& table);
/// Throws Error{Config} where train.epochs has no room for method.lc.steps, or nothing decays.
[[nodiscard]] std::unique_ptr<Method> make_lc(const Config& config);

/// `mu`: the penalty at the start.
[[nodiscard]] std::unique_ptr<Method> make_original_lc(double mu, const LcGrowth& growth);

}  // namespace pollard
