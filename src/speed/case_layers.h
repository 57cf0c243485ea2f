// The layers of a case: each network's, and the densities where sparse layers stop to pay.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "pollard/progress.h"
#include "speed/case.h"
#include "speed/layers.h"
#include "speed/pinning.h"

namespace pollard {

struct CaseLayers {
  const SpeedCase& what;
  const Images& images;
  Pinning& pinning;
  int threads;
  Progress& progress;
  std::int64_t done = 0;  // of steps()

  /// Networks to lay out and to run, of both: what `progress` is told of.
  [[nodiscard]] std::int64_t steps() const;
  /// The layers of every network: sparse, dense, and in the oneDNN chain where there is one.
  [[nodiscard]] nlohmann::json measure();
  /// By shape of layer. Every layer has the same density, whatever may be pruned.
  [[nodiscard]] nlohmann::json crossover();

 private:
  [[nodiscard]] std::vector<LayerTimes> time(std::span<LayeredContender* const> contenders);
  [[nodiscard]] std::unique_ptr<SparseContender> make(const TensorMap& state, sparse::Path path);
};

}  // namespace pollard
