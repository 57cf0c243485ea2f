#include "experiment/speed_parameters.h"

#include <cstdint>
#include <string>
#include <vector>

namespace pollard {

void add_speed_parameters(ParameterTable& table) {
  using List = std::vector<double>;
  table.add({.key = "bench.batches",
             .fallback = List{1, 128},
             .unit = "images",
             .help = "Batch sizes to measure.",
             .minimum = 1,
             .maximum = 1 << 16,
             .identity = false});
  table.add({.key = "bench.threads",
             .fallback = List{1, 0},
             .unit = "threads",
             .help = "Numbers of threads to measure each batch with; 0: all there are.",
             .minimum = 0,
             .maximum = 1024,
             .identity = false});
  table.add({.key = "bench.sparsities",
             .fallback = List{},
             .unit = "fractions",
             .help = "Prune to each of these. Empty: to prune.sparsity where that is given; else "
                     "what weights= names stays as it is.",
             .minimum = 0,
             .maximum = 1,
             .maximum_open = true,
             .identity = false});
  table.add({.key = "bench.allocations",
             .fallback = std::string(),
             .unit = "names",
             .help = "Prune with each of these, separated by commas. Empty: with prune.allocation.",
             .identity = false});
  table.add({.key = "bench.rounds",
             .fallback = std::int64_t{10},
             .unit = "rounds",
             .help = "How often all take their turn.",
             .minimum = 2,
             .maximum = 10000,
             .identity = false});
  table.add({.key = "bench.crossover",
             .fallback = List{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8},
             .unit = "fractions",
             .help = "Densities of layers between which to look for the one where sparse layers "
                     "stop to pay; empty: do not look.",
             .minimum = 0,
             .maximum = 1,
             .minimum_open = true,
             .identity = false});
  table.add({.key = "bench.onnxruntime",
             .fallback = std::string(),
             .unit = "folder",
             .help =
                 "Where npm has installed onnxruntime-node: scripts/fetch-onnxruntime.sh prints "
                 "one. Empty: the folder that the environment variable POLLARD_ONNXRUNTIME "
                 "names; without one ONNX Runtime is not measured.",
             .identity = false});
}

}  // namespace pollard
