// Times training steps on one batch in memory: forward, backward, SGD. No loader.
//
//   pollard_training_benchmark start MODEL BATCH FILE.safetensors
//       writes initial weights and a batch (images N,H,W,C and labels), for us and for peers
//   pollard_training_benchmark work MODEL THREADS FILE.safetensors
//       reads a number of steps a line from the standard input, runs them, and answers with a line
//       of seconds and mean loss; peers/compare_training.py lets it take turns with others
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <omp.h>

#include <cmath>
#include <cstdio>
#include <iostream>
#include <string>

#include "core/timing.h"
#include "exec/allocator.h"
#include "pollard/error.h"
#include "pollard/networks.h"
#include "pollard/random.h"
#include "pollard/safetensors.h"
#include "pollard/sgd.h"
#include "pollard/torch_engine.h"

namespace {

using namespace pollard;

constexpr ImageShape kImages{3, 32, 32};
constexpr std::int64_t kClasses = 10;
constexpr SgdSettings kSgd{.momentum = 0.9, .nesterov = true, .weight_decay = 2e-4};
constexpr double kRate = 0.01;

int start(const std::string& model, std::int64_t count, const std::string& file) {
  const Graph graph = build_network(model, kImages, kClasses);
  Safetensors content{initialize(graph, 1, Initialization::Kaiming), {}};
  HostTensor images = HostTensor::zeros(DType::F32, {count, kImages.height, kImages.width, 3});
  HostTensor labels = HostTensor::zeros(DType::F32, {count});
  RandomStream stream(1, Purpose::Testing, 0, 0);
  for (float& value : images.f32()) value = stream.normal();
  for (float& label : labels.f32()) label = static_cast<float>(stream.below(kClasses));
  content.tensors.emplace("batch.images", std::move(images));
  content.tensors.emplace("batch.labels", std::move(labels));
  write_safetensors(file, content);
  return 0;
}

Batch take_batch(TensorMap& tensors) {
  const HostTensor images = std::move(tensors.at("batch.images"));
  const HostTensor labels = std::move(tensors.at("batch.labels"));
  tensors.erase("batch.images");
  tensors.erase("batch.labels");
  Batch batch{.count = images.shape[0], .shape = kImages, .images = {}, .labels = {}};
  batch.images.assign(images.f32().begin(), images.f32().end());
  for (const float label : labels.f32()) batch.labels.push_back(std::lround(label));
  return batch;
}

int work(const std::string& model, int threads, const std::string& file) {
  keep_freed_memory();
  at::set_num_threads(threads);
  omp_set_num_threads(threads);
  TensorMap tensors = read_safetensors(file).tensors;
  const Batch batch = take_batch(tensors);
  const Graph graph = build_network(model, kImages, kClasses);
  const auto engine = make_torch_engine(graph, {});
  engine->load_state(match_state(graph, std::move(tensors), file));
  std::int64_t done = 0;
  for (int steps = 0; std::cin >> steps;) {
    const Stopwatch watch;
    for (int i = 0; i < steps; ++i) {
      engine->forward_backward(batch, {.seed = 1, .epoch = 0, .step = done++});
      sgd_step(engine->slots(), kSgd, kRate);
    }
    const double seconds = watch.seconds();
    fmt::print("{:.6f} {:.6f}\n", seconds, engine->take_meters().loss);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc == 5 ? argv[1] : "";
  try {
    if (verb == "start") return start(argv[2], std::stoll(argv[3]), argv[4]);
    if (verb == "work") return work(argv[2], std::stoi(argv[3]), argv[4]);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", one_line(error));
    return exit_status(error.code());
  }
  fmt::print(stderr, "usage: {0} start MODEL BATCH FILE\n       {0} work MODEL THREADS FILE\n",
             argv[0]);
  return 2;
}
