#include "speed/speed.h"

#include <cstdlib>

#include "experiment/environment.h"
#include "pollard/accounting.h"
#include "pollard/error.h"
#include "speed/case.h"
#include "speed/dnnl_chain.h"

namespace pollard {
namespace {

nlohmann::json describe(const Graph& graph, const PrunedNetwork& network) {
  const Sparsity sparsity = measure_sparsity(graph, network.state);
  return {{"name", network.name},          {"allocation", network.allocation},
          {"kept", sparsity.kept},         {"of", sparsity.of},
          {"sparsity", sparsity.prunable}, {"theoretical_speedup", sparsity.theoretical_speedup}};
}

}  // namespace

void require_fast_blas(std::string_view blas) {
  if (!blas.starts_with("reference")) return;
  throw Error(ErrorCode::Config,
              "LibTorch would run on a " + std::string(blas.substr(0, blas.find(" ("))) +
                  ", some 17 times slower than it can be: any speedup over it would be worthless",
              "install libopenblas0-openmp");
}

nlohmann::json measure_speed(const Graph& graph, const TensorMap& dense,
                             std::span<const PrunedNetwork> networks, const SpeedSettings& settings,
                             Progress& progress) {
  nlohmann::json record{{"format", 1},
                        {"model", graph.name()},
                        {"environment", describe_environment("cpu")},
                        {"unavailable", nlohmann::json::array()},
                        {"networks", nlohmann::json::array()},
                        {"cases", nlohmann::json::array()}};
  record["environment"]["onednn"] = dnnl_version();
  // How OpenMP's threads wait decides what many small steps cost them.
  const char* policy = std::getenv("OMP_WAIT_POLICY");
  record["environment"]["wait_policy"] = policy == nullptr ? "default" : policy;
  for (const PrunedNetwork& network : networks)
    record["networks"].push_back(describe(graph, network));
  for (const std::int64_t batch : settings.batches) {
    for (const int threads : settings.threads) {
      record["cases"].push_back(measure_case({graph, dense, networks, settings, batch, threads},
                                             record["unavailable"], progress));
    }
  }
  return record;
}

}  // namespace pollard
