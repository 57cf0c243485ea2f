// One batch size on a number of threads: everything that bench.json says of it.
#pragma once

#include <nlohmann/json.hpp>
#include <span>

#include "speed/speed.h"

namespace pollard {

struct SpeedCase {
  const Graph& graph;
  const TensorMap& dense;
  std::span<const PrunedNetwork> networks;
  const SpeedSettings& settings;
  std::int64_t batch;
  int threads;
};

/// Opponents that are not there are added to `unavailable`.
[[nodiscard]] nlohmann::json measure_case(const SpeedCase& what, nlohmann::json& unavailable,
                                          Progress& progress);

}  // namespace pollard
