#include "speed/contender.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "pollard/random.h"

namespace pollard {

std::vector<float> random_images(const Graph& graph, std::int64_t count, std::uint64_t seed) {
  std::vector<float> values(
      static_cast<std::size_t>(count * element_count(graph.shape(Graph::kInput))));
  RandomStream stream(seed, Purpose::Timing, 0, 0);
  for (float& value : values) value = stream.normal();
  return values;
}

double relative_difference(std::span<const float> a, std::span<const float> b) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (a.size() != b.size()) return infinity;
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) return infinity;
    largest = std::max(largest, std::abs(static_cast<double>(b[i])));
    difference = std::max(difference, std::abs(static_cast<double>(a[i]) - b[i]));
  }
  if (difference == 0) return 0;
  return largest > 0 ? difference / largest : infinity;
}

}  // namespace pollard
