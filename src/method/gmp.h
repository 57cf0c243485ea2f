// GMP, gradual magnitude pruning (Zhu & Gupta 2017). With E epochs, an update every g of them, the
// last one at t_end = (floor(E / g) - 1) g, and the goal S:
//
//   s_t = S - S (1 - t / t_end)^3,   t = g, 2g, ..., t_end
//
// After each of these epochs N - round(s_t N) weights of largest magnitude are kept; the last
// epochs recover. permanent: what is pruned stays pruned. recovering: the mask acts in the forward
// pass only and is chosen anew from all weights; pruned ones get no gradient and only decay.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/parameters.h"
#include "pollard/method.h"

namespace pollard {

/// S (1 - (1 - done)^3); exactly `goal` from done = 1 on.
[[nodiscard]] double cubic_rise(double goal, double done);

/// The sparsity in force after `epoch` epochs of `epochs`; 0 before the first update, exactly
/// `goal` from the last one on. Needs 2 * interval <= epochs.
[[nodiscard]] double gmp_sparsity(double goal, std::int64_t epoch, std::int64_t epochs,
                                  std::int64_t interval);

/// Throws Error{Config} unless 2 * interval <= epochs. `method`: whose schedule it is.
void check_gmp_interval(std::string_view method, std::int64_t interval, std::int64_t epochs);

struct GmpSettings {
  std::int64_t interval = 1;  // epochs between updates
  bool recovering = false;
  std::string allocation = "global";
};

void declare_gmp(ParameterTable& table);
[[nodiscard]] std::unique_ptr<Method> make_gmp(const GmpSettings& settings);
[[nodiscard]] std::unique_ptr<Method> make_gmp(const Config& config);

}  // namespace pollard
