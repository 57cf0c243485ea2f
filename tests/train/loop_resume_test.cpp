// The promise of the loop: from a checkpoint of any step it ends in the same bits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "core/interrupt.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"
#include "train/checkpoint.h"
#include "train/small_training.h"

namespace pollard {
namespace {

using test::SmallTraining;
using test::TemporaryFolder;
using test::thrown_by;
using ::testing::ElementsAreArray;
using ::testing::SizeIs;

struct Snapshot {
  LoopPosition position;
  TensorMap weights, velocity;
};

Snapshot snapshot(SmallTraining& training, const LoopPosition& position) {
  return {position, training.engine->state(), training.engine->velocity()};
}

/// The snapshot as a checkpoint file gives it back, in a training of its own.
void restore(SmallTraining& training, const Snapshot& saved) {
  const TemporaryFolder folder;
  save_checkpoint(folder.path(), {"",
                                  saved.weights,
                                  saved.velocity,
                                  test::third_masks(training.engine->graph()).to_tensors(),
                                  {}});
  const Checkpoint checkpoint = load_checkpoint(folder.path(), silent_progress()).value();
  training.engine->load_state(checkpoint.weights);
  training.engine->load_velocity(checkpoint.velocity);
  training.engine->set_masks(checkpoint.masks);
  training.position = saved.position;
}

void expect_same_end(const SmallTraining& training, const SmallTraining& expected) {
  EXPECT_EQ(training.engine->state(), expected.engine->state());
  EXPECT_EQ(training.engine->velocity(), expected.engine->velocity());
}

TEST(Resume, FromEveryStepEndsInTheSameBits) {
  SmallTraining whole;
  std::vector<Snapshot> saved = {snapshot(whole, {})};
  whole.observer.due = [] { return true; };
  whole.observer.save = [&](const LoopPosition& at) { saved.push_back(snapshot(whole, at)); };
  const Meters last = whole.run();
  ASSERT_THAT(saved, SizeIs(1 + 15 + 2));  // the start, each step, two ends of epochs

  for (const Snapshot& from : saved) {
    SCOPED_TRACE(std::to_string(from.position.epoch) + "/" + std::to_string(from.position.step));
    SmallTraining resumed;
    restore(resumed, from);
    const Meters end = resumed.run();
    expect_same_end(resumed, whole);
    EXPECT_EQ(end.loss, last.loss);
    EXPECT_EQ(end.top1, last.top1);
    // The hooks go on where they stopped, and no epoch is finished twice or left out.
    const std::size_t left = resumed.method.calls.size();
    ASSERT_LE(left, whole.method.calls.size());
    EXPECT_THAT(resumed.method.calls,
                ElementsAreArray(whole.method.calls.end() - static_cast<std::ptrdiff_t>(left),
                                 whole.method.calls.end()));
    const std::size_t steps =
        static_cast<std::size_t>(15 - 5 * from.position.epoch - from.position.step);
    EXPECT_EQ(left, 2 * steps + static_cast<std::size_t>(3 - from.position.epoch));
    // So do the records of epochs, the one under way included.
    ASSERT_THAT(resumed.observer.epochs, SizeIs(3 - from.position.epoch));
    for (std::size_t i = 0; i < resumed.observer.epochs.size(); ++i) {
      const EpochRecord& record = resumed.observer.epochs[i];
      const EpochRecord& expected =
          whole.observer.epochs[i + static_cast<std::size_t>(from.position.epoch)];
      EXPECT_EQ(record.epoch, expected.epoch);
      EXPECT_EQ(record.rate, expected.rate);
      EXPECT_EQ(record.train.images, 22);
      EXPECT_NEAR(record.train.loss, expected.train.loss, 1e-9);
      EXPECT_NEAR(record.train.top1, expected.train.top1, 1e-9);
      EXPECT_EQ(record.test.loss, expected.test.loss);
    }
  }
}

TEST(Resume, AfterASignalEndsInTheSameBits) {
  SmallTraining whole, stopped, resumed;
  (void)whole.run();
  Snapshot saved;
  stopped.observer.save = [&](const LoopPosition& at) { saved = snapshot(stopped, at); };
  stopped.method.backward = [](const TrainingPosition& at) {
    if (at.step == 10) set_interrupted(SIGTERM);  // in the last step of an epoch
  };
  const Error error = thrown_by([&] { (void)stopped.run(); });
  set_interrupted(0);
  EXPECT_EQ(error.code(), ErrorCode::Interrupted);
  restore(resumed, saved);
  (void)resumed.run();
  expect_same_end(resumed, whole);
}

TEST(Repeat, GivesTheSameBits) {
  SmallTraining first, second;
  const Meters a = first.run(), b = second.run();
  expect_same_end(second, first);
  EXPECT_EQ(a.loss, b.loss);
}

TEST(Repeat, WithAnyNumberOfLoaderThreadsGivesTheSameBits) {
  SmallTraining one(5, 1);
  (void)one.run();
  for (const int threads : {0, 2, 3}) {
    SmallTraining other(5, threads);
    (void)other.run();
    expect_same_end(other, one);
  }
}

TEST(Repeat, WithAnotherSeedGivesOthers) {
  SmallTraining first(5), second(6), dropout(5);
  dropout.settings.seed = 6;  // the images as with 5
  (void)first.run();
  (void)second.run();
  (void)dropout.run();
  EXPECT_NE(second.engine->state(), first.engine->state());
  EXPECT_NE(dropout.engine->state(), first.engine->state());
}

}  // namespace
}  // namespace pollard
