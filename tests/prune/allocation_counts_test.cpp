// The allocations by shapes, against theoretical speedups that the reference notes give for the
// paper's networks, in two conventions of rounding, and against limits and totals.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <optional>
#include <set>

#include "pollard/allocation.h"
#include "pollard/error.h"
#include "pollard/selection.h"
#include "prune/expect_error.h"
#include "prune/network_layers.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::NetworkLayers;
using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Counts = std::vector<std::int64_t>;
using Densities = std::vector<double>;

std::int64_t sum(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

std::int64_t weights_of(const NetworkLayers& layers) {
  std::int64_t total = 0;
  for (const test::LayerShape& layer : layers) total += element_count(layer.weight);
  return total;
}

std::int64_t multiply_adds_of(const NetworkLayers& layers) {
  std::int64_t total = 0;
  for (const test::LayerShape& layer : layers) total += layer.multiply_adds();
  return total;
}

// ---- the reference: formulas in double, layer by layer -----------------------------------------

double speedup(const NetworkLayers& layers, const Densities& densities) {
  double work = 0;
  for (std::size_t l = 0; l < layers.size(); ++l)
    work += static_cast<double>(layers[l].multiply_adds()) * densities[l];
  return static_cast<double>(multiply_adds_of(layers)) / work;
}

double size_of(const test::LayerShape& layer) {
  return static_cast<double>(element_count(layer.weight));
}

/// First layer dense, last at most 80 % sparse; nothing where K weights cannot be pruned.
std::optional<Densities> uniform_plus(const NetworkLayers& layers, double pruned) {
  const double first = size_of(layers.front()), last = size_of(layers.back());
  const auto all = static_cast<double>(weights_of(layers));
  double others = pruned / (all - first), of_last = others;
  if (others > 1) return std::nullopt;
  if (others > 0.8) {
    of_last = 0.8;
    others = (pruned - 0.8 * last) / (all - first - last);
    if (others > 1) return std::nullopt;
  }
  Densities densities(layers.size(), 1 - others);
  densities.front() = 1;
  densities.back() = 1 - of_last;
  return densities;
}

/// Erdos-Renyi-kernel; also says how many layers the loop makes dense.
Densities erk(const NetworkLayers& layers, double kept, int& dense) {
  std::set<std::size_t> full;
  for (;;) {
    double budget = kept, units = 0;
    const auto unit = [&](std::size_t l) {
      const Shape& w = layers[l].weight;
      return static_cast<double>(w.size() == 4 ? w[0] + w[1] + w[2] + w[3] : w[0] + w[1]);
    };
    for (std::size_t l = 0; l < layers.size(); ++l) {
      if (full.contains(l)) {
        budget -= size_of(layers[l]);
      } else {
        units += unit(l);
      }
    }
    Densities densities(layers.size(), 1);
    std::size_t largest = layers.size();
    for (std::size_t l = 0; l < layers.size(); ++l) {
      if (full.contains(l)) continue;
      densities[l] = budget / units * unit(l) / size_of(layers[l]);
      if (largest == layers.size() || densities[l] > densities[largest]) largest = l;
    }
    if (densities[largest] <= 1) {
      dense = static_cast<int>(full.size());
      return densities;
    }
    full.insert(largest);
  }
}

/// Whole pruned or kept numbers of each layer, halves to even.
Densities rounded(const NetworkLayers& layers, Densities densities, bool pruned) {
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const double size = size_of(layers[l]), part = pruned ? 1 - densities[l] : densities[l];
    const double share = static_cast<double>(round_half_even(part * size)) / size;
    densities[l] = pruned ? 1 - share : share;
  }
  return densities;
}

// ---- the table ---------------------------------------------------------------------------------

struct Row {
  double sparsity;
  // Uniform+ of real-valued densities, of whole pruned numbers; ERK of whole kept numbers, of
  // real-valued ones.
  const char *uniform_plus, *uniform_plus_whole, *erk, *erk_real;
  int dense;  // layers that ERK's loop keeps so
};

struct Network {
  const char* name;
  NetworkLayers layers;
  std::int64_t weights, multiply_adds;
  std::vector<Row> rows;
};

std::vector<Network> networks() {
  return {{"ResNet-56",
           test::resnet56_layers(),
           848'944,
           125'485'696,
           {{.90, "9.74", "9.74", "5.40", "5.40", 2},
            {.93, "13.75", "13.75", "7.72", "7.73", 1},
            {.95, "18.96", "18.95", "10.86", "10.87", 1},
            {.98, "43.82", "43.74", "27.25", "27.21", 0},
            {.99, "77.85", "77.48", "54.51", "54.43", 0},
            {.995, "127.28", "127.37", "108.35", "108.85", 0}}},
          {"WRN-28-10",
           test::wrn_28_10_layers(),
           36'518'832,
           5'951'175'168,
           {{.90, "10.01", "10.01", "6.08", "6.08", 5},
            {.93, "14.32", "14.32", "8.67", "8.67", 5},
            {.95, "20.08", "20.08", "12.24", "12.24", 3},
            {.98, "50.64", "50.64", "30.46", "30.46", 2},
            {.99, "102.77", "102.78", "60.23", "60.23", 2},
            {.995, "211.78", "211.79", "119.78", "119.77", 0}}},
          {"VGG-16",
           test::vgg16_layers(),
           14'715'584,
           313'201'664,
           {{.90, "9.53", "9.53", "4.11", "4.11", 2},
            {.93, "13.32", "13.31", "5.82", "5.82", 2},
            {.95, "18.11", "18.11", "8.06", "8.06", 2},
            {.98, "39.43", "39.43", "19.11", "19.11", 2},
            {.99, "64.87", "64.87", "36.91", "36.91", 1},
            {.995, "95.78", "95.76", "75.84", "75.85", 0}}},
          {"ResNet-50",
           test::resnet50_layers(),
           25'502'912,
           4'089'184'256,
           {{.70, "3.13", "3.13", "1.88", "1.88", 16},
            {.80, "4.49", "4.49", "2.42", "2.42", 8},
            {.90, "8.53", "8.53", "4.14", "4.14", 1},
            {.95, "15.53", "15.53", "8.22", "8.22", 0},
            {.98, "30.55", "30.55", "20.55", "20.55", 0},
            {.99, "infeasible", "infeasible", "41.09", "41.09", 0}}}};
}

template <typename Check>
void for_each_row(Check check) {
  for (const Network& network : networks()) {
    for (const Row& row : network.rows) {
      SCOPED_TRACE(fmt::format("{} at {}", network.name, row.sparsity));
      const std::int64_t pruned =
          round_half_even(row.sparsity * static_cast<double>(network.weights));
      check(network, row, network.weights - pruned);
    }
  }
}

std::string text(double value) { return fmt::format("{:.2f}", value); }

TEST(AllocationFixtures, AreOfTheKnownNetworks) {
  for (const Network& network : networks()) {
    EXPECT_EQ(weights_of(network.layers), network.weights) << network.name;
    EXPECT_EQ(multiply_adds_of(network.layers), network.multiply_adds) << network.name;
  }
  EXPECT_EQ(test::resnet56_layers().size(), 56U);
  EXPECT_EQ(test::wrn_28_10_layers().size(), 29U);
  EXPECT_EQ(test::vgg16_layers().size(), 14U);
  EXPECT_EQ(test::resnet50_layers().size(), 54U);
}

TEST(AllocationFixtures, OfUniformPlusInBothConventions) {
  for_each_row([](const Network& network, const Row& row, std::int64_t kept) {
    const NetworkLayers& layers = network.layers;
    const auto real = uniform_plus(layers, row.sparsity * static_cast<double>(network.weights));
    const auto whole = uniform_plus(layers, static_cast<double>(network.weights - kept));
    EXPECT_EQ(real ? text(speedup(layers, *real)) : "infeasible", row.uniform_plus);
    EXPECT_EQ(whole ? text(speedup(layers, rounded(layers, *whole, true))) : "infeasible",
              row.uniform_plus_whole);
  });
}

TEST(AllocationFixtures, OfErkInBothConventions) {
  for_each_row([](const Network& network, const Row& row, std::int64_t kept) {
    const NetworkLayers& layers = network.layers;
    int dense = -1;
    const Densities densities = erk(layers, static_cast<double>(kept), dense);
    EXPECT_EQ(text(speedup(layers, rounded(layers, densities, false))), row.erk);
    EXPECT_EQ(text(speedup(layers, densities)), row.erk_real);
    EXPECT_EQ(dense, row.dense);
  });
}

Densities densities_of(const NetworkLayers& layers, const Counts& counts) {
  Densities densities;
  for (std::size_t l = 0; l < layers.size(); ++l)
    densities.push_back(static_cast<double>(counts[l]) / size_of(layers[l]));
  return densities;
}

void expect_within_a_percent(double ours, const char* reference) {
  EXPECT_NEAR(ours / std::stod(reference), 1, 0.01) << ours << " for " << reference;
}

TEST(LayerCounts, LieWithinAPercentOfBothConventionsAndAddUp) {
  for_each_row([](const Network& network, const Row& row, std::int64_t kept) {
    const std::vector<Shape> shapes = test::shapes_of(network.layers);
    const Counts by_erk = layer_counts("erk", shapes, kept);
    EXPECT_EQ(sum(by_erk), kept);
    const double erk_speedup = speedup(network.layers, densities_of(network.layers, by_erk));
    expect_within_a_percent(erk_speedup, row.erk);
    expect_within_a_percent(erk_speedup, row.erk_real);
    std::int64_t dense = 0;
    for (std::size_t l = 0; l < shapes.size(); ++l)
      dense += by_erk[l] == element_count(shapes[l]) ? 1 : 0;
    EXPECT_EQ(dense, row.dense);
    if (std::string_view(row.uniform_plus) == "infeasible") {
      EXPECT_ERROR((void)layer_counts("uniform+", shapes, kept), ErrorCode::Config, "98.36 %");
      return;
    }
    const Counts by_uniform_plus = layer_counts("uniform+", shapes, kept);
    EXPECT_EQ(sum(by_uniform_plus), kept);
    const double ours = speedup(network.layers, densities_of(network.layers, by_uniform_plus));
    expect_within_a_percent(ours, row.uniform_plus);
    expect_within_a_percent(ours, row.uniform_plus_whole);
  });
}

// Layer by layer no more than one weight beside the formula, but where one is rounded up for all.
TEST(LayerCounts, AreTheFormulasRounded) {
  for_each_row([](const Network& network, const Row&, std::int64_t kept) {
    const std::vector<Shape> shapes = test::shapes_of(network.layers);
    int dense = 0;
    const Densities wanted = erk(network.layers, static_cast<double>(kept), dense);
    const Counts counts = layer_counts("erk", shapes, kept);
    const Counts even = layer_counts("uniform", shapes, kept);
    EXPECT_EQ(sum(even), kept);
    for (std::size_t l = 0; l < shapes.size(); ++l) {
      const double size = size_of(network.layers[l]);
      EXPECT_LT(std::abs(static_cast<double>(counts[l]) - wanted[l] * size), 1 + 1e-6) << l;
      const double share = size * static_cast<double>(kept) / static_cast<double>(network.weights);
      EXPECT_LT(std::abs(static_cast<double>(even[l]) - share), 1 + 1e-6) << l;
    }
  });
}

// ---- uniform+ ----------------------------------------------------------------------------------

// Below 80 % the last layer is like the others; above, it keeps a fifth. 10 + 100 + 10 weights:
// 66 pruned of the 110 behind the first are 60 %, and 99 of 110 were 90 %, of which the last takes
// 8 of 10, the other 91.
TEST(UniformPlus, KeepsTheFirstDenseAndAFifthOfTheLast) {
  const std::vector<Shape> shapes = {{10, 1, 1, 1}, {10, 10, 1, 1}, {2, 5}};
  EXPECT_THAT(layer_counts("uniform+", shapes, 120 - 66), ElementsAre(10, 40, 4));
  EXPECT_THAT(layer_counts("uniform+", shapes, 120 - 99), ElementsAre(10, 9, 2));
  EXPECT_THAT(layer_counts("uniform+", shapes, 12), ElementsAre(10, 0, 2));
  EXPECT_THAT(layer_counts("uniform+", shapes, 120), ElementsAre(10, 100, 10));
}

// A fifth of 7 is 1.4, so 2 weights; the last linear layer need not be the last.
TEST(UniformPlus, KeepsAFifthAtLeastOfTheLastLinearLayer) {
  const std::vector<Shape> shapes = {{1, 10}, {7, 1}, {10, 1, 1, 1}};
  EXPECT_THAT(layer_counts("uniform+", shapes, 5), ElementsAre(2, 2, 1));  // 3 for 10 and 10
  EXPECT_THAT(layer_counts("uniform+", shapes, 2), ElementsAre(0, 2, 0));
}

TEST(UniformPlus, OfOtherNetworks) {
  // No convolution first: no dense layer. 20 of 200 weights, the last keeps 2 of its 10.
  EXPECT_THAT(layer_counts("uniform+", std::vector<Shape>{{10, 10}, {9, 10}, {1, 10}}, 20),
              ElementsAre(9, 9, 2));  // 18 for 100 and 90: 9.47 and 8.53
  // No linear layer.
  EXPECT_THAT(layer_counts("uniform+", std::vector<Shape>{{4, 1, 1, 1}, {4, 4, 1, 1}}, 5),
              ElementsAre(4, 1));
}

// 432 + 640 / 5, 432 + 64000 / 5 and 9408 + 2048000 / 5 weights of 848944, 36518832, 25502912.
TEST(UniformPlus, NamesItsLimit) {
  struct Limit {
    NetworkLayers layers;
    std::int64_t least;
    const char *percent, *hint;
  };
  for (const Limit& limit :
       {Limit{test::resnet56_layers(), 560, "99.93 %", "0.99934 or less"},
        Limit{test::wrn_28_10_layers(), 13'232, "99.96 %", "0.99963 or less"},
        Limit{test::resnet50_layers(), 419'008, "98.36 %", "0.98357 or less"}}) {
    const std::vector<Shape> shapes = test::shapes_of(limit.layers);
    EXPECT_EQ(sum(layer_counts("uniform+", shapes, limit.least)), limit.least);
    const Error error = thrown_by([&] { (void)layer_counts("uniform+", shapes, limit.least - 1); });
    EXPECT_EQ(error.code(), ErrorCode::Config);
    EXPECT_THAT(error.what(), HasSubstr("prune.sparsity"));
    EXPECT_THAT(error.what(), HasSubstr("prune.allocation=uniform+"));
    EXPECT_THAT(error.what(), HasSubstr(fmt::format("the limit is {}", limit.percent)));
    EXPECT_THAT(error.hint(), HasSubstr(fmt::format("prune.sparsity={}", limit.hint)));
    // The hint is true.
    const double sparsity = std::stod(limit.hint);
    const auto all = static_cast<double>(weights_of(limit.layers));
    const std::int64_t kept = weights_of(limit.layers) - round_half_even(sparsity * all);
    EXPECT_EQ(sum(layer_counts("uniform+", shapes, kept)), kept);
  }
}

// ---- the others --------------------------------------------------------------------------------

// Units 2 + 1 + 3 + 3 = 9 and 3 + 3 = 6; 6 of the 27 weights: 3.6 and 2.4.
TEST(Erk, GoesByTheSumOfTheSizes) {
  const std::vector<Shape> shapes = {{2, 1, 3, 3}, {3, 3}};
  EXPECT_THAT(layer_counts("erk", shapes, 6), ElementsAre(4, 2));
  // 24: 14.4 and 9.6 of 9, so the second is dense.
  EXPECT_THAT(layer_counts("erk", shapes, 24), ElementsAre(15, 9));
}

// A depthwise convolution of 8 channels has one input a group: 8 + 1 + 3 + 3 = 15 units.
TEST(Erk, TakesTheWeightsOwnShapeOfGroupedConvolutions) {
  EXPECT_THAT(layer_counts("erk", std::vector<Shape>{{8, 1, 3, 3}, {15, 15}}, 45),
              ElementsAre(15, 30));
}

TEST(LayerCounts, OfLayersThatHaveFewerLeft) {
  const std::vector<Shape> shapes = {{10, 10}, {10, 10}, {5, 10}};
  EXPECT_THAT(layer_counts("uniform", shapes, 50), ElementsAre(20, 20, 10));
  // The second has 2 left; the 18 go to the others, 2 : 1.
  EXPECT_THAT(layer_counts("uniform", shapes, 50, Counts{100, 2, 50}), ElementsAre(32, 2, 16));
  EXPECT_THAT(layer_counts("uniform", shapes, 50, Counts{30, 2, 50}), ElementsAre(30, 2, 18));
  EXPECT_ERROR((void)layer_counts("uniform", shapes, 50, Counts{30, 2, 17}), ErrorCode::Config,
               "cannot keep 50 of 49");
}

TEST(LayerCounts, RefusesCountsThatThereAreNot) {
  const std::vector<Shape> shapes = {{10, 10}};
  for (const char* allocation : {"uniform", "uniform+", "erk"}) {
    EXPECT_ERROR((void)layer_counts(allocation, shapes, 101), ErrorCode::Config, "101 of 100");
    EXPECT_ERROR((void)layer_counts(allocation, shapes, -1), ErrorCode::Config, "-1 of 100");
  }
  EXPECT_ERROR((void)layer_counts("lamp", shapes, 1), ErrorCode::Internal, "'lamp'");
}

}  // namespace
}  // namespace pollard
