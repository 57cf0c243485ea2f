#include "method/imp.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pollard/allocation.h"
#include "pollard/error.h"
#include "pollard/selection.h"

namespace pollard {

namespace {

void check_sparsity(double sparsity) {
  if (sparsity >= 0 && sparsity < 1) return;
  throw Error(ErrorCode::Config,
              fmt::format("prune.sparsity is {}, expected 0 or more and less than 1", sparsity));
}

}  // namespace

std::int64_t imp_cycles(double sparsity, double rate) {
  check_sparsity(sparsity);
  if (!(rate > 0 && rate < 1)) {
    throw Error(ErrorCode::Config,
                fmt::format("prune.rate is {}, expected more than 0 and less than 1", rate));
  }
  // Where a whole number of cycles lands on the sparsity itself, the logarithms may end just above.
  constexpr double kRounding = 1e-9;
  const double cycles = std::log(1 - sparsity) / std::log(1 - rate);
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(cycles - kRounding)));
}

std::vector<double> imp_sparsities_at_rate(double sparsity, double rate) {
  const std::int64_t cycles = imp_cycles(sparsity, rate);
  std::vector<double> after;
  for (std::int64_t c = 1; c <= cycles; ++c)
    after.push_back(1 - std::pow(1 - rate, static_cast<double>(c)));
  return after;
}

std::vector<double> imp_sparsities(double sparsity, std::int64_t cycles) {
  check_sparsity(sparsity);
  if (cycles < 1)
    throw Error(ErrorCode::Config, fmt::format("prune.cycles is {}, expected 1 or more", cycles));
  std::vector<double> after;
  for (std::int64_t c = 1; c < cycles; ++c) {  // (1 - p)^c = (1 - S)^(c/n)
    const double part = static_cast<double>(c) / static_cast<double>(cycles);
    after.push_back(1 - std::pow(1 - sparsity, part));
  }
  after.push_back(sparsity);  // itself, free of the root's rounding
  return after;
}

std::vector<std::int64_t> imp_kept(std::int64_t weights, double sparsity, std::int64_t cycles) {
  std::vector<std::int64_t> kept;
  for (const double after : imp_sparsities(sparsity, cycles))
    kept.push_back(kept_at(weights, after));
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
