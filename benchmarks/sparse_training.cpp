// A retraining step, forward, backward and SGD, of the sparse engine at several uniform sparsities
// beside the dense engine's, on one batch in memory.
//
//   pollard_sparse_training_benchmark [MODEL [BATCH [ROUNDS [THREADS [WEIGHTS]]]]]
//                                     resnet56 128  15      1,2      (random)
//
// All take turns in every round, each round in another order; a turn is a step that does not count
// and one that does. A round's speedup is over that round's dense step. Since turns are unfair to
// what needs much memory, the dense engines also run alone, before and after the rounds.
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <omp.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "core/statistics.h"
#include "core/timing.h"
#include "exec/allocator.h"
#include "pollard/allocation.h"
#include "pollard/error.h"
#include "pollard/networks.h"
#include "pollard/pytorch_file.h"
#include "pollard/selection.h"
#include "pollard/sgd.h"
#include "pollard/sparse_engine.h"
#include "pollard/torch_engine.h"
#include "random_batch.h"
#include "speed/pinning.h"

namespace {

using namespace pollard;

constexpr ImageShape kImages{3, 32, 32};
constexpr std::int64_t kClasses = 10;
constexpr SgdSettings kSgd{.momentum = 0.9, .nesterov = true, .weight_decay = 2e-4};
constexpr double kRate = 0.01, kSparsities[] = {0.8, 0.9, 0.95, 0.98};

struct Contestant {
  std::string name;
  std::unique_ptr<Engine> engine;
  std::vector<double> seconds = {}, update = {}, alone = {};  // update: the part that SGD takes
  std::int64_t steps = 0;

  void step(const Batch& batch) {
    engine->forward_backward(batch, {.seed = 1, .epoch = 0, .step = steps++});
    sgd_step(engine->slots(), kSgd, kRate);
  }
  void timed_step(const Batch& batch) {
    const Stopwatch watch;
    engine->forward_backward(batch, {.seed = 1, .epoch = 0, .step = steps++});
    const double before = watch.seconds();
    sgd_step(engine->slots(), kSgd, kRate);
    seconds.push_back(watch.seconds());
    update.push_back(seconds.back() - before);
  }
  void run_alone(const Batch& batch, int count) {
    step(batch);
    for (int i = 0; i < count; ++i) {
      const Stopwatch watch;
      step(batch);
      alone.push_back(watch.seconds());
    }
  }
};

// The first `kDense` are dense.
constexpr std::size_t kDense = 2;

std::vector<Contestant> contestants(const Graph& graph, const TensorMap& start, int threads) {
  std::vector<Contestant> all;
  all.push_back({"LibTorch, channels_last", make_torch_engine(graph, {.fused = false})});
  all.push_back({"torch engine (fused norms)", make_torch_engine(graph, {})});
  for (Contestant& dense : all) dense.engine->load_state(start);
  for (const double sparsity : kSparsities) {
    MaskSet masks = MaskSet::dense(graph);
    prune_by("uniform", masks, start, kept_at(graph.prunable_weights(), sparsity), 1);
    all.push_back({fmt::format("sparse engine, {:.0f} %", 100 * sparsity),
                   make_sparse_engine(graph, masks.to_tensors(), {.threads = threads})});
    all.back().engine->load_state(start);
  }
  return all;
}

void print(const std::vector<Contestant>& all) {
  const auto ratios = [](const Contestant& dense, const Contestant& of) {
    std::vector<double> each;
    for (std::size_t i = 0; i < of.seconds.size(); ++i)
      each.push_back(dense.seconds[i] / of.seconds[i]);
    return spread_of(each);
  };
  fmt::print(
      "| engine | median ms (quartiles) | SGD ms | alone ms | over LibTorch (quartiles) | over the "
      "torch engine | over LibTorch alone |\n| --- | --- | --- | --- | --- | --- | --- |\n");
  for (const Contestant& each : all) {
    const Spread own = spread_of(each.seconds);
    const Spread plain = ratios(all[0], each), fused = ratios(all[1], each);
    fmt::print(
        "| {} | {:.1f} ({:.1f}-{:.1f}) | {:.2f} | {} | {:.2f} ({:.2f}-{:.2f}) | {:.2f} | "
        "{:.2f} |\n",
        each.name, 1e3 * own.median, 1e3 * own.low, 1e3 * own.high,
        1e3 * quantile(each.update, 0.5),
        each.alone.empty() ? "" : fmt::format("{:.1f}", 1e3 * quantile(each.alone, 0.5)),
        plain.median, plain.low, plain.high, fused.median,
        quantile(all[0].alone, 0.5) / own.median);
  }
}

void measure(const Graph& graph, const TensorMap& start, const Batch& batch, int threads,
             int rounds) {
  at::set_num_threads(threads);
  omp_set_num_threads(threads);
  Pinning pinning(threads);
  std::vector<Contestant> all;
  pinning.around([&] {
    all = contestants(graph, start, threads);
    for (Contestant& each : all) each.step(batch);
  });
  const int alone = std::max(1, rounds / 2);
  for (std::size_t i = 0; i < kDense; ++i) all[i].run_alone(batch, alone);
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      Contestant& each = all[(i + static_cast<std::size_t>(round)) % all.size()];
      each.step(batch);
      each.timed_step(batch);
    }
    fmt::print(stderr, "round {} of {}\n", round + 1, rounds);
  }
  for (std::size_t i = 0; i < kDense; ++i) all[i].run_alone(batch, alone);
  fmt::print("\n{}, batch {}, {} thread(s), {} rounds\n\n", graph.name(), batch.count, threads,
             rounds);
  print(all);
}

std::string argument(int argc, char** argv, int at, const char* otherwise) {
  return argc > at ? argv[at] : otherwise;
}

int run(int argc, char** argv) {
  keep_freed_memory();
  const std::string weights = argument(argc, argv, 5, "");
  const Graph graph = build_network(argument(argc, argv, 1, "resnet56"), kImages, kClasses);
  const TensorMap start = weights.empty()
                              ? initialize(graph, 1, Initialization::Kaiming)
                              : match_state(graph, read_weights(weights).tensors, weights);
  const Batch batch = random_batch(std::stoll(argument(argc, argv, 2, "128")), kImages, kClasses);
  std::istringstream threads(argument(argc, argv, 4, "1,2"));
  for (std::string count; std::getline(threads, count, ',');)
    measure(graph, start, batch, std::stoi(count), std::stoi(argument(argc, argv, 3, "15")));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", one_line(error));
    return exit_status(error.code());
  }
}
