// What a training step costs under each method, as a ratio to a dense step: forward, backward,
// hooks, SGD on one batch in memory. All methods take turns, one step each a round, so that what
// else the machine does meets all alike; a round's ratio is to that round's dense step.
//
//   pollard_methods_benchmark [MODEL [BATCH [THREADS [ROUNDS]]]]      resnet56 128 2 15
//
// The methods stand where their work is the largest: GMP and IMP with masks, DPF and DNW selecting,
// CS, STR and DST with the controller of their sparsity target.
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <omp.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/statistics.h"
#include "core/timing.h"
#include "exec/allocator.h"
#include "experiment/parameters.h"
#include "method/imp.h"
#include "method/registry.h"
#include "pollard/error.h"
#include "pollard/networks.h"
#include "pollard/selection.h"
#include "pollard/sgd.h"
#include "pollard/torch_engine.h"
#include "random_batch.h"

namespace {

using namespace pollard;

constexpr ImageShape kImages{3, 32, 32};
constexpr std::int64_t kClasses = 10, kEpochs = 60, kStepsPerEpoch = 391;
constexpr SgdSettings kSgd{.momentum = 0.9, .nesterov = true, .weight_decay = 2e-4};
constexpr double kRate = 0.01, kSparsity = 0.9;

// A training of its own, in the middle of its epochs.
class Contestant {
 public:
  Contestant(std::string name, const Graph& graph, const TensorMap& start)
      : name_(std::move(name)), engine_(make_torch_engine(graph, {})) {
    engine_->load_state(start);
    if (name_ == "imp") {
      MaskSet masks = MaskSet::dense(graph);
      const auto all = graph.prunable_weights();
      prune_global(masks, start, imp_kept(all, kSparsity, 1).back());
      method_ = std::make_unique<FixedMasks>(std::move(masks));
    } else {
      Config config(parameter_table());
      if (name_ != "dense") config.apply("train.method=" + name_);
      method_ = make_method(name_, config);
    }
    method_->attach({*engine_, kEpochs, kStepsPerEpoch, 1, kSparsity, kSgd});
    // Masks and thresholds as they are some way into the training.
    for (std::int64_t epoch = 1; epoch <= kEpochs / 2; ++epoch)
      method_->after_epoch({epoch, epoch * kStepsPerEpoch, kRate});
    step_ = kEpochs / 2 * kStepsPerEpoch;
  }

  double seconds_of_step(const Batch& batch) {
    const Stopwatch watch;
    engine_->forward_backward(batch, {.seed = 1, .epoch = 0, .step = step_});
    const TrainingPosition at{step_ / kStepsPerEpoch, ++step_, kRate};
    method_->after_backward(at);
    sgd_step(engine_->slots(), kSgd, kRate);
    sgd_step(method_->parameters(), kSgd, kRate);
    method_->after_step(at);
    return watch.seconds();
  }

  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Method> method_;
  std::int64_t step_ = 0;
};

int measure(const std::string& model, std::int64_t batch_size, int threads, int rounds) {
  keep_freed_memory();
  at::set_num_threads(threads);
  omp_set_num_threads(threads);
  const Graph graph = build_network(model, kImages, kClasses);
  const TensorMap start = initialize(graph, 1, Initialization::Kaiming);
  const Batch batch = random_batch(batch_size, kImages, kClasses);
  std::vector<Contestant> contestants;
  contestants.emplace_back("dense", graph, start);
  contestants.emplace_back("imp", graph, start);
  for (const std::string& name : method_names()) {
    if (name != "dense") contestants.emplace_back(name, graph, start);
  }
  for (Contestant& contestant : contestants) (void)contestant.seconds_of_step(batch);  // warm up

  std::vector<std::vector<double>> seconds(contestants.size()), ratios(contestants.size());
  for (int round = 0; round < rounds; ++round) {
    // Another order every round: nobody always follows the same neighbour's caches.
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      const std::size_t c = (i + static_cast<std::size_t>(round)) % contestants.size();
      seconds[c].push_back(contestants[c].seconds_of_step(batch));
    }
    for (std::size_t c = 0; c < contestants.size(); ++c)
      ratios[c].push_back(seconds[c].back() / seconds[0].back());
    fmt::print(stderr, "round {} of {}\n", round + 1, rounds);
  }
  fmt::print("{}, batch {}, {} threads, {} rounds\n", model, batch_size, threads, rounds);
  fmt::print("| method | median ms | to dense, median | quartiles |\n| --- | --- | --- | --- |\n");
  for (std::size_t c = 0; c < contestants.size(); ++c) {
    fmt::print("| {} | {:.1f} | {:.3f} | {:.3f}-{:.3f} |\n", contestants[c].name(),
               1e3 * quantile(seconds[c], 0.5), quantile(ratios[c], 0.5), quantile(ratios[c], 0.25),
               quantile(ratios[c], 0.75));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return measure(argc > 1 ? argv[1] : "resnet56", argc > 2 ? std::stoll(argv[2]) : 128,
                   argc > 3 ? std::stoi(argv[3]) : 2, argc > 4 ? std::stoi(argv[4]) : 15);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", one_line(error));
    return exit_status(error.code());
  }
}
