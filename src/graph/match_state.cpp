// Fits a file's tensors to a graph: every parameter once, of its shape, as F32, and nothing left
// over. A name that does not fit is answered with the nearest one that is still wanted.

#include <fmt/format.h>

#include <utility>

#include "core/nearest.h"
#include "graph/to_f32.h"
#include "pollard/error.h"
#include "pollard/networks.h"

namespace pollard {
namespace {

[[noreturn]] void fail(std::string_view origin, const std::string& problem, std::string hint = {}) {
  throw Error(ErrorCode::Input, fmt::format("{}: {}", origin, problem), std::move(hint));
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string meant = nearest(word, candidates);
  return meant.empty() ? "" : fmt::format("nearest name: '{}'", meant);
}

/// Without what wrapping a model in DataParallel adds, and PyTorch's counters, which nothing needs.
TensorMap normalize_names(TensorMap state, std::string_view origin) {
  constexpr std::string_view prefix = "module.";
  TensorMap renamed;
  while (!state.empty()) {
    auto entry = state.extract(state.begin());
    const std::string original = entry.key();
    if (original.starts_with(prefix)) entry.key() = original.substr(prefix.size());
    if (entry.key().ends_with(".num_batches_tracked")) continue;
    if (!renamed.insert(std::move(entry)).inserted) {
      fail(origin,
           fmt::format("tensor '{}' is there with and without the prefix '{}'", original, prefix));
    }
  }
  return renamed;
}

std::vector<std::string> missing_names(const Graph& graph, const TensorMap& state) {
  std::vector<std::string> names;
  for (const ParameterInfo& parameter : graph.parameters()) {
    if (!state.contains(parameter.name)) names.push_back(parameter.name);
  }
  return names;
}

std::vector<std::string> unknown_names(const Graph& graph, const TensorMap& state) {
  std::vector<std::string> names;
  for (const auto& entry : state) {
    if (graph.find_parameter(entry.first) == nullptr) names.push_back(entry.first);
  }
  return names;
}

std::vector<std::string> parameter_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const ParameterInfo& parameter : graph.parameters()) names.push_back(parameter.name);
  return names;
}

void check_names(const Graph& graph, const TensorMap& state, std::string_view origin) {
  const std::vector<std::string> missing = missing_names(graph, state);
  const std::vector<std::string> unknown = unknown_names(graph, state);
  if (!unknown.empty()) {
    fail(origin,
         fmt::format("tensor '{}' is no parameter of {} ({} such, {} parameters missing)",
                     unknown.front(), graph.name(), unknown.size(), missing.size()),
         did_you_mean(unknown.front(), missing.empty() ? parameter_names(graph) : missing));
  }
  if (!missing.empty()) {
    fail(origin,
         fmt::format("tensor '{}' of {} is missing ({} such)", missing.front(), graph.name(),
                     missing.size()),
         "the file must hold every parameter, running statistics included");
  }
}

HostTensor fit(const ParameterInfo& parameter, HostTensor tensor, std::string_view origin) {
  if (tensor.shape != parameter.shape) {
    fail(origin, fmt::format("tensor '{}' has shape {}, expected {}", parameter.name,
                             to_string(tensor.shape), to_string(parameter.shape)));
  }
  try {
    return to_f32(std::move(tensor));
  } catch (const Error& error) {
    fail(origin, fmt::format("tensor '{}' {}", parameter.name, error.what()));
  }
}

}  // namespace

TensorMap match_state(const Graph& graph, TensorMap state, std::string_view origin) {
  state = normalize_names(std::move(state), origin);
  check_names(graph, state, origin);
  TensorMap matched;
  for (const ParameterInfo& parameter : graph.parameters()) {
    matched.emplace(parameter.name, fit(parameter, std::move(state[parameter.name]), origin));
  }
  return matched;
}

}  // namespace pollard
