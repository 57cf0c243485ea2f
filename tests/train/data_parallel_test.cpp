// Training on several ranks is training on one: the same images in the same steps. Ranks are
// threads here (support/team.h); 22 images in batches of 5, so the last batch, of 2, leaves the
// third of three ranks without an image.
#include "train/data_parallel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "exec/host_tensors.h"
#include "graph/blocks.h"
#include "pollard/sparse_engine.h"
#include "support/team.h"
#include "support/thrown.h"
#include "train/gradient_buckets.h"
#include "train/small_training.h"

namespace pollard {
namespace {

using test::run_team;
using test::run_team_with_errors;
using test::SmallTraining;
using test::thrown_by;
using ::testing::HasSubstr;
using ::testing::SizeIs;

enum class Norm { None, Batch };

/// conv 4, (batch norm,) relu -> flatten -> linear 3; nothing that is drawn at random.
Graph network(Norm norm) {
  Graph graph("shared", test::kSmallImage);
  std::string x = add_conv(graph, "conv", std::string(Graph::kInput),
                           {.channels = 4, .kernel = 3, .padding = 1, .bias = true});
  if (norm == Norm::Batch) {
    for (const auto& [name, role] : {std::pair("bn.weight", ParameterRole::Scale),
                                     {"bn.bias", ParameterRole::Shift},
                                     {"bn.running_mean", ParameterRole::RunningMean},
                                     {"bn.running_var", ParameterRole::RunningVariance}})
      graph.add_parameter({name, {4}, role});
    x = graph.add_node("bn", BatchNormalization{},
                       {x, "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"});
  }
  x = graph.add_node("relu", Relu{}, {x});
  x = graph.add_node("flatten", Flatten{}, {x});
  graph.set_output(add_linear(graph, "linear", x, 3));
  return graph;
}

struct Settings {
  Norm norm = Norm::None;
  bool sync = false, sparse = false;
  std::int64_t test_batch = 4;
};

/// The small training on one rank of a group, or alone (null).
struct Share {
  SmallTraining base;
  Graph graph;
  BatchLoader train, test;

  Share(const Settings& settings, ProcessGroup* group)
      : graph(network(settings.norm)),
        train(base.images, loader(5, true, group)),
        test(base.test_images, loader(settings.test_batch, false, group)) {
    const TensorMap masks = test::third_masks(graph).to_tensors();
    base.engine = settings.sparse ? make_sparse_engine(graph, masks, {.threads = 1})
                                  : make_torch_engine(graph, {});
    if (group != nullptr) {
      base.engine =
          make_data_parallel(std::move(base.engine), *group, {.sync_batch_norm = settings.sync});
    }
    base.engine->load_state(initialize(graph, 1, Initialization::Kaiming));
    base.engine->set_masks(masks);
    base.settings.group = group;
  }
  static BatchSettings loader(std::int64_t size, bool training, const ProcessGroup* group) {
    BatchSettings settings{.batch_size = size,
                           .shuffle = training,
                           .augmentation = {},
                           .normalization = normalization("none", 1),
                           .seed = 5};
    if (training) settings.augmentation = {.crop_padding = 1, .flip = true};
    if (group != nullptr) settings.share = {group->rank(), group->size()};
    return settings;
  }
  Meters run() {
    return train_loop(*base.engine, base.method, train, test, base.settings, base.position,
                      base.observer, silent_progress());
  }
};

double largest_difference(const TensorMap& a, const TensorMap& b) {
  double largest = 0;
  EXPECT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) {
    const std::span<const float> x = tensor.f32(), y = b.at(name).f32();
    for (std::size_t i = 0; i < x.size(); ++i)
      largest = std::max(largest, std::abs(static_cast<double>(x[i]) - y[i]));
  }
  return largest;
}

void expect_near(const Meters& a, const Meters& b) {
  EXPECT_NEAR(a.loss, b.loss, 1e-5);
  EXPECT_DOUBLE_EQ(a.top1, b.top1);
  EXPECT_DOUBLE_EQ(a.top5, b.top5);
  EXPECT_EQ(a.images, b.images);
}

/// Weights, momentum, running statistics and all records of `size` ranks against one.
void expect_as_alone(const Settings& settings, int size) {
  SCOPED_TRACE(std::to_string(size) + " ranks");
  Share alone(settings, nullptr);
  alone.base.settings.record_interval = 3;
  const Meters last = alone.run();
  const TensorMap weights = alone.base.engine->state(), velocity = alone.base.engine->velocity();
  std::vector<TensorMap> ends(static_cast<std::size_t>(size));
  run_team(size, [&](ProcessGroup& group) {
    Share share(settings, &group);
    share.base.settings.record_interval = 3;
    expect_near(share.run(), last);
    ends[static_cast<std::size_t>(group.rank())] = share.base.engine->state();
    EXPECT_LT(largest_difference(share.base.engine->state(), weights), 2e-5);
    EXPECT_LT(largest_difference(share.base.engine->velocity(), velocity), 2e-5);
    const auto &own = share.base.observer, &expected = alone.base.observer;
    ASSERT_THAT(own.steps, SizeIs(expected.steps.size()));
    for (std::size_t i = 0; i < own.steps.size(); ++i)
      expect_near(own.steps[i].train, expected.steps[i].train);
    ASSERT_THAT(own.epochs, SizeIs(3));
    for (std::size_t i = 0; i < 3; ++i) {
      expect_near(own.epochs[i].train, expected.epochs[i].train);
      expect_near(own.epochs[i].test, expected.epochs[i].test);
    }
  });
  for (const TensorMap& end : ends) EXPECT_EQ(end, ends[0]);
}

TEST(DataParallel, EqualsOneProcess) {
  for (const int size : {2, 3}) expect_as_alone({}, size);
}

TEST(DataParallel, EqualsOneProcessWithTheSparseEngine) {
  for (const int size : {2, 3}) expect_as_alone({.sparse = true}, size);
}

TEST(DataParallel, EqualsOneProcessWithBatchNormThatIsShared) {
  expect_as_alone({.norm = Norm::Batch, .sync = true}, 2);
}

// Each rank's own statistics: not what one process computes, but one network, and the running
// statistics are those of rank 0.
TEST(DataParallel, KeepsOneNetworkWithBatchNormOfEachRank) {
  for (const int size : {2, 3}) {
    std::vector<TensorMap> ends(static_cast<std::size_t>(size));
    std::vector<Meters> last(ends.size());
    run_team(size, [&](ProcessGroup& group) {
      Share share({.norm = Norm::Batch}, &group);
      const auto rank = static_cast<std::size_t>(group.rank());
      last[rank] = share.run();
      ends[rank] = share.base.engine->state();
    });
    for (std::size_t rank = 1; rank < ends.size(); ++rank) {
      EXPECT_EQ(ends[rank], ends[0]);
      EXPECT_EQ(last[rank].loss, last[0].loss);
    }
  }
}

// From rank 0's checkpoint of any step, as from one process's.
TEST(DataParallel, ResumesInTheSameBits) {
  const Settings settings{.norm = Norm::Batch};
  struct Saved {
    LoopPosition position;
    TensorMap weights, velocity;
  };
  std::vector<Saved> saved;  // by rank 0
  TensorMap whole;
  run_team(2, [&](ProcessGroup& group) {
    Share share(settings, &group);
    if (group.leads()) share.base.observer.due = [] { return true; };  // its clock counts for all
    share.base.observer.save = [&](const LoopPosition& at) {
      if (group.leads())
        saved.push_back({at, share.base.engine->state(), share.base.engine->velocity()});
    };
    (void)share.run();
    EXPECT_THAT(share.base.observer.checkpoints, SizeIs(15 + 2));
    if (group.leads()) whole = share.base.engine->state();
  });
  ASSERT_THAT(saved, SizeIs(15 + 2));
  for (const std::size_t at : {0, 3, 4, 5, 11}) {
    run_team(2, [&](ProcessGroup& group) {
      Share share(settings, &group);
      share.base.engine->load_state(saved[at].weights);
      share.base.engine->load_velocity(saved[at].velocity);
      share.base.engine->set_masks(test::third_masks(share.graph).to_tensors());
      share.base.position = saved[at].position;
      (void)share.run();
      EXPECT_EQ(share.base.engine->state(), whole);
    });
  }
}

TEST(DataParallel, RefusesOtherMasks) {
  const auto errors = run_team_with_errors(3, [](ProcessGroup& group) {
    Share share({}, &group);
    TensorMap masks = test::third_masks(share.graph).to_tensors();
    if (group.rank() == 2) masks.at("linear.weight").u8()[0] = 1;
    share.base.engine->set_masks(masks);
  });
  for (const auto& error : errors) {
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::Peer);
    EXPECT_THAT(error->what(), HasSubstr("the masks of rank 2 ("));
    EXPECT_THAT(error->what(), HasSubstr("are not those of rank 0"));
  }
}

TEST(DataParallel, RefusesOtherWeights) {
  const auto errors = run_team_with_errors(2, [](ProcessGroup& group) {
    Share share({}, &group);
    share.base.engine->load_state(
        initialize(share.graph, group.leads() ? 1 : 2, Initialization::Kaiming));
  });
  for (const auto& error : errors) {
    ASSERT_TRUE(error);
    EXPECT_THAT(error->what(), HasSubstr("the weights of rank 1 ("));
  }
}

TEST(DataParallel, SharesBatchNormOfDenseEnginesOnly) {
  const auto errors = run_team_with_errors(2, [](ProcessGroup& group) {
    Share share({.norm = Norm::Batch, .sync = true, .sparse = true}, &group);
  });
  for (const auto& error : errors) {
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ErrorCode::Config);
    EXPECT_THAT(error->what(), HasSubstr("the sparse engine"));
  }
}

TEST(RequireFullShares, LooksAtTheLastBatch) {
  require_full_shares(22, 5, 2);
  require_full_shares(20, 5, 5);
  const Error error = thrown_by([] { require_full_shares(22, 5, 3); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("the last batch has 2, too few for 3 processes"));
  (void)thrown_by([] { require_full_shares(3, 5, 4); });
}

// With a bucket for each parameter, all sums begin before backward is over.
TEST(GradientBuckets, AreSummedWhileBackwardRuns) {
  run_team(2, [](ProcessGroup& group) {
    Share share({}, nullptr);
    Engine& engine = *share.base.engine;
    GradientBuckets buckets(group, engine.slots(), 1);
    EXPECT_EQ(buckets.count(), 4U);
    std::vector<std::string> order;
    engine.set_gradient_observer([&](std::size_t index) {
      order.push_back(engine.slots()[index].name);
      buckets.ready(index);
    });
    Batch batch;
    ASSERT_TRUE(share.train.next(batch));
    buckets.begin(batch.count);
    engine.forward_backward(batch, {});
    const at::Tensor own = engine.slots()[0].gradient.clone();
    EXPECT_EQ(buckets.finish(), 10);
    EXPECT_EQ(buckets.overlapped(), 4U);
    ASSERT_EQ(order.size(), 4U);
    EXPECT_TRUE(order[0].starts_with("linear") && order[3].starts_with("conv"));
    // Both ranks had the same batch.
    EXPECT_TRUE(engine.slots()[0].gradient.allclose(own));
    EXPECT_EQ(GradientBuckets(group, engine.slots()).count(), 3U);  // 3, 192, 4 + 36 floats
    EXPECT_EQ(GradientBuckets(group, engine.slots(), 1 << 20).count(), 1U);
  });
}

}  // namespace
}  // namespace pollard
