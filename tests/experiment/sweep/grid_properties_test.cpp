// Of random axes and exclusions: as many points as the product of the axes, without those left out.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "experiment/sweep/grids.h"

namespace pollard {
namespace {

struct Axis {
  std::string key;
  std::vector<std::string> values;  // as TOML
};

const std::vector<Axis>& axes() {
  static const std::vector<Axis> all = {
      {"seed", {"1", "2", "3", "4"}},
      {"train.epochs", {"10", "20", "30"}},
      {"train.nesterov", {"true", "false"}},
      {"train.schedule", {"\"step\"", "\"linear\"", "\"cosine\""}},
      {"prune.sparsity", {"0.5", "0.9", "0.95", "0.99"}},
  };
  return all;
}

RC_GTEST_PROP(GridProperties, CountIsTheProductOfTheAxesWithoutTheExcluded, ()) {
  const auto lengths = *rc::gen::container<std::vector<std::size_t>>(
      axes().size(), rc::gen::inRange<std::size_t>(1, 5));
  std::string text;
  std::size_t product = 1;
  std::vector<std::size_t> used;
  for (std::size_t a = 0; a < axes().size(); ++a) {
    const std::size_t length = std::min(lengths[a], axes()[a].values.size());
    used.push_back(length);
    product *= length;
    text += axes()[a].key + " = [";
    for (std::size_t v = 0; v < length; ++v) text += (v > 0 ? ", " : "") + axes()[a].values[v];
    text += "]\n";
  }
  // A table of one value each of some axes leaves out the product of the others' lengths.
  const std::size_t named = *rc::gen::inRange<std::size_t>(0, axes().size() + 1);
  std::size_t excluded = named == 0 ? 0 : product;
  if (named > 0) text += "[[sweep.exclude]]\n";
  for (std::size_t a = 0; a < named; ++a) {
    const std::size_t value = *rc::gen::inRange<std::size_t>(0, used[a]);
    text += axes()[a].key + " = " + axes()[a].values[value] + "\n";
    excluded /= used[a];
  }
  RC_PRE(excluded < product);
  RC_LOG() << text;
  const Grid grid = test::grid_of(text);
  RC_ASSERT(grid.points.size() == product - excluded);
  const std::vector<std::string> points = test::points_of(grid);
  RC_ASSERT(std::set(points.begin(), points.end()).size() == points.size());
}

}  // namespace
}  // namespace pollard
