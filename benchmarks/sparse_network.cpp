// What pruned networks cost in the sparse engine, against the same engine computing every weight:
//
//   pollard_sparse_network_benchmark [network] [threads] [rounds]     whole, by sparsity and batch
//   ... layers SPARSITY BATCH [network] [threads] [rounds]            layer by layer
//
// Masks are uniform and random in every convolution but the first. All contenders take turns, since
// speeds drift; medians over rounds, in brackets the fastest tenth. GF/s count what is not zero.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/timing.h"
#include "pollard/networks.h"
#include "pollard/random.h"
#include "sparse/network.h"

namespace {

using namespace pollard;

TensorMap pruned_state(const Graph& graph, double sparsity) {
  TensorMap state = initialize(graph, 1, Initialization::Kaiming);
  const std::vector<ParameterInfo> weights = graph.prunable_parameters();
  std::uint32_t random = 7;
  for (const ParameterInfo& weight : weights) {
    if (weight.name == weights.front().name || weight.shape.size() != 4) continue;
    for (float& value : state.at(weight.name).f32()) {
      random = random * 1664525 + 1013904223;
      if ((random >> 8) / 16777216.0 < sparsity) value = 0;
    }
  }
  return state;
}

double kept_multiply_adds(const sparse::Network& network) {
  double sum = 0;
  for (const sparse::LayerPlan& layer : network.plan())
    sum += layer.density * static_cast<double>(layer.dense_multiply_adds);
  return sum;
}

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

struct Contender {
  std::string name;
  std::int64_t batch;
  sparse::Network network;
  std::vector<float> images, outputs;
  std::vector<double> seconds;
  std::vector<std::vector<double>> layers;

  Contender(std::string title, const Graph& graph, double sparsity, std::int64_t count, int threads)
      : name(std::move(title)),
        batch(count),
        network(graph, pruned_state(graph, sparsity),
                {.threads = threads,
                 .path = sparsity == 0 ? sparse::Path::Dense : sparse::Path::Auto,
                 .batch = count}),
        images(static_cast<std::size_t>(count * network.inputs()), 0.5F),
        outputs(static_cast<std::size_t>(count * network.outputs())) {
    for (std::size_t i = 0; i < images.size(); ++i)
      images[i] = static_cast<float>(i * 2654435761U % 1024) / 512.0F - 1;
  }
  void turn() {
    const int repeats = batch == 1 ? 10 : 1;
    const Stopwatch watch;
    for (int i = 0; i < repeats; ++i) network.run(images, batch, outputs);
    seconds.push_back(watch.seconds() / repeats);
    if (!network.layer_seconds().empty())
      layers.emplace_back(network.layer_seconds().begin(), network.layer_seconds().end());
  }
};

void compare_whole(const Graph& graph, int threads, int rounds) {
  for (const std::int64_t batch : {128, 1}) {
    std::vector<Contender> contenders;
    for (const double sparsity : {0.0, 0.8, 0.9, 0.95, 0.98, 0.99})
      contenders.emplace_back(fmt::format("{:g} %", 100 * sparsity), graph, sparsity, batch,
                              threads);
    for (int round = 0; round < rounds; ++round)
      for (Contender& contender : contenders) contender.turn();
    const double dense = quantile(contenders[0].seconds, 0.5);
    fmt::print("{}, batch {}, {} threads\nsparsity        ms             GF/s  speedup  theory\n",
               graph.name(), batch, threads);
    for (const Contender& contender : contenders) {
      const double seconds = quantile(contender.seconds, 0.5);
      const double work = kept_multiply_adds(contender.network);
      fmt::print("{:>8}  {:8.3f} ({:8.3f})  {:6.1f}  {:6.2f}x {:6.2f}x  {} MiB\n", contender.name,
                 1e3 * seconds, 1e3 * quantile(contender.seconds, 0.1),
                 2e-9 * work * static_cast<double>(batch) / seconds, dense / seconds,
                 kept_multiply_adds(contenders[0].network) / work,
                 contender.network.memory() >> 20);
    }
  }
}

void compare_layers(const Graph& graph, double sparsity, std::int64_t batch, int threads,
                    int rounds) {
  Contender contender("", graph, sparsity, batch, threads);
  contender.network.profile(true);
  for (int round = 0; round < rounds; ++round) contender.turn();
  const std::vector<sparse::LayerPlan>& plan = contender.network.plan();
  double total = 0;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    std::vector<double> seconds;
    for (const std::vector<double>& round : contender.layers) seconds.push_back(round[i]);
    const double median = quantile(seconds, 0.5);
    total += median;
    const sparse::LayerPlan& layer = plan[i];
    fmt::print(
        "{:24} {:14} {:5.1f} %  {:6} {}x{:<2}  {:8.1f} us/image  {:6.1f} GF/s\n", layer.name,
        layer.operation, 100 * layer.density, layer.sparse ? "sparse" : "dense", layer.tile_rows,
        layer.tile_vectors, 1e6 * median / static_cast<double>(batch),
        2e-9 * layer.density * static_cast<double>(layer.dense_multiply_adds * batch) / median);
  }
  const double whole = quantile(contender.seconds, 0.5);
  fmt::print("layers {:.3f} ms of {:.3f} ms\n", 1e3 * total, 1e3 * whole);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const auto word = [&](std::size_t i, const char* otherwise) {
    return i < words.size() ? words[i] : std::string(otherwise);
  };
  const bool layers = word(0, "") == "layers";
  const std::size_t first = layers ? 3 : 0;
  const std::string name = word(first, "resnet56");
  const ImageShape input =
      name.starts_with("lenet") ? ImageShape{1, 28, 28} : ImageShape{3, 32, 32};
  const Graph graph = build_network(name, input, 10);
  const int threads = std::atoi(word(first + 1, "1").c_str());
  const int rounds = std::atoi(word(first + 2, "15").c_str());
  if (layers) {
    compare_layers(graph, std::atof(word(1, "0.9").c_str()), std::atoll(word(2, "128").c_str()),
                   threads, rounds);
  } else {
    compare_whole(graph, threads, rounds);
  }
}
