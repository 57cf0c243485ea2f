// From an allocation's name to masks.
#include "pollard/allocation.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/nearest.h"
#include "pollard/error.h"
#include "pollard/random.h"
#include "pollard/selection.h"
#include "prune/lamp.h"
#include "prune/weights.h"

namespace pollard {
namespace {

enum class By { AllWeights, Shapes, Scores, Chance };
struct Allocation {
  std::string_view name;
  By by;
};
constexpr Allocation kAllocations[] = {{"global", By::AllWeights}, {"uniform", By::Shapes},
                                       {"uniform+", By::Shapes},   {"erk", By::Shapes},
                                       {"lamp", By::Scores},       {"random", By::Chance}};

By kind_of(std::string_view name) {
  const auto found = std::ranges::find(kAllocations, name, &Allocation::name);
  if (found != std::end(kAllocations)) return found->by;
  const std::string meant = nearest(name, allocation_names());
  throw Error(ErrorCode::Config, fmt::format("prune.allocation='{}' is not an allocation", name),
              meant.empty() ? "global is one" : fmt::format("did you mean '{}'?", meant));
}

void check_kept(const MaskSet& masks, std::int64_t kept) {
  const std::int64_t survivors = masks.kept();
  if (kept >= 0 && kept <= survivors) return;
  throw Error(ErrorCode::Config,
              fmt::format("cannot keep {} weights: {} are left", kept, survivors),
              fmt::format("keep between 0 and {}", survivors));
}

/// Leaves counts[l] weights of layer l, the largest.
void keep_largest(MaskSet& masks, const TensorMap& state, std::span<const std::int64_t> counts) {
  for (std::size_t l = 0; l < counts.size(); ++l) {
    Mask& mask = masks.masks()[l];
    SelectionItem layer{weights_of(state, mask.name, mask.shape), mask.keep};
    select_largest({&layer, 1}, counts[l]);
  }
}

std::vector<std::int64_t> counts_by_shapes(std::string_view allocation, const MaskSet& masks,
                                           std::int64_t kept) {
  std::vector<Shape> layers;
  std::vector<std::int64_t> survivors;
  for (const Mask& mask : masks.masks()) {
    layers.push_back(mask.shape);
    survivors.push_back(mask.kept());
  }
  return layer_counts(allocation, layers, kept, survivors);
}

/// Every weight has a number of its own, whatever was pruned before, and the largest numbers stay.
void prune_randomly(MaskSet& masks, std::int64_t kept, std::uint64_t seed) {
  std::vector<std::vector<float>> scores;
  std::vector<SelectionItem> items;
  for (Mask& mask : masks.masks()) {
    RandomStream draw(seed, Purpose::RandomPruning, 0, scores.size());
    std::vector<float>& layer = scores.emplace_back(mask.keep.size());
    for (float& score : layer) score = draw.uniform();
    items.push_back({layer, mask.keep});
  }
  select_largest(items, kept);
}

}  // namespace

std::vector<std::string> allocation_names() {
  std::vector<std::string> names;
  for (const Allocation& allocation : kAllocations) names.emplace_back(allocation.name);
  return names;
}

bool is_determined_by_shapes(std::string_view allocation) {
  return kind_of(allocation) == By::Shapes;
}

void prune_by(std::string_view allocation, MaskSet& masks, const TensorMap& state,
              std::int64_t kept, std::uint64_t seed) {
  const By kind = kind_of(allocation);
  if (kind == By::AllWeights) return prune_global(masks, state, kept);
  check_kept(masks, kept);
  check_finite(masks, state);
  if (kind == By::Chance) return prune_randomly(masks, kept, seed);
  keep_largest(masks, state,
               kind == By::Scores ? lamp_counts(masks, state, kept)
                                  : counts_by_shapes(allocation, masks, kept));
}

}  // namespace pollard
