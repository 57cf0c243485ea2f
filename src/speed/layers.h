// Where the time of a network goes, layer by layer, and from which density on a sparse layer is
// slower than a dense one.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pollard/graph.h"
#include "speed/peers.h"

namespace pollard {

/// Seconds by node.
using LayerTimes = std::map<std::string, double>;

/// The median of each layer over `rounds` runs; the contenders take turns, each followed by
/// `after`.
[[nodiscard]] std::vector<LayerTimes> time_layers(std::span<LayeredContender* const> contenders,
                                                  int rounds,
                                                  const std::function<void()>& after = {});

/// Layers of one shape cost the same: "3x3 16-32 /2 @16x16" for a convolution from 16 to 32
/// channels whose outputs are 16 pixels high and wide, "linear 64-10".
[[nodiscard]] std::string layer_shape(const Graph& graph, const Node& node);

/// All layers of a shape, at a density.
struct DensityTimes {
  double density, sparse, dense;  // sparse, dense: seconds, or any other unit
};

struct Crossover {
  std::string shape;
  int layers = 0;
  std::vector<DensityTimes> times;  // by rising density
  /// Where sparse costs as much as dense; none where the points say on which side it lies only.
  std::optional<double> density;
};

/// Between the last point at which sparse is no slower and the next one, where lines through both
/// meet. None where sparse is slower from the start, or nowhere.
[[nodiscard]] std::optional<double> crossing(std::span<const DensityTimes> times);

}  // namespace pollard
