// Global magnitude pruning: one threshold over all prunable weights.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pollard/error.h"
#include "pollard/selection.h"
#include "prune/weights.h"

namespace pollard {

void prune_global(MaskSet& masks, const TensorMap& state, std::int64_t count) {
  std::vector<SelectionItem> items;
  items.reserve(masks.masks().size());
  for (Mask& mask : masks.masks()) {
    items.push_back({weights_of(state, mask.name, mask.shape), mask.keep});
  }
  try {
    select_largest(items, count);
  } catch (const Error& error) {
    // select_largest() knows items by number; the user knows tensors by name.
    if (error.code() == ErrorCode::Input) check_finite(masks, state);
    throw;
  }
}

std::int64_t round_half_even(double value) {
  constexpr double kLimit = 9.0e18;  // just inside 64 bits
  if (!(std::abs(value) < kLimit)) {
    throw Error(ErrorCode::Internal, fmt::format("cannot round {} to a count", value));
  }
  const double down = std::floor(value);
  const double above = value - down;  // exact
  const auto whole = static_cast<std::int64_t>(down);
  if (above > 0.5 || (above == 0.5 && whole % 2 != 0)) return whole + 1;
  return whole;
}

std::int64_t kept_at(std::int64_t weights, double sparsity) {
  return weights - round_half_even(sparsity * static_cast<double>(weights));
}

}  // namespace pollard
