// The paper's large networks on this machine: milliseconds and peak memory of an evaluated batch
// and of a training step, each in a process of its own.
//
//   pollard_large_networks_benchmark [threads]
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <omp.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "core/timing.h"
#include "exec/allocator.h"
#include "pollard/error.h"
#include "pollard/networks.h"
#include "pollard/random.h"
#include "pollard/sgd.h"
#include "pollard/torch_engine.h"

namespace {

using namespace pollard;

constexpr SgdSettings kSgd{.momentum = 0.9, .nesterov = true, .weight_decay = 5e-4};
constexpr int kRepetitions = 3;

struct Case {
  std::string network;
  ImageShape images;
  std::int64_t classes = 0, batch = 0;
  bool trains = false;
};

Batch random_batch(const Case& of) {
  const auto& [channels, height, width] = of.images;
  Batch batch{.count = of.batch, .shape = of.images, .images = {}, .labels = {}};
  RandomStream stream(1, Purpose::Testing, 0, 0);
  batch.images.resize(static_cast<std::size_t>(of.batch * channels * height * width));
  for (float& value : batch.images) value = stream.normal();
  for (std::int64_t i = 0; i < of.batch; ++i)
    batch.labels.push_back(stream.below(static_cast<std::uint32_t>(of.classes)));
  return batch;
}

/// Of the first time, when memory is taken and code is made, and the median of those after it.
struct Times {
  double first = 0, median = 0;
};

Times time_of(const std::function<void(int)>& work) {
  std::vector<double> seconds;
  for (int i = 0; i <= kRepetitions; ++i) {
    const Stopwatch watch;
    work(i);
    seconds.push_back(watch.seconds());
  }
  std::sort(seconds.begin() + 1, seconds.end());
  return {seconds[0], seconds[1 + kRepetitions / 2]};
}

double peak_mebibytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void run(const Case& of, int threads) {
  keep_freed_memory();
  at::set_num_threads(threads);
  omp_set_num_threads(threads);
  const Graph graph = build_network(of.network, of.images, of.classes);
  const auto engine = make_torch_engine(graph, {});
  engine->load_state(initialize(graph, 1, Initialization::KaimingFanOut));
  const Batch batch = random_batch(of);
  const Times times = time_of([&](int step) {
    if (!of.trains) return (void)engine->predict(batch);
    engine->forward_backward(batch, {.seed = 1, .epoch = 0, .step = step});
    sgd_step(engine->slots(), kSgd, 0.01);
  });
  fmt::print("| {} | {}x{}x{} | {} | {} | {:.0f} | {:.0f} | {:.0f} |\n", of.network,
             of.images.channels, of.images.height, of.images.width,
             of.trains ? "training step" : "forward", of.batch, 1e3 * times.first,
             1e3 * times.median, peak_mebibytes());
  std::fflush(stdout);
}

int run_apart(const Case& of, int threads) {
  const pid_t child = fork();
  if (child == 0) {
    try {
      run(of, threads);
      std::_Exit(0);
    } catch (const std::exception& error) {
      fmt::print(stderr, "{}: {}\n", of.network, error.what());
      std::_Exit(1);
    }
  }
  int status = 1;
  if (child < 0 || waitpid(child, &status, 0) < 0) return 1;
  return status == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 2;
  if (threads < 1 || argc > 2) {
    fmt::print(stderr, "usage: {} [threads]\n", argv[0]);
    return 2;
  }
  fmt::print(
      "{} threads\n\n| network | images | work | batch | first ms | median ms | peak MiB |\n"
      "| --- | --- | --- | --- | --- | --- | --- |\n",
      threads);
  std::fflush(stdout);
  int failed = 0;
  for (const Case& of : {Case{"resnet50", {3, 224, 224}, 1000, 1, false},
                         Case{"resnet50", {3, 224, 224}, 1000, 8, false},
                         Case{"resnet50", {3, 224, 224}, 1000, 8, true},
                         Case{"wrn-28-10", {3, 32, 32}, 100, 8, true},
                         Case{"wrn-28-10-standard", {3, 32, 32}, 100, 8, true},
                         Case{"mobilenet-v2", {3, 224, 224}, 1000, 8, true}})
    failed |= run_apart(of, threads);
  return failed;
}
