#include "speed/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "core/threads.h"
#include "experiment/parameters.h"
#include "pollard/allocation.h"
#include "pollard/error.h"
#include "pollard/selection.h"

namespace pollard {
namespace {

// In order, each once.
template <typename Whole>
std::vector<Whole> whole_numbers(const Config& config, std::string_view key) {
  std::vector<Whole> result;
  for (const double value : config.list(key)) {
    if (value != std::floor(value)) {
      throw Error(ErrorCode::Config,
                  fmt::format("'{}' has {}, expected whole numbers", key, value));
    }
    const auto whole = static_cast<Whole>(value);
    if (std::ranges::find(result, whole) == result.end()) result.push_back(whole);
  }
  if (result.empty())
    throw Error(ErrorCode::Config, fmt::format("'{}' is empty: nothing to measure", key));
  return result;
}

void refuse_beside(const Config& config, std::string_view key, std::string_view list) {
  if (!config.given(key)) return;
  throw Error(ErrorCode::Config, fmt::format("'{}' has no effect beside {}", key, list),
              "leave one of them out");
}

// Of the pruning in training there is nothing here.
void check_pruning(const Config& config) {
  constexpr std::string_view read[] = {"prune.sparsity", "prune.allocation", "prune.include",
                                       "prune.exclude"};
  for (const std::string& key : config.given_keys()) {
    if (key.starts_with("prune.") && std::ranges::find(read, key) == std::end(read)) {
      refuse_without_effect(key, "bench");
    }
  }
  if (!config.list("bench.sparsities").empty())
    refuse_beside(config, "prune.sparsity", "bench.sparsities");
  if (!config.text("bench.allocations").empty())
    refuse_beside(config, "prune.allocation", "bench.allocations");
}

std::vector<std::string> allocations(const Config& config) {
  std::string_view text = config.text("bench.allocations");
  if (text.empty()) return {config.text("prune.allocation")};
  std::vector<std::string> names;
  for (;;) {
    const std::size_t comma = text.find(',');
    std::string_view name = text.substr(0, comma);
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    name = name.substr(0, name.find_last_not_of(' ') + 1);
    (void)is_determined_by_shapes(name);  // throws where there is none of this name
    names.emplace_back(name);
    if (comma == std::string_view::npos) return names;
    text.remove_prefix(comma + 1);
  }
}

bool stays_as_it_is(const Config& config) {
  return !config.text("weights").empty() && config.list("bench.sparsities").empty() &&
         config.text("bench.allocations").empty() && !config.given("prune.sparsity") &&
         !config.given("prune.allocation");
}

std::filesystem::path onnxruntime_folder(const Config& config) {
  const std::string& named = config.text("bench.onnxruntime");
  if (!named.empty()) return named;
  const char* folder = std::getenv("POLLARD_ONNXRUNTIME");
  return folder == nullptr ? "" : folder;
}

}  // namespace

SpeedSettings speed_settings(const Config& config) {
  check_pruning(config);
  (void)allocations(config);
  SpeedSettings settings{.batches = whole_numbers<std::int64_t>(config, "bench.batches"),
                         .threads = {},
                         .rounds = static_cast<int>(config.integer("bench.rounds")),
                         .crossover = config.list("bench.crossover"),
                         .seed = static_cast<std::uint64_t>(config.integer("seed")),
                         .onnxruntime = onnxruntime_folder(config)};
  for (const int requested : whole_numbers<int>(config, "bench.threads")) {
    const int threads = resolve_threads(requested);  // 0 may say again what was said
    if (std::ranges::find(settings.threads, threads) == settings.threads.end())
      settings.threads.push_back(threads);
  }
  return settings;
}

std::vector<PrunedNetwork> prune_networks(const Config& config, const Graph& graph,
                                          const TensorMap& dense) {
  if (stays_as_it_is(config)) return {{"as it is", "", dense}};
  std::vector<double> sparsities = config.list("bench.sparsities");
  if (sparsities.empty()) sparsities = {config.real("prune.sparsity")};
  std::vector<PrunedNetwork> networks;
  for (const std::string& allocation : allocations(config)) {
    for (const double sparsity : sparsities) {
      MaskSet masks = MaskSet::dense(graph);
      PrunedNetwork network{fmt::format("{} {:g} %", allocation, 100 * sparsity), allocation,
                            dense};
      prune_by(allocation, masks, network.state, kept_at(masks.size(), sparsity),
               static_cast<std::uint64_t>(config.integer("seed")));
      apply_masks(masks, network.state);
      networks.push_back(std::move(network));
    }
  }
  return networks;
}

}  // namespace pollard
