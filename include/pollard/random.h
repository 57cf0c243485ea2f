// Addressed randomness: every draw is a pure function of (seed, purpose, epoch, index, position).
//
// The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
// SC 2011). The key is a hash of (seed, purpose); the counter holds (position/4, index, epoch). So
// draws do not depend on who draws first: batches are the same with any number of threads, and a
// resumed run continues bit for bit.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace pollard {

/// What a stream of draws is for. The numbers are part of the run's identity: never renumber.
enum class Purpose : std::uint32_t {
  Initialization = 1,
  Shuffle = 2,
  Augmentation = 3,
  Dropout = 4,
  Selection = 5,      // subsets of the data
  RandomPruning = 6,  // a score for each weight
  Timing = 7,         // orders in which contenders run
  Part = 8,           // which part of a picture is looked at
  Bootstrap = 9,      // samples of results
  Testing = 100,
};

/// One Philox4x32-10 block.
[[nodiscard]] std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                      std::array<std::uint32_t, 2> key);

/// The stream at one address. Copying it copies its position.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, Purpose purpose, std::uint32_t epoch, std::uint64_t index);

  [[nodiscard]] std::uint32_t next_u32();
  /// Uniform in [0, 1), 24 bits.
  [[nodiscard]] float uniform();
  /// Uniform in [0, bound); unbiased. `bound` must not be 0.
  [[nodiscard]] std::uint32_t below(std::uint32_t bound);
  /// Standard normal (Box-Muller).
  [[nodiscard]] float normal();

 private:
  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;
  std::array<std::uint32_t, 4> block_{};
  unsigned used_ = 4;
};

/// A permutation of 0..count-1 (Fisher-Yates), addressed by (seed, purpose, epoch).
[[nodiscard]] std::vector<std::uint32_t> permutation(std::uint32_t count, std::uint64_t seed,
                                                     Purpose purpose, std::uint32_t epoch);

}  // namespace pollard
