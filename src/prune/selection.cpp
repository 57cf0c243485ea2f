// The radix selection, on the 31 bits of |score|:
//
//   1. histogram of the upper 18 bits of all eligible scores (12 where there are few, so that the
//      histogram does not cost more than the scores): finds the bucket that holds the count-th
//      largest score;
//   2. keep = at or above that bucket; the blocks that hold entries of the bucket itself are noted;
//   3. in those blocks only, histograms of the lower bits of the bucket's entries: find the score
//      itself, the threshold; what is below it goes, and of the entries equal to it the last ones.
//
// So memory is read twice in whole and once more in part: it is memory that this waits for. Blocks
// stand in the order of the items and ties are ranked by block, so any number of threads gives the
// same masks.
#include "pollard/selection.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <string>

#include "pollard/error.h"
#include "prune/histogram.h"

namespace pollard {
namespace {

using namespace radix;

constexpr Range kAll{0, 1u << 31};
constexpr unsigned kUpperShift = 31 - 18, kUpperShiftOfFew = 31 - 12;
constexpr unsigned kLowerBits = 13;
constexpr std::size_t kFew = 256;  // blocks

std::vector<Block> cut_into_blocks(std::span<SelectionItem> items) {
  std::vector<Block> blocks;
  for (std::size_t item = 0; item < items.size(); ++item) {
    const auto [scores, keep] = items[item];
    if (scores.size() != keep.size()) {
      throw Error(ErrorCode::Input, fmt::format("selection item {} has {} scores for {} entries",
                                                item, scores.size(), keep.size()));
    }
    for (std::size_t begin = 0; begin < scores.size(); begin += kBlock) {
      blocks.push_back({item, scores.data() + begin, keep.data() + begin,
                        std::min(kBlock, scores.size() - begin)});
    }
  }
  return blocks;
}

bool all_finite(const Block& block) {
  // Adding one to the exponent reaches the sign bit exactly where the exponent is all ones.
  std::uint32_t seen = 0;
#pragma omp simd reduction(| : seen)
  for (std::size_t i = 0; i < block.size; ++i) seen |= magnitude(block.scores[i]) + 0x00800000u;
  return seen < 0x80000000u;
}

std::size_t gather_eligible(const Block& block, Magnitudes& out) {
  const bool all_eligible = std::memchr(block.keep, 0, block.size) == nullptr;
  if (!all_eligible) return gather(block, out, [](std::uint32_t) { return true; });
#pragma omp simd
  for (std::size_t i = 0; i < block.size; ++i) out[i] = magnitude(block.scores[i]);
  return block.size;
}

[[noreturn]] void throw_not_finite(std::span<const SelectionItem> items, std::size_t item) {
  const auto scores = items[item].scores;
  const auto bad =
      std::find_if(scores.begin(), scores.end(), [](float score) { return !std::isfinite(score); });
  throw Error(ErrorCode::Input,
              fmt::format("selection item {} has the score {} at index {}; expected finite scores",
                          item, *bad, bad - scores.begin()),
              "look for a diverged training or a damaged file");
}

/// The histogram of what is eligible; every score must be finite.
std::vector<std::int64_t> count_eligible(std::span<const SelectionItem> items,
                                         std::span<const Block> blocks, const Buckets& buckets) {
  std::vector<std::uint8_t> finite(blocks.size());
  std::vector<std::int64_t> counts =
      count_buckets(blocks, buckets, [&](const Block& block, Magnitudes& out) -> std::size_t {
        const bool good = all_finite(block);
        finite[static_cast<std::size_t>(&block - blocks.data())] = good;
        return good ? gather_eligible(block, out) : 0;
      });
  const auto bad = std::ranges::find(finite, std::uint8_t{0});
  if (bad != finite.end()) {
    throw_not_finite(items, blocks[static_cast<std::size_t>(bad - finite.begin())].item);
  }
  return counts;
}

struct Found {
  std::size_t bucket;
  std::int64_t wanted;  // of the bucket's own entries
};

/// The bucket that holds the count-th entry from the top.
Found find_from_top(std::span<const std::int64_t> histogram, std::int64_t count) {
  std::size_t bucket = histogram.size() - 1;
  for (; bucket > 0 && histogram[bucket] < count; --bucket) count -= histogram[bucket];
  return {bucket, count};
}

/// Keeps what is kept so far and at or above the range; returns how much of that is in the range.
std::int64_t raise_block(const Block& block, Range range) {
  std::uint32_t inside = 0;
  const float* __restrict scores = block.scores;
  std::uint8_t* __restrict keep = block.keep;
#pragma omp simd reduction(+ : inside)
  for (std::size_t i = 0; i < block.size; ++i) {
    const std::uint32_t bits = magnitude(scores[i]);
    const std::uint32_t kept = static_cast<std::uint32_t>(keep[i] != 0) & (bits >= range.begin);
    keep[i] = static_cast<std::uint8_t>(kept);
    inside += kept & (bits < range.end);
  }
  return inside;
}

std::vector<std::int64_t> raise_masks(std::span<const Block> blocks, Range range) {
  std::vector<std::int64_t> inside(blocks.size());
#pragma omp parallel for schedule(dynamic, kMinShare) num_threads(thread_count(blocks.size()))
  for (std::size_t b = 0; b < blocks.size(); ++b) inside[b] = raise_block(blocks[b], range);
  return inside;
}

/// Drops the kept entries that equal the threshold, but for the first `wanted`.
void drop_ties(const Block& block, std::uint32_t threshold, std::int64_t wanted) {
  for (std::size_t i = 0; i < block.size; ++i) {
    if (block.keep[i] == 0 || magnitude(block.scores[i]) != threshold) continue;
    if (wanted-- <= 0) block.keep[i] = 0;
  }
}

void keep_first_ties(std::span<const Block> blocks, std::span<const std::int64_t> ties,
                     std::uint32_t threshold, std::int64_t wanted) {
  std::vector<std::int64_t> wanted_here(blocks.size());
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    wanted_here[b] = wanted;
    wanted = std::max(std::int64_t{0}, wanted - ties[b]);
  }
#pragma omp parallel for schedule(dynamic, kMinShare) num_threads(thread_count(blocks.size()))
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    if (ties[b] > wanted_here[b]) drop_ties(blocks[b], threshold, wanted_here[b]);
  }
}

/// Of the kept entries in the range, which lie in `blocks`, keeps only the `wanted` largest.
void refine(std::span<const Block> blocks, Range range, std::int64_t wanted) {
  while (range.end - range.begin > 1) {
    const auto bits = static_cast<unsigned>(std::bit_width(range.end - range.begin - 1));
    const Buckets buckets{range, std::max(bits, kLowerBits) - kLowerBits};
    const std::vector<std::int64_t> counts =
        count_buckets(blocks, buckets, [&](const Block& block, Magnitudes& out) {
          return gather(block, out,
                        [&](std::uint32_t magnitude) { return range.holds(magnitude); });
        });
    const Found found = find_from_top(counts, wanted);
    range = buckets.bucket(found.bucket);
    wanted = found.wanted;
  }
  const std::vector<std::int64_t> ties = raise_masks(blocks, range);
  keep_first_ties(blocks, ties, range.begin, wanted);
}

}  // namespace

void select_largest(std::span<SelectionItem> items, std::int64_t count) {
  const std::vector<Block> blocks = cut_into_blocks(items);
  const Buckets buckets{kAll, blocks.size() < kFew ? kUpperShiftOfFew : kUpperShift};
  const std::vector<std::int64_t> counts = count_eligible(items, blocks, buckets);
  const std::int64_t eligible = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  if (count < 0 || count > eligible) {
    throw Error(ErrorCode::Config,
                fmt::format("cannot keep {} of {} eligible entries", count, eligible),
                fmt::format("keep between 0 and {}", eligible));
  }
  if (count == 0) {
    for (const SelectionItem& item : items) std::ranges::fill(item.keep, std::uint8_t{0});
    return;
  }
  const Found found = find_from_top(counts, count);
  const Range range = buckets.bucket(found.bucket);
  const std::vector<std::int64_t> inside = raise_masks(blocks, range);
  if (found.wanted == counts[found.bucket]) return;
  std::vector<Block> contested;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    if (inside[b] > 0) contested.push_back(blocks[b]);
  }
  refine(contested, range, found.wanted);
}

}  // namespace pollard
