// Histograms of magnitudes over many tensors: what the radix selection stands on.
//
// |score| is taken as the 31 bits of its float, which order like the number. Work is cut into
// blocks of the tensors, which threads take as they come; counts are summed, so they do not depend
// on who did what.
#pragma once

#include <omp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace pollard::radix {

constexpr std::size_t kBlock = 4096;   // entries; the gathered magnitudes stay in the L1 cache
constexpr std::size_t kLanes = 2;      // histograms a thread fills in turn, see add_counts
constexpr std::size_t kMinShare = 16;  // blocks that are worth a thread

struct Block {
  std::size_t item;
  const float* scores;
  std::uint8_t* keep;
  std::size_t size;
};

using Magnitudes = std::array<std::uint32_t, kBlock>;

inline std::uint32_t magnitude(float score) {
  return std::bit_cast<std::uint32_t>(score) & 0x7fffffffu;
}

inline int thread_count(std::size_t blocks) {
  return static_cast<int>(std::clamp(blocks / kMinShare, std::size_t{1},
                                     static_cast<std::size_t>(omp_get_max_threads())));
}

/// A range of magnitudes, its end excluded.
struct Range {
  std::uint32_t begin, end;

  [[nodiscard]] bool holds(std::uint32_t bits) const { return bits - begin < end - begin; }
};

/// A range cut into buckets of 2^shift magnitudes.
struct Buckets {
  Range range;
  unsigned shift;

  [[nodiscard]] std::size_t size() const { return (range.end - range.begin) >> shift; }
  [[nodiscard]] std::size_t of(std::uint32_t bits) const { return (bits - range.begin) >> shift; }
  [[nodiscard]] Range bucket(std::size_t index) const {
    const std::uint32_t begin = range.begin + (static_cast<std::uint32_t>(index) << shift);
    return {begin, begin + (1u << shift)};
  }
};

/// The magnitudes of what is kept so far and `wanted`. Often most entries are masked, so eight at
/// once are passed over; within eight there is no branch to guess wrong.
template <typename Wanted>
std::size_t gather(const Block& block, Magnitudes& out, Wanted wanted) {
  std::size_t count = 0;
  const auto take = [&](std::size_t i) {
    const std::uint32_t bits = magnitude(block.scores[i]);
    out[count] = bits;
    count += static_cast<std::size_t>(block.keep[i] != 0) & static_cast<std::size_t>(wanted(bits));
  };
  std::size_t i = 0;
  for (std::uint64_t eight = 0; i + sizeof eight <= block.size; i += sizeof eight) {
    std::memcpy(&eight, block.keep + i, sizeof eight);
    if (eight == 0) continue;
    for (std::size_t j = 0; j < sizeof eight; ++j) take(i + j);
  }
  for (; i < block.size; ++i) take(i);
  return count;
}

/// Neighbours often fall into the same bucket, and a counter that was just written is slow to read
/// back: so neighbours count in different lanes.
inline void add_counts(std::span<const std::uint32_t> magnitudes, const Buckets& buckets,
                       std::uint32_t* histogram) {
  const std::size_t size = buckets.size();
  std::size_t i = 0;
  for (; i + kLanes <= magnitudes.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      ++histogram[lane * size + buckets.of(magnitudes[i + lane])];
    }
  }
  for (; i < magnitudes.size(); ++i) ++histogram[buckets.of(magnitudes[i])];
}

/// The histogram of what gather(block, out) finds in each block; all of it must lie in the range.
template <typename Gather>
std::vector<std::int64_t> count_buckets(std::span<const Block> blocks, const Buckets& buckets,
                                        Gather gather) {
  const int threads = thread_count(blocks.size());
  const std::size_t size = buckets.size();
  std::vector<std::uint32_t> lanes(static_cast<std::size_t>(threads) * kLanes * size);
  std::vector<std::int64_t> total(size);
#pragma omp parallel num_threads(threads)
  {
    std::uint32_t* histogram =
        lanes.data() + static_cast<std::size_t>(omp_get_thread_num()) * kLanes * size;
    Magnitudes magnitudes;
#pragma omp for schedule(dynamic, kMinShare)
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      const std::size_t count = gather(blocks[b], magnitudes);
      add_counts({magnitudes.data(), count}, buckets, histogram);
    }
#pragma omp for schedule(static)
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t lane = i; lane < lanes.size(); lane += size) total[i] += lanes[lane];
    }
  }
  return total;
}

}  // namespace pollard::radix
