// How fast contenders are, side by side.
//
// On a shared machine whatever runs at another minute runs on another machine. So contenders take
// turns in one process, each round in another order, and medians are compared. A turn is one call
// that does not count, which brings back what the others have pushed out of the caches, and as many
// calls as last some time.
//
// That is still unfair to dense networks, whose memory is large: they are slower in turns than when
// they run alone. So these also run alone, and their better median counts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/statistics.h"
#include "speed/contender.h"

namespace pollard {

struct RaceSettings {
  int rounds = 10;
  double turn_seconds = 0.05;  // a turn has at least one call
  std::uint64_t seed = 1;      // of the orders
};

/// Seconds of a call of each contender. `finished`: called after each round with its number,
/// from 1.
[[nodiscard]] std::vector<Spread> race(std::span<const std::unique_ptr<Contender>> contenders,
                                       const RaceSettings& settings,
                                       const std::function<void(int)>& finished = {});

/// One contender alone, warmed up: as many calls as it had in a race, or more.
[[nodiscard]] Spread run_alone(Contender& contender, const RaceSettings& settings);

}  // namespace pollard
