// Exact selection: the k entries of largest magnitude over many tensors at once, without sorting.
//
// |w| as an unsigned integer orders like |w|, so one histogram of its upper bits finds the bucket
// that holds the k-th entry, and a second look inside that bucket the exact threshold and the
// number of ties to keep. Cost: two passes over the scores plus one that writes the masks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pollard/masks.h"

namespace pollard {

/// One tensor of scores and where to write which entries are kept. All spans have the same length.
struct SelectionItem {
  std::span<const float> scores;  // the magnitude counts; the sign does not
  std::span<std::uint8_t> keep;  // out: 1 for the selected. In: entries that are 0 are not eligible
};

/// Keeps exactly `count` of the eligible entries (keep[i] != 0), those of largest |score|. Equal
/// magnitudes: the earlier item, then the smaller index is kept. Throws Error{Input} if a score is
/// not finite, Error{Config} if count exceeds the eligible entries or is negative. Deterministic
/// for any number of threads.
void select_largest(std::span<SelectionItem> items, std::int64_t count);

/// Global magnitude pruning: shrinks `masks` to `count` kept weights in all, by |weight| in `state`
/// (F32). Masks only shrink: what is masked already stays masked.
void prune_global(MaskSet& masks, const TensorMap& state, std::int64_t count);

/// round(x) with halves to even, as the field's reference code does.
[[nodiscard]] std::int64_t round_half_even(double value);

/// What stays of `weights` weights at a sparsity: N - round(S N), halves to even.
[[nodiscard]] std::int64_t kept_at(std::int64_t weights, double sparsity);

}  // namespace pollard
