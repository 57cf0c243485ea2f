#include "prune/lamp.h"

#include <algorithm>
#include <bit>

#include "prune/histogram.h"
#include "prune/weights.h"

namespace pollard {
namespace {

/// Of the survivors, in descending order.
std::vector<double> layer_scores(const Mask& mask, std::span<const float> weights) {
  std::vector<std::uint32_t> magnitudes;
  magnitudes.reserve(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (mask.keep[i] != 0) magnitudes.push_back(radix::magnitude(weights[i]));
  }
  std::ranges::sort(magnitudes, std::greater());
  std::vector<double> scores(magnitudes.size());
  double sum = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const double weight = std::bit_cast<float>(magnitudes[i]);
    sum += weight * weight;
    scores[i] = sum > 0 ? weight * weight / sum : 0;
  }
  if (!scores.empty()) scores[0] = 1;  // also where all weights are 0
  return scores;
}

/// How many scores of each layer have at least these bits. Scores are not negative, so their bits
/// order like they do.
std::vector<std::int64_t> count_from(const std::vector<std::vector<double>>& layers,
                                     std::uint64_t bits) {
  std::vector<std::int64_t> counts;
  for (const std::vector<double>& scores : layers) {
    const auto end = std::ranges::partition_point(
        scores, [&](double score) { return std::bit_cast<std::uint64_t>(score) >= bits; });
    counts.push_back(end - scores.begin());
  }
  return counts;
}

std::int64_t sum(const std::vector<std::int64_t>& counts) {
  std::int64_t total = 0;
  for (const std::int64_t count : counts) total += count;
  return total;
}

}  // namespace

std::vector<std::int64_t> lamp_counts(const MaskSet& masks, const TensorMap& state,
                                      std::int64_t kept) {
  const std::vector<Mask>& all = masks.masks();
  std::vector<std::span<const float>> weights;
  for (const Mask& mask : all) weights.push_back(weights_of(state, mask.name, mask.shape));
  std::vector<std::vector<double>> layers(all.size());
#pragma omp parallel for schedule(dynamic)
  for (std::size_t l = 0; l < all.size(); ++l) layers[l] = layer_scores(all[l], weights[l]);

  // The largest threshold that `kept` scores reach, between one that all reach and one that none
  // does.
  std::uint64_t reached = 0, above = std::bit_cast<std::uint64_t>(1.0) + 1;
  while (above - reached > 1) {
    const std::uint64_t middle = reached + (above - reached) / 2;
    (sum(count_from(layers, middle)) >= kept ? reached : above) = middle;
  }
  std::vector<std::int64_t> counts = count_from(layers, above);
  const std::vector<std::int64_t> with_ties = count_from(layers, reached);
  std::int64_t left = kept - sum(counts);
  for (std::size_t l = 0; l < counts.size(); ++l) {
    const std::int64_t ties = std::min(with_ties[l] - counts[l], left);
    counts[l] += ties;
    left -= ties;
  }
  return counts;
}

}  // namespace pollard
