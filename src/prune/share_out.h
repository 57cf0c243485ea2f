// Whole parts of a whole: proportional, capped, and of exactly the asked sum.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pollard {

/// Shares `total` out in proportion to `weights`, no part above its cap. While a part would be more
/// than its cap, the one with the largest weight / cap gets its cap, and the others share the rest.
/// The rounding is by largest remainder, equal ones to the earlier part, and in exact arithmetic.
/// Where all weights left are 0, the rest is shared in proportion to the caps. Throws
/// Error{Internal} unless 0 <= total <= sum of the caps.
[[nodiscard]] std::vector<std::int64_t> share_out(std::int64_t total,
                                                  std::vector<std::int64_t> weights,
                                                  std::span<const std::int64_t> caps);

}  // namespace pollard
