// `pollard export [RUN] [config.toml] [key=value ...] --sparse FILE`: the network of a finished
// run, or of weights=, in the form of others. Each target is one function of the network.
#include <fmt/format.h>

#include "experiment/parameters.h"
#include "experiment/trained_network.h"
#include "graph/gzip_size.h"
#include "pollard/accounting.h"
#include "pollard/error.h"
#include "pollard/safetensors.h"
#include "sparse/plrd.h"
#include "verbs.h"

namespace pollard::app {
namespace {

/// The configuration: the run's, then what the command line gives.
Config export_config(const Arguments& arguments) {
  const Config given = read_config(arguments);
  constexpr std::string_view groups[] = {"model", "weights", "data", "prune"};
  check_read_by(given, "export", groups);
  if (arguments.file.empty()) return given;
  if (!arguments.config_file.empty() || given.given("weights")) {
    throw Error(ErrorCode::Usage,
                fmt::format("'{}' is a run's folder, which has a configuration and weights",
                            arguments.file.string()),
                "leave out the configuration file and weights=");
  }
  Config config = finished_run(arguments.file);
  for (const std::string& word : arguments.overrides) config.apply(word);
  return config;
}

void export_sparse(const TrainedNetwork& network, const std::filesystem::path& path) {
  const std::size_t sparse = sparse::write_plrd(path, network.graph, network.state, network.notes);
  const std::vector<std::byte> file = encode_safetensors({network.state, network.notes});
  const std::size_t gzipped = gzip_size(file);
  const auto smaller = [&file](std::size_t size) {
    return static_cast<double>(file.size()) / static_cast<double>(size);
  };
  fmt::print("dense     {:>10} bytes, as safetensors\n", file.size());
  fmt::print("gzip      {:>10} bytes, {:.1f} times smaller\n", gzipped, smaller(gzipped));
  fmt::print("sparse    {:>10} bytes, {:.1f} times smaller: {}\n", sparse, smaller(sparse),
             path.string());
}

}  // namespace

int export_network(const Arguments& arguments) {
  const ExportTargets& targets = arguments.targets;
  if (targets.sparse.empty()) {
    throw Error(ErrorCode::Usage, "there is nothing to write", "give --sparse FILE.plrd");
  }
  const TrainedNetwork network = load_trained(export_config(arguments), arguments.masks);
  const Sparsity sparsity = measure_sparsity(network.graph, network.state);
  fmt::print("network   {}, {:.2f} % sparse ({} of {} prunable weights are not zero)\n",
             network.graph.name(), 100 * sparsity.prunable, sparsity.kept, sparsity.of);
  if (!targets.sparse.empty()) export_sparse(network, targets.sparse);
  return 0;
}

}  // namespace pollard::app
