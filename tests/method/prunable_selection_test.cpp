// Weights that are left out of pruning (Graph::select) train like any others, and no method touches
// or counts them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "experiment/parameters.h"
#include "method/imp.h"
#include "method/registry.h"
#include "pollard/accounting.h"
#include "train/small_training.h"

namespace pollard {
namespace {

using test::small_network;
using test::SmallTraining;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

/// Without the 36 weights of the convolution or the 192 of the linear layer.
Graph without(const std::string& weight) {
  Graph graph = small_network();
  graph.select(weight, false);
  return graph;
}

struct Training : SmallTraining {
  explicit Training(const Graph& graph) {
    engine = make_torch_engine(graph, {});
    engine->load_state(initialize(graph, 1, Initialization::Kaiming));
  }
  MaskSet run_with(Method& method_under_test, double sparsity) {
    method_under_test.attach(
        {*engine, kEpochs, kStepsPerEpoch, settings.seed, sparsity, settings.sgd});
    (void)train_loop(*engine, method_under_test, train, test, settings, position, observer,
                     silent_progress());
    return method_under_test.finish();
  }
};

// Weight decay without `decay_all` is for weights, prunable or not.
TEST(PrunableSelection, ChangesNothingOfDenseTraining) {
  const auto trained = [](const Graph& graph, bool decay_all) {
    Training training(graph);
    training.settings.sgd.decay_all = decay_all;
    FixedMasks dense{MaskSet()};
    (void)training.run_with(dense, 0);
    return training.engine->state();
  };
  for (const bool decay_all : {true, false}) {
    EXPECT_EQ(trained(without("linear.weight"), decay_all), trained(small_network(), decay_all));
  }
  EXPECT_NE(trained(small_network(), true), trained(small_network(), false));
}

TEST(PrunableSelection, NoOtherWeightIsReplacedOnItsWayIntoTheNetwork) {
  Training training(without("linear.weight"));
  std::set<std::string> asked;
  training.engine->set_effective_weights(
      [&](std::string_view name, const at::Tensor& weight) {
        asked.emplace(name);
        return weight;
      },
      {});
  training.train.start(0);
  Batch batch;
  ASSERT_TRUE(training.train.next(batch));
  training.engine->forward_backward(batch, {1, 0, 0});
  training.engine->evaluate(batch);
  EXPECT_THAT(asked, ElementsAre("conv.weight"));
}

// 36 weights, 9 kept: of the convolution alone, and sparsity counts no others.
TEST(PrunableSelection, IsWhatImpPrunes) {
  const Graph graph = without("linear.weight");
  for (const char* allocation : {"global", "uniform", "uniform+", "erk", "lamp", "random"}) {
    Training training(graph);
    const HostTensor linear = training.engine->state().at("linear.weight");
    MaskSet masks = MaskSet::dense(graph);
    const bool dense_first = std::string_view(allocation) == "uniform+";
    imp_prune(*training.engine, masks, dense_first ? 36 : 9, allocation);
    ASSERT_EQ(masks.masks().size(), 1U);
    EXPECT_EQ(training.engine->state().at("linear.weight"), linear) << allocation;
    EXPECT_EQ(measure_sparsity(graph, masks).prunable, dense_first ? 0 : 0.75) << allocation;
    EXPECT_EQ(measure_sparsity(graph, training.engine->state()).kept, masks.kept()) << allocation;
  }
}

class PrunableSelectionOf : public ::testing::TestWithParam<std::string> {};

TEST_P(PrunableSelectionOf, KeepsTheOtherWeightsDense) {
  for (const char* left_out : {"conv.weight", "linear.weight"}) {
    SCOPED_TRACE(left_out);
    const Graph graph = without(left_out);
    Config config(parameter_table());
    config.apply("train.method=" + GetParam());
    if (GetParam() == "lc") config.apply("method.lc.steps=3");
    const auto method = make_method(GetParam(), config);
    Training training(graph);
    const MaskSet masks = training.run_with(*method, 0.5);
    ASSERT_EQ(masks.masks().size(), 1U);
    EXPECT_NE(masks.masks()[0].name, left_out);
    EXPECT_EQ(masks.kept(), graph.prunable_weights() / 2);
    const TensorMap state = training.engine->state();
    EXPECT_THAT(state.at(left_out).f32(), Not(Contains(0.0F)));
    EXPECT_NE(state.at(left_out), test::small_engine()->state().at(left_out));  // it has trained
  }
}

std::vector<std::string> pruning_methods() {
  std::vector<std::string> names = method_names();
  std::erase(names, "dense");
  return names;
}

INSTANTIATE_TEST_SUITE_P(Registry, PrunableSelectionOf, ::testing::ValuesIn(pruning_methods()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace pollard
