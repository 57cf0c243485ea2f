// Theoretical against measured speed of pruned networks, as a record: the content of bench.json
// (docs/formats.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pollard/graph.h"
#include "pollard/progress.h"

namespace pollard {

/// Weights with zeros, and what they are called: "global 90 %".
struct PrunedNetwork {
  std::string name;
  std::string allocation;  // "": their zeros were there
  TensorMap state;
};

struct SpeedSettings {
  std::vector<std::int64_t> batches{1, 128};
  std::vector<int> threads{1};
  int rounds = 10;
  std::vector<double> crossover;  // densities to try; none: no crossover
  std::uint64_t seed = 1;
  std::filesystem::path onnxruntime;  // "": not measured
};

/// `dense`: the weights before pruning. Before anything is timed, the outputs of all are compared
/// with LibTorch's: throws Error{Numeric} where they differ by more than 1e-4 of the largest.
[[nodiscard]] nlohmann::json measure_speed(const Graph& graph, const TensorMap& dense,
                                           std::span<const PrunedNetwork> networks,
                                           const SpeedSettings& settings, Progress& progress);

/// Throws Error{Config} with a hint if LibTorch on this BLAS (blas_name()) is no fair opponent.
void require_fast_blas(std::string_view blas);

}  // namespace pollard
