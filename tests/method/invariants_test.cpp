// One choke point: whatever is done to a pruned network, in whatever order, masked weights and
// their momentum are +0.0 in every bit, and going through a checkpoint changes no bit.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <bit>
#include <limits>

#include "method/imp.h"
#include "pollard/random.h"
#include "pollard/sgd.h"
#include "support/temporary_folder.h"
#include "train/checkpoint.h"
#include "train/small_training.h"

namespace pollard {
namespace {

std::size_t not_zero(const MaskSet& masks, const TensorMap& tensors) {
  std::size_t count = 0;
  for (const Mask& mask : masks.masks()) {
    const std::span<const float> values = tensors.at(mask.name).f32();
    for (std::size_t i = 0; i < values.size(); ++i) {
      count += mask.keep[i] == 0 && std::bit_cast<std::uint32_t>(values[i]) != 0;
    }
  }
  return count;
}

/// A network under way, and what may happen to it. All choices are drawn from `draw`.
class Trial {
 public:
  explicit Trial(bool saves) : saves_(saves) { loader_.start(0); }

  void prune(RandomStream& draw) {
    const auto kept = static_cast<std::int64_t>(static_cast<double>(masks_.kept()) *
                                                (0.7 + 0.3 * static_cast<double>(draw.uniform())));
    imp_prune(*engine_, masks_, kept, "global");
    EXPECT_EQ(masks_.kept(), kept);
  }

  void step(RandomStream& draw, std::int64_t index) {
    Batch batch;
    while (!loader_.next(batch)) loader_.start(static_cast<std::uint32_t>(index));
    engine_->forward_backward(batch, {1, 0, index});
    if (draw.below(2) == 0) spoil_masked_gradients();
    sgd_step(engine_->slots(),
             {.momentum = draw.uniform(),
              .nesterov = draw.below(2) == 0,
              .weight_decay = 0.1 * static_cast<double>(draw.uniform()),
              .decay_all = draw.below(2) == 0},
             0.1 * static_cast<double>(draw.uniform()));
  }

  /// Through files into a new engine; without `saves`, nothing.
  void save_and_load() {
    if (!saves_) return;
    const test::TemporaryFolder folder;
    save_checkpoint(folder.path(),
                    {"{}", engine_->state(), engine_->velocity(), masks_.to_tensors(), {}});
    const Checkpoint checkpoint = load_checkpoint(folder.path(), silent_progress()).value();
    engine_ = test::small_engine(99);
    engine_->load_state(checkpoint.weights);
    engine_->load_velocity(checkpoint.velocity);
    masks_ = MaskSet::from_tensors(engine_->graph(), checkpoint.masks);
    engine_->set_masks(masks_.to_tensors());
  }

  void check() const {
    ASSERT_EQ(not_zero(masks_, engine_->state()), 0U);
    ASSERT_EQ(not_zero(masks_, engine_->velocity()), 0U);
  }

  [[nodiscard]] const Engine& engine() const { return *engine_; }
  [[nodiscard]] const MaskSet& masks() const { return masks_; }

 private:
  void spoil_masked_gradients() {
    for (ParameterSlot& slot : engine_->slots()) {
      if (!slot.mask.defined()) continue;
      slot.gradient.masked_fill_(slot.mask.eq(0), std::numeric_limits<float>::quiet_NaN());
    }
  }

  bool saves_;
  MemoryDataset images_ = testing_data::pattern_dataset(22, test::kSmallImage, 3);
  BatchLoader loader_{images_,
                      {.batch_size = 5,
                       .shuffle = true,
                       .augmentation = {},
                       .normalization = normalization("none", 1),
                       .seed = 1,
                       .threads = 0}};
  std::unique_ptr<Engine> engine_ = test::small_engine();
  MaskSet masks_ = MaskSet::dense(engine_->graph());
};

TEST(Invariants, MaskedWeightsAndMomentumAreExactZerosInAnyOrderOfEvents) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    Trial through_files(true), straight(false);
    for (Trial* trial : {&through_files, &straight}) {
      RandomStream draw(seed, Purpose::Testing, 0, 0);
      for (std::int64_t event = 0; event < 30; ++event) {
        const std::uint32_t kind = draw.below(6);
        if (kind == 0) trial->prune(draw);
        if (kind == 1) trial->save_and_load();
        if (kind > 1) trial->step(draw, event);
        trial->check();
        if (HasFatalFailure()) return;
      }
    }
    EXPECT_EQ(through_files.masks(), straight.masks());
    EXPECT_EQ(through_files.engine().state(), straight.engine().state());
    EXPECT_EQ(through_files.engine().velocity(), straight.engine().velocity());
  }
}

TEST(Invariants, KeptWeightsDoMove) {
  Trial trial(false);
  RandomStream draw(1, Purpose::Testing, 0, 0);
  trial.prune(draw);
  const TensorMap before = trial.engine().state();
  trial.step(draw, 0);
  EXPECT_NE(trial.engine().state(), before);
}

}  // namespace
}  // namespace pollard
