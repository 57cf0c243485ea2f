// `pollard evaluate`: the test set through a network, in evaluation mode.
#include "train/evaluate.h"

#include <fmt/format.h>

#include <cmath>

#include "core/timing.h"
#include "exec/allocator.h"
#include "experiment/environment.h"
#include "experiment/parameters.h"
#include "experiment/setup.h"
#include "pollard/accounting.h"
#include "pollard/error.h"
#include "verbs.h"

namespace pollard::app {

int evaluate(const Arguments& arguments, Progress& progress) {
  keep_freed_memory();
  const Config config = read_config(arguments);
  constexpr std::string_view groups[] = {"model",         "weights", "device", "threads",
                                         "channels_last", "fused",   "data"};
  check_read_by(config, "evaluate", groups);
  if (config.text("weights").empty()) {
    throw Error(ErrorCode::Config, "weights is empty: there is nothing to evaluate",
                "give weights=FILE.safetensors");
  }
  const int threads = set_threads(static_cast<int>(config.integer("threads")));
  const DataSplits data = make_data(config, progress);
  const Graph graph = make_graph(config, *data.test);
  const TensorMap state = import_weights(config, graph).state;
  const auto engine = make_engine(config, graph);
  engine->load_state(state);
  BatchLoader loader(*data.test, test_batches(config, *data.test));

  progress.note(data.origin);
  const Stopwatch watch;
  const Meters meters = pollard::evaluate(*engine, loader, progress);
  warn_of_problems(*data.test, progress);
  const Sparsity sparsity = measure_sparsity(graph, state);
  const auto hits = std::llround(meters.top1 * static_cast<double>(meters.images) / 100);
  fmt::print("top-1     {:.2f} % ({} of {})\n", meters.top1, hits, meters.images);
  fmt::print("top-5     {:.2f} %\n", meters.top5);
  fmt::print("loss      {:.4f}\n", meters.loss);
  fmt::print("sparsity  {:.2f} % ({} of {} prunable weights are not zero)\n",
             100 * sparsity.prunable, sparsity.kept, sparsity.of);
  fmt::print("speedup   {:.2f} x (theoretical)\n", sparsity.theoretical_speedup);
  fmt::print("time      {:.1f} s, {} thread{}\n", watch.seconds(), threads,
             threads == 1 ? "" : "s");
  return 0;
}

}  // namespace pollard::app
