#include "speed/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/threads.h"
#include "experiment/parameters.h"
#include "experiment/setup.h"
#include "pollard/accounting.h"
#include "pollard/error.h"
#include "pollard/safetensors.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Config with(const std::vector<std::string>& overrides) {
  Config config(all_parameters());
  for (const std::string& one : overrides) config.apply(one);
  return config;
}

std::vector<std::string> names_of(const std::vector<PrunedNetwork>& networks) {
  std::vector<std::string> names;
  for (const PrunedNetwork& network : networks) names.push_back(network.name);
  return names;
}

TEST(SpeedSettings, CountThreadsAndBatchesOnce) {
  const SpeedSettings settings =
      speed_settings(with({"bench.batches=[128, 1, 128]", "bench.threads=[1, 0, 1]",
                           "bench.rounds=3", "bench.crossover=[]", "seed=7"}));
  EXPECT_THAT(settings.batches, ElementsAre(128, 1));
  if (available_threads() > 1) {
    EXPECT_THAT(settings.threads, ElementsAre(1, available_threads()));
  } else {
    EXPECT_THAT(settings.threads, ElementsAre(1));
  }
  EXPECT_EQ(settings.rounds, 3);
  EXPECT_TRUE(settings.crossover.empty());
  EXPECT_EQ(settings.seed, 7u);
}

TEST(SpeedSettings, RefuseWhatCannotBeMeant) {
  const auto refused = [](const std::vector<std::string>& overrides) {
    const Error error = thrown_by([&] { (void)speed_settings(with(overrides)); });
    EXPECT_EQ(error.code(), ErrorCode::Config);
    return std::string(error.what());
  };
  EXPECT_THAT(refused({"bench.batches=[1.5]"}),
              AllOf(HasSubstr("bench.batches"), HasSubstr("1.5")));
  EXPECT_THAT(refused({"bench.threads=[]"}), HasSubstr("'bench.threads' is empty"));
  EXPECT_THAT(refused({"bench.allocations=global,unifrom"}), HasSubstr("unifrom"));
  EXPECT_THAT(refused({"bench.sparsities=[0.9]", "prune.sparsity=0.8"}),
              HasSubstr("'prune.sparsity' has no effect beside bench.sparsities"));
  EXPECT_THAT(refused({"bench.allocations=erk", "prune.allocation=erk"}),
              HasSubstr("'prune.allocation' has no effect beside bench.allocations"));
  EXPECT_THAT(refused({"prune.cycles=2"}), HasSubstr("'prune.cycles' has no effect"));
}

TEST(PrunedNetworks, AreEverySparsityByEveryAllocation) {
  const Config config = with({"model=resnet8", "data=cifar10", "bench.sparsities=[0.9, 0.995]",
                              "bench.allocations=uniform, global"});
  const Graph graph = make_graph_alone(config);
  EXPECT_EQ(graph.input_shape(), (ImageShape{3, 32, 32}));
  const TensorMap dense = make_initial_state(config, graph);
  const std::vector<PrunedNetwork> networks = prune_networks(config, graph, dense);
  EXPECT_THAT(names_of(networks),
              ElementsAre("uniform 90 %", "uniform 99.5 %", "global 90 %", "global 99.5 %"));
  for (const PrunedNetwork& network : networks) {
    const double asked = network.name.find("99.5") == std::string::npos ? 0.9 : 0.995;
    EXPECT_NEAR(measure_sparsity(graph, network.state).prunable, asked, 1e-5) << network.name;
  }
  EXPECT_EQ(networks[2].allocation, "global");
  // Uniform means that all layers are alike.
  for (const LayerSparsity& layer : measure_sparsity(graph, networks[0].state).layers)
    EXPECT_NEAR(static_cast<double>(layer.kept), 0.1 * static_cast<double>(layer.of), 1.0);
}

TEST(PrunedNetworks, FromAFileStayAsTheyAre) {
  const test::TemporaryFolder folder;
  const Graph graph = make_graph_alone(with({"model=resnet8", "data=cifar10"}));
  write_safetensors(folder / "w.safetensors", {initialize(graph, 1, Initialization::Pytorch), {}});
  const std::vector<std::string> file{"model=resnet8", "data=cifar10",
                                      "weights=" + (folder / "w.safetensors").string()};
  const auto networks = [&](std::vector<std::string> more) {
    more.insert(more.begin(), file.begin(), file.end());
    const Config config = with(more);
    return prune_networks(config, graph, import_weights(config, graph).state);
  };
  EXPECT_THAT(names_of(networks({})), ElementsAre("as it is"));
  EXPECT_EQ(measure_sparsity(graph, networks({})[0].state).prunable, 0);
  EXPECT_THAT(names_of(networks({"prune.sparsity=0.8"})), ElementsAre("global 80 %"));
  EXPECT_THAT(names_of(networks({"prune.allocation=erk"})), ElementsAre("erk 90 %"));
}

TEST(Blas, OfReferenceIsRefusedWithAHint) {
  const Error error = thrown_by([] { require_fast_blas("reference BLAS (slow; install x)"); });
  EXPECT_EQ(exit_status(error.code()), 2);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("reference BLAS,"), HasSubstr("17 times")));
  EXPECT_THAT(error.hint(), HasSubstr("libopenblas0-openmp"));
  EXPECT_NO_THROW(require_fast_blas("OpenBLAS 0.3.21"));
}

}  // namespace
}  // namespace pollard
