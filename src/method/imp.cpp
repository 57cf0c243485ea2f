#include "method/imp.h"

#include <fmt/format.h>

#include <cmath>

#include "pollard/allocation.h"
#include "pollard/error.h"
#include "pollard/selection.h"

namespace pollard {

std::vector<std::int64_t> imp_kept(std::int64_t weights, double sparsity, std::int64_t cycles) {
  if (!(sparsity >= 0 && sparsity < 1)) {
    throw Error(ErrorCode::Config,
                fmt::format("prune.sparsity is {}, expected 0 or more and less than 1", sparsity));
  }
  if (cycles < 1)
    throw Error(ErrorCode::Config, fmt::format("prune.cycles is {}, expected 1 or more", cycles));
  std::vector<std::int64_t> kept;
  for (std::int64_t c = 1; c <= cycles; ++c) {
    // (1 - p)^c = (1 - S)^(c/n); the last is taken from S itself, free of the root's rounding.
    const double pruned =
        c == cycles
            ? sparsity
            : 1 - std::pow(1 - sparsity, static_cast<double>(c) / static_cast<double>(cycles));
    kept.push_back(weights - round_half_even(pruned * static_cast<double>(weights)));
  }
  return kept;
}

void imp_prune(Engine& engine, MaskSet& masks, std::int64_t kept, std::string_view allocation,
               std::uint64_t seed) {
  prune_by(allocation, masks, engine.state(), kept, seed);
  if (masks.kept() != kept) {
    throw Error(ErrorCode::Internal,
                fmt::format("pruning kept {} weights, {} were asked for", masks.kept(), kept));
  }
  engine.set_masks(masks.to_tensors());
}

void FixedMasks::attach(const MethodContext& context) {
  context.engine.set_masks(masks_.to_tensors());
}

}  // namespace pollard
