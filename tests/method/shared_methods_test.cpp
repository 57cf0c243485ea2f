// Every registered method on two ranks: both do the same, bit for bit, and what one process would
// have done but for rounding. Latent parameters are the point: their gradients are not the
// engine's.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "data/synthetic.h"
#include "experiment/parameters.h"
#include "graph/blocks.h"
#include "method/registry.h"
#include "pollard/networks.h"
#include "pollard/torch_engine.h"
#include "support/team.h"
#include "train/data_parallel.h"
#include "train/loop.h"

namespace pollard {
namespace {

constexpr std::int64_t kEpochs = 6, kStepsPerEpoch = 5;

/// input [1, 8, 8] -> conv 6, stride 2, bias -> relu -> linear 3
Graph network() {
  Graph graph("plain", {1, 8, 8});
  std::string x = add_conv(graph, "conv", std::string(Graph::kInput),
                           {.channels = 6, .kernel = 3, .stride = 2, .padding = 1, .bias = true});
  x = graph.add_node("relu", Relu{}, {x});
  x = graph.add_node("flatten", Flatten{}, {x});
  graph.set_output(add_linear(graph, "linear", x, 3));
  return graph;
}

struct End {
  MaskSet masks;
  TensorMap weights;
};

End train(const std::string& name, ProcessGroup* group) {
  Config config(parameter_table());
  config.apply("train.method=" + name);
  config.apply("train.epochs=" + std::to_string(kEpochs));
  if (name == "lc") config.apply("method.lc.steps=3");
  const Graph graph = network();
  const MemoryDataset images = testing_data::pattern_dataset(22, graph.input_shape(), 3);
  BatchSettings batches{.batch_size = 5,
                        .shuffle = true,
                        .augmentation = {},
                        .normalization = normalization("none", 1),
                        .seed = 5,
                        .threads = 0};
  auto engine = make_torch_engine(graph, {});
  if (group != nullptr) {
    batches.share = {group->rank(), group->size()};
    engine = make_data_parallel(std::move(engine), *group);
  }
  BatchLoader loader(images, batches), test(images, batches);
  engine->load_state(initialize(graph, 7, Initialization::Kaiming));
  const auto method = make_method(name, config);
  const SgdSettings sgd{.momentum = 0.9, .nesterov = true, .weight_decay = 5e-3};
  method->attach({*engine, kEpochs, kStepsPerEpoch, 5, 0.8, sgd});
  const std::vector<double> rates(kEpochs * kStepsPerEpoch, 0.02);
  LoopPosition position;
  LoopObserver observer;
  (void)train_loop(
      *engine, *method, loader, test,
      {.label = name, .epochs = kEpochs, .rates = rates, .sgd = sgd, .seed = 5, .group = group},
      position, observer, silent_progress());
  End end;
  end.masks = method->finish();
  end.weights = engine->state();
  return end;
}

class SharedMethods : public ::testing::TestWithParam<std::string> {};

TEST_P(SharedMethods, DoTheSameEverywhere) {
  const End alone = train(GetParam(), nullptr);
  std::vector<std::optional<End>> ends(2);
  test::run_team(2, [&](ProcessGroup& group) {
    ends[static_cast<std::size_t>(group.rank())] = train(GetParam(), &group);
  });
  ASSERT_TRUE(ends[0] && ends[1]);
  EXPECT_EQ(ends[0]->masks, ends[1]->masks);
  EXPECT_EQ(ends[0]->weights, ends[1]->weights);
  EXPECT_EQ(ends[0]->masks, alone.masks);
  double difference = 0;
  for (const auto& [name, tensor] : alone.weights) {
    const std::span<const float> x = tensor.f32(), y = ends[0]->weights.at(name).f32();
    for (std::size_t i = 0; i < x.size(); ++i)
      difference = std::max(difference, std::abs(static_cast<double>(x[i]) - y[i]));
  }
  EXPECT_LT(difference, 1e-4);
}

INSTANTIATE_TEST_SUITE_P(All, SharedMethods, ::testing::ValuesIn(method_names()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace pollard
