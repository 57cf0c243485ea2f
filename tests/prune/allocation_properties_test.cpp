// What holds for every allocation, over random layers, seeds and targets.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pollard/allocation.h"
#include "prune/random_layers.h"

namespace pollard {
namespace {

using test::Layers;
using test::random_layers;

/// One to six layers, convolutions and linear ones.
std::vector<Shape> some_shapes() {
  std::vector<Shape> shapes;
  const int layers = *rc::gen::inRange(1, 7);
  for (int l = 0; l < layers; ++l) {
    const auto size = [] { return std::int64_t{*rc::gen::inRange(1, 9)}; };
    Shape shape = {size(), size()};
    if (*rc::gen::arbitrary<bool>()) {
      const std::int64_t kernel = *rc::gen::element(1, 3);
      shape.insert(shape.end(), {kernel, kernel});
    }
    shapes.push_back(shape);
  }
  return shapes;
}

std::int64_t count_of(const std::vector<Shape>& shapes) {
  std::int64_t count = 0;
  for (const Shape& shape : shapes) count += element_count(shape);
  return count;
}

/// The fewest weights that the allocation can keep.
std::int64_t least_of(const std::string& allocation, const std::vector<Shape>& shapes) {
  if (allocation != "uniform+") return 0;
  std::int64_t least = shapes.front().size() == 4 ? element_count(shapes.front()) : 0;
  const auto linear = std::find_if(shapes.rbegin(), shapes.rend(),
                                   [](const Shape& shape) { return shape.size() == 2; });
  if (linear != shapes.rend())
    least += static_cast<std::int64_t>(std::ceil(static_cast<double>(element_count(*linear)) / 5));
  return least;
}

std::int64_t between(std::int64_t low, std::int64_t high) {
  return *rc::gen::inRange<std::int64_t>(low, high + 1);
}

/// |w| descending, equal ones by index.
std::vector<std::size_t> ranking(std::span<const float> weights) {
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater(),
                           [&](std::size_t i) { return std::abs(weights[i]); });
  return order;
}

/// Among what `before` kept, `after` keeps the first of the ranking.
bool keeps_the_largest(const Mask& before, const Mask& after, std::span<const float> weights) {
  bool over = false;
  for (const std::size_t i : ranking(weights)) {
    if (before.keep[i] == 0) continue;
    if (over && after.keep[i] != 0) return false;
    over = over || after.keep[i] == 0;
  }
  return true;
}

RC_GTEST_PROP(AllocationProperties, MasksNestAreExactAndKeepTheLargest, ()) {
  const std::string allocation = *rc::gen::elementOf(allocation_names());
  const std::vector<Shape> shapes = some_shapes();
  const std::uint64_t seed = *rc::gen::arbitrary<std::uint64_t>();
  Layers layers = random_layers(shapes, seed, *rc::gen::element<std::uint32_t>(0, 3));
  RC_TAG(allocation);
  std::int64_t kept = count_of(shapes);
  for (int cycle = 0; cycle < 3; ++cycle) {
    const MaskSet before = layers.masks;
    kept = between(least_of(allocation, shapes), kept);
    prune_by(allocation, layers.masks, layers.state, kept, seed);
    RC_ASSERT(layers.masks.kept() == kept);
    for (std::size_t l = 0; l < shapes.size(); ++l) {
      const Mask &was = before.masks()[l], &is = layers.masks.masks()[l];
      for (std::size_t i = 0; i < is.keep.size(); ++i) RC_ASSERT(is.keep[i] <= was.keep[i]);
      if (allocation == "random") continue;
      RC_ASSERT(keeps_the_largest(was, is, layers.state.at(is.name).f32()));
    }
    if (allocation != "lamp" || kept < static_cast<std::int64_t>(shapes.size())) continue;
    for (const Mask& mask : layers.masks.masks()) RC_ASSERT(mask.kept() > 0);
  }
}

RC_GTEST_PROP(AllocationProperties, LayerCountsAddUpAndFit, ()) {
  const std::string allocation = *rc::gen::element<std::string>("uniform", "uniform+", "erk");
  const std::vector<Shape> shapes = some_shapes();
  std::int64_t available = 0;
  std::vector<std::int64_t> survivors;
  for (const Shape& shape : shapes) {
    survivors.push_back(between(0, element_count(shape)));
    available += survivors.back();
  }
  const std::int64_t least = least_of(allocation, shapes);
  RC_PRE(available >= least);
  const std::int64_t kept = between(least, available);
  const auto adds_up = [kept](const std::vector<std::int64_t>& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::int64_t{0}) == kept;
  };
  const std::vector<std::int64_t> counts = layer_counts(allocation, shapes, kept);
  const std::vector<std::int64_t> capped = layer_counts(allocation, shapes, kept, survivors);
  RC_ASSERT(adds_up(counts));
  RC_ASSERT(adds_up(capped));
  bool enough = true;
  for (std::size_t l = 0; l < shapes.size(); ++l) {
    RC_ASSERT(counts[l] >= 0 && counts[l] <= element_count(shapes[l]));
    RC_ASSERT(capped[l] >= 0 && capped[l] <= survivors[l]);
    enough = enough && counts[l] <= survivors[l];
  }
  if (enough) RC_ASSERT(capped == counts);
}

// Of two layers that ERK does not fill, each has its units' worth to within a weight; one that it
// fills would have had more.
RC_GTEST_PROP(AllocationProperties, ErkIsProportionalToUnits, ()) {
  const std::vector<Shape> shapes = some_shapes();
  const std::vector<std::int64_t> counts =
      layer_counts("erk", shapes, between(0, count_of(shapes)));
  const auto units = [&](std::size_t l) {
    return static_cast<double>(
        std::accumulate(shapes[l].begin(), shapes[l].end(), std::int64_t{0}));
  };
  for (std::size_t a = 0; a < shapes.size(); ++a) {
    for (std::size_t b = 0; b < shapes.size(); ++b) {
      if (counts[a] == element_count(shapes[a])) continue;
      // counts = units * rate + (-1, 1); a filled b has less than its rate.
      const double low = (static_cast<double>(counts[b]) - 1) / units(b);
      const double high = (static_cast<double>(counts[a]) + 1) / units(a);
      RC_ASSERT(low <= high);
    }
  }
}

// At most 80 % sparse in whole numbers, and the first convolution dense.
RC_GTEST_PROP(AllocationProperties, UniformPlusKeepsItsTwoLayers, ()) {
  const std::vector<Shape> shapes = some_shapes();
  const std::int64_t kept = between(least_of("uniform+", shapes), count_of(shapes));
  const std::vector<std::int64_t> counts = layer_counts("uniform+", shapes, kept);
  if (shapes[0].size() == 4) RC_ASSERT(counts[0] == element_count(shapes[0]));
  for (std::size_t l = shapes.size(); l-- > 0;) {
    if (shapes[l].size() != 2) continue;
    RC_ASSERT(5 * counts[l] >= element_count(shapes[l]));
    break;
  }
}

}  // namespace
}  // namespace pollard
