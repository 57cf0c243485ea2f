#include "speed/case_layers.h"

#include <algorithm>
#include <cmath>

#include "pollard/accounting.h"
#include "pollard/allocation.h"
#include "pollard/error.h"

namespace pollard {
namespace {

using nlohmann::json;

constexpr int kRounds = 5;

std::vector<const Node*> weighted_nodes(const Graph& graph) {
  std::vector<const Node*> nodes;
  for (const Node& node : graph.nodes()) {
    if (multiply_adds(graph, node) > 0) nodes.push_back(&node);
  }
  return nodes;
}

std::int64_t nonzeros(const HostTensor& tensor) {
  return std::ranges::count_if(tensor.f32(), [](float value) { return value != 0; });
}

// All layers alike, the graph's selection aside.
TensorMap pruned_evenly(const Graph& graph, const TensorMap& state, double density,
                        std::uint64_t seed) {
  Graph whole = graph;
  for (const ParameterInfo& info : graph.parameters()) {
    if (info.role == ParameterRole::Weight) whole.select(info.name, true);
  }
  MaskSet masks = MaskSet::dense(whole);
  TensorMap pruned = state;
  prune_by("uniform", masks, pruned, std::llround(density * static_cast<double>(masks.size())),
           seed);
  apply_masks(masks, pruned);
  return pruned;
}

json layer_entry(const Graph& graph, const Node& node, const TensorMap& state) {
  const HostTensor& weight = state.at(node.inputs[1]);
  const std::int64_t kept = nonzeros(weight), of = element_count(weight.shape);
  json entry{{"name", node.name}, {"shape", layer_shape(graph, node)}, {"kept", kept}, {"of", of}};
  if (kept > 0) entry["theoretical_speedup"] = static_cast<double>(of) / static_cast<double>(kept);
  return entry;
}

}  // namespace

std::unique_ptr<SparseContender> CaseLayers::make(const TensorMap& state, sparse::Path path) {
  std::unique_ptr<SparseContender> made;
  pinning.around([&] {
    made = std::make_unique<SparseContender>(
        "", what.graph, state, images,
        sparse::NetworkOptions{.threads = threads, .path = path, .batch = images.count});
    (void)made->time_call();
  });
  progress.advance(++done, "laying out layers");
  return made;
}

std::vector<LayerTimes> CaseLayers::time(std::span<LayeredContender* const> contenders) {
  return time_layers(contenders, kRounds, [&] { progress.advance(++done, "layer by layer"); });
}

std::int64_t CaseLayers::steps() const {
  const std::int64_t networks = std::ssize(what.networks), all = 1 + networks + 1;  // oneDNN's
  const std::int64_t densities = std::ssize(what.settings.crossover);
  return all + networks + kRounds * all + (densities > 0 ? (1 + densities) * (1 + kRounds) : 0);
}

json CaseLayers::measure() {
  std::unique_ptr<DnnlContender> chain;
  try {
    chain = std::make_unique<DnnlContender>(what.graph, what.dense, images);
  } catch (const Error&) {  // said before
  }
  std::vector<std::unique_ptr<SparseContender>> ours, planned;
  ours.push_back(make(what.dense, sparse::Path::Dense));
  for (const PrunedNetwork& network : what.networks) {
    ours.push_back(make(network.state, sparse::Path::Sparse));
    planned.push_back(make(network.state, sparse::Path::Auto));
  }
  std::vector<LayeredContender*> contenders;
  for (const auto& one : ours) contenders.push_back(one.get());
  if (chain) contenders.push_back(chain.get());
  const std::vector<LayerTimes> times = time(contenders);

  json layers = json::array();
  for (std::size_t n = 0; n < what.networks.size(); ++n) {
    std::map<std::string, bool> sparse;
    for (const sparse::LayerPlan& plan : planned[n]->network().plan())
      sparse[plan.name] = plan.sparse;
    for (const Node* node : weighted_nodes(what.graph)) {
      json entry = layer_entry(what.graph, *node, what.networks[n].state);
      entry["network"] = n;
      const double dense_ms = 1e3 * times[0].at(node->name);
      const double sparse_ms = 1e3 * times[n + 1].at(node->name);
      entry["dense_ms"] = dense_ms;
      entry["sparse_ms"] = sparse_ms;
      if (sparse_ms > 0) entry["speedup"] = dense_ms / sparse_ms;
      if (chain) entry["onednn_ms"] = 1e3 * times.back().at(node->name);
      entry["plan"] = sparse.at(node->name) ? "sparse" : "dense";
      layers.push_back(std::move(entry));
    }
  }
  return layers;
}

json CaseLayers::crossover() {
  json result = json::array();
  std::vector<double> densities = what.settings.crossover;
  if (densities.empty()) return result;
  std::ranges::sort(densities);
  std::vector<std::unique_ptr<SparseContender>> ours;
  ours.push_back(make(what.dense, sparse::Path::Dense));
  for (const double density : densities) {
    ours.push_back(make(pruned_evenly(what.graph, what.dense, density, what.settings.seed),
                        sparse::Path::Sparse));
  }
  std::vector<LayeredContender*> contenders;
  for (const auto& one : ours) contenders.push_back(one.get());
  const std::vector<LayerTimes> times = time(contenders);

  std::vector<Crossover> shapes;  // in the order of the first layer of each
  for (const Node* node : weighted_nodes(what.graph)) {
    const std::string shape = layer_shape(what.graph, *node);
    auto found = std::ranges::find(shapes, shape, &Crossover::shape);
    if (found == shapes.end()) {
      found = shapes.insert(shapes.end(), Crossover{.shape = shape, .times = {}, .density = {}});
      for (const double density : densities) found->times.push_back({density, 0, 0});
    }
    ++found->layers;
    for (std::size_t d = 0; d < densities.size(); ++d) {
      found->times[d].dense += 1e3 * times[0].at(node->name);
      found->times[d].sparse += 1e3 * times[d + 1].at(node->name);
    }
  }
  for (Crossover& shape : shapes) {
    json points = json::array();
    for (const DensityTimes& at : shape.times)
      points.push_back({{"density", at.density}, {"dense_ms", at.dense}, {"sparse_ms", at.sparse}});
    const auto density = crossing(shape.times);
    result.push_back({{"shape", shape.shape},
                      {"layers", shape.layers},
                      {"density", density ? json(*density) : json()},
                      {"times", std::move(points)}});
  }
  return result;
}

}  // namespace pollard
