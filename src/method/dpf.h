// DPF, dynamic pruning with feedback (Lin et al. 2020): the gradient is taken at the pruned
// weights, the step is made from the dense ones,
//
//   w <- w - rate * g(m * w)     with momentum and weight decay of the dense w
//
// so that what was pruned by mistake can come back. m keeps the largest |w| over all layers at the
// sparsity of GMP's curve with an update after every epoch, and is chosen anew every `interval`
// steps.
#pragma once

#include <cstdint>
#include <memory>

#include "core/parameters.h"
#include "pollard/method.h"

namespace pollard {

void declare_dpf(ParameterTable& table);
/// `interval`: steps between two choices of the mask.
[[nodiscard]] std::unique_ptr<Method> make_dpf(std::int64_t interval);
[[nodiscard]] std::unique_ptr<Method> make_dpf(const Config& config);

}  // namespace pollard
