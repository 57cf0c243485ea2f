#include "speed/layers.h"

#include <fmt/format.h>

#include "core/statistics.h"

namespace pollard {

std::vector<LayerTimes> time_layers(std::span<LayeredContender* const> contenders, int rounds,
                                    const std::function<void()>& after) {
  std::vector<std::vector<std::vector<double>>> seconds(contenders.size());  // [who][layer][round]
  for (std::size_t who = 0; who < contenders.size(); ++who)
    seconds[who].resize(contenders[who]->layers().size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t who = 0; who < contenders.size(); ++who) {
      (void)contenders[who]->time_call();
      const std::vector<double> now = contenders[who]->time_layers();
      for (std::size_t layer = 0; layer < seconds[who].size(); ++layer)
        seconds[who][layer].push_back(now.at(layer));
      if (after) after();
    }
  }
  std::vector<LayerTimes> times(contenders.size());
  for (std::size_t who = 0; who < contenders.size(); ++who) {
    const std::vector<std::string> names = contenders[who]->layers();
    for (std::size_t layer = 0; layer < names.size(); ++layer)
      times[who][names[layer]] += quantile(seconds[who][layer], 0.5);
  }
  return times;
}

std::string layer_shape(const Graph& graph, const Node& node) {
  const Shape& weight = graph.shape(node.inputs.at(1));
  const auto* conv = std::get_if<Conv>(&node.op);
  if (conv == nullptr) return fmt::format("linear {}-{}", weight[1], weight[0]);
  const Shape& output = graph.shape(node.output);
  std::string text =
      fmt::format("{}x{} {}-{}", weight[2], weight[3], weight[1] * conv->groups, weight[0]);
  if (conv->groups > 1) text += fmt::format(" in {} groups", conv->groups);
  if (conv->strides != std::array<std::int64_t, 2>{1, 1})
    text += fmt::format(" /{}", conv->strides[0]);
  return text + fmt::format(" @{}x{}", output[2], output[3]);
}

std::optional<double> crossing(std::span<const DensityTimes> times) {
  for (std::size_t i = 1; i < times.size(); ++i) {
    const DensityTimes &low = times[i - 1], &high = times[i];
    const double lead = low.dense - low.sparse, behind = high.sparse - high.dense;
    if (lead < 0) return std::nullopt;
    if (behind <= 0) continue;
    return low.density + (high.density - low.density) * lead / (lead + behind);
  }
  return std::nullopt;
}

}  // namespace pollard
