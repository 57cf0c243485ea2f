#include "graph/select_prunable.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/nearest.h"
#include "pollard/error.h"

namespace pollard {
namespace {

std::vector<std::string> split(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  std::vector<std::string> patterns;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view pattern = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    pattern.remove_prefix(std::min(pattern.find_first_not_of(kBlank), pattern.size()));
    pattern = pattern.substr(0, pattern.find_last_not_of(kBlank) + 1);
    if (!pattern.empty()) patterns.emplace_back(pattern);
  }
  return patterns;
}

std::vector<std::string> weight_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const ParameterInfo& parameter : graph.parameters()) {
    if (parameter.role == ParameterRole::Weight) names.push_back(parameter.name);
  }
  return names;
}

bool matches_any(std::span<const std::string> patterns, std::string_view name) {
  return std::ranges::any_of(
      patterns, [&](const std::string& pattern) { return matches_glob(pattern, name); });
}

std::string suggestion(std::string_view pattern, std::span<const std::string> names) {
  if (const std::string meant = nearest(pattern, names); !meant.empty())
    return fmt::format("did you mean '{}'?", meant);
  if (names.empty()) return "the network has no weights";
  return fmt::format("the weights are called '{}' to '{}'; `pollard inspect` lists the layers",
                     names.front(), names.back());
}

/// The patterns of one key, each of which must match a weight.
std::vector<std::string> patterns_of(std::string_view key, std::string_view text,
                                     std::span<const std::string> names) {
  std::vector<std::string> patterns = split(text);
  for (const std::string& pattern : patterns) {
    const auto matched = [&](const std::string& name) { return matches_glob(pattern, name); };
    if (std::ranges::any_of(names, matched)) continue;
    throw Error(
        ErrorCode::Config,
        fmt::format("{}: '{}' matches no weight of a convolution or linear layer", key, pattern),
        suggestion(pattern, names));
  }
  return patterns;
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0;
  std::size_t star = std::string_view::npos, after_star = 0;  // where to go on from the last star
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after_star = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++after_star;  // the star takes one character more
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

void select_prunable(Graph& graph, std::string_view include, std::string_view exclude) {
  const std::vector<std::string> names = weight_names(graph);
  const std::vector<std::string> in = patterns_of("prune.include", include, names);
  const std::vector<std::string> out = patterns_of("prune.exclude", exclude, names);
  std::vector<std::string> chosen;
  std::ranges::copy_if(names, std::back_inserter(chosen), [&](const std::string& name) {
    return (in.empty() || matches_any(in, name)) && !matches_any(out, name);
  });
  if (chosen.empty() && !names.empty()) {
    throw Error(ErrorCode::Config,
                fmt::format("prune.include='{}' and prune.exclude='{}' leave no weight to prune",
                            include, exclude),
                fmt::format("of {} weights, '{}' to '{}', one at least must remain", names.size(),
                            names.front(), names.back()));
  }
  for (const std::string& name : names)
    graph.select(name, std::ranges::find(chosen, name) != chosen.end());
}

std::string unselected_weights(const Graph& graph) {
  std::string text;
  for (const ParameterInfo& parameter : graph.parameters()) {
    if (parameter.role == ParameterRole::Weight && !parameter.selected)
      text += parameter.name + "\n";
  }
  return text;
}

}  // namespace pollard
