// Allocations that need nothing but shapes. Each is a sharing of the kept weights in proportion to
// a whole number of each layer, none above its size (share_out): so counts are exact, and ERK's
// loop, which makes the layer that overflows most dense and starts again, is share_out's own.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "pollard/allocation.h"
#include "pollard/error.h"
#include "prune/share_out.h"

namespace pollard {
namespace {

using Counts = std::vector<std::int64_t>;

constexpr std::size_t kConvolution = 4, kLinear = 2;  // dimensions of the weight

Counts sizes_of(std::span<const Shape> layers) {
  Counts sizes;
  for (const Shape& shape : layers) sizes.push_back(element_count(shape));
  return sizes;
}

std::int64_t sum(std::span<const std::int64_t> counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

Counts erk_weights(std::span<const Shape> layers) {
  Counts weights;
  for (const Shape& shape : layers) weights.push_back(sum(shape));
  return weights;
}

std::optional<std::size_t> last_linear(std::span<const Shape> layers) {
  for (std::size_t l = layers.size(); l-- > 0;) {
    if (layers[l].size() == kLinear) return l;
  }
  return std::nullopt;
}

[[noreturn]] void throw_infeasible(std::int64_t kept, std::int64_t least, std::int64_t all) {
  const auto sparsity = [&](std::int64_t left) {
    return 1 - static_cast<double>(left) / static_cast<double>(all);
  };
  constexpr double kDigits = 1e5;  // rounded down, so that what the hint says can be done
  throw Error(
      ErrorCode::Config,
      fmt::format("prune.sparsity is out of reach of prune.allocation=uniform+: {} of {} weights "
                  "({:.3f} % sparse) are less than the {} of its dense first convolution and the "
                  "fifth of its last linear layer; the limit is {:.2f} %",
                  kept, all, 100 * sparsity(kept), least, 100 * sparsity(least)),
      fmt::format("give prune.sparsity={:.5f} or less, or another prune.allocation",
                  std::floor(sparsity(least) * kDigits) / kDigits));
}

/// Uniform over what is left when the first convolution is dense; the last linear layer joins in as
/// long as that leaves it a fifth.
Counts uniform_plus(std::span<const Shape> layers, std::int64_t kept) {
  const Counts sizes = sizes_of(layers);
  const std::optional<std::size_t> last = last_linear(layers);
  const bool dense_first = !layers.empty() && layers[0].size() == kConvolution;
  const std::int64_t first = dense_first ? sizes[0] : 0;
  const std::int64_t fifth = last ? (sizes[*last] + 4) / 5 : 0;
  if (kept < first + fifth) throw_infeasible(kept, first + fifth, sum(sizes));

  Counts caps = sizes;
  if (dense_first) caps[0] = 0;
  Counts counts = share_out(kept - first, caps, caps);
  if (last && counts[*last] < fifth) {
    caps[*last] = 0;
    counts = share_out(kept - first - fifth, caps, caps);
    counts[*last] = fifth;
  }
  if (dense_first) counts[0] = first;
  return counts;
}

}  // namespace

std::vector<Shape> prunable_shapes(const Graph& graph) {
  std::vector<Shape> shapes;
  for (const ParameterInfo& parameter : graph.prunable_parameters())
    shapes.push_back(parameter.shape);
  return shapes;
}

Counts layer_counts(std::string_view allocation, std::span<const Shape> layers, std::int64_t kept,
                    std::span<const std::int64_t> survivors) {
  if (!is_determined_by_shapes(allocation)) {
    throw Error(ErrorCode::Internal,
                fmt::format("the layer counts of allocation '{}' depend on weights", allocation));
  }
  const Counts sizes = sizes_of(layers);
  if (!survivors.empty() && survivors.size() != sizes.size()) {
    throw Error(ErrorCode::Internal, fmt::format("{} counts of survivors for {} layers",
                                                 survivors.size(), sizes.size()));
  }
  const std::int64_t available = survivors.empty() ? sum(sizes) : sum(survivors);
  if (kept < 0 || kept > available) {
    throw Error(ErrorCode::Config, fmt::format("cannot keep {} of {} weights", kept, available),
                fmt::format("keep between 0 and {}", available));
  }
  Counts counts = allocation == "uniform+" ? uniform_plus(layers, kept)
                  : allocation == "erk"    ? share_out(kept, erk_weights(layers), sizes)
                                           : share_out(kept, sizes, sizes);
  if (survivors.empty()) return counts;
  return share_out(kept, std::move(counts), survivors);
}

}  // namespace pollard
