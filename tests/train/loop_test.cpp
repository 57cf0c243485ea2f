// What the loop calls, writes down and refuses.
#include "train/loop.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <limits>
#include <numeric>

#include "core/interrupt.h"
#include "support/thrown.h"
#include "train/evaluate.h"
#include "train/recording_progress.h"
#include "train/small_training.h"

namespace pollard {
namespace {

using test::RecordingProgress;
using test::SmallTraining;
using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// ---- steps -------------------------------------------------------------------------------------

TEST(TrainLoop, IsTheSameAsItsStepsByHand) {
  SmallTraining looped, by_hand;
  (void)looped.run();
  Batch batch;
  std::size_t index = 0;
  for (std::uint32_t epoch = 0; epoch < 3; ++epoch) {
    by_hand.train.start(epoch);
    for (std::int64_t step = 0; by_hand.train.next(batch); ++step) {
      by_hand.engine->forward_backward(batch, {by_hand.settings.seed, epoch, step});
      sgd_step(by_hand.engine->slots(), by_hand.settings.sgd, by_hand.rates[index++]);
    }
  }
  EXPECT_EQ(index, by_hand.rates.size());
  EXPECT_EQ(looped.engine->state(), by_hand.engine->state());
  EXPECT_EQ(looped.engine->velocity(), by_hand.engine->velocity());
}

TEST(TrainLoop, ReturnsTheLastEvaluation) {
  SmallTraining training;
  const Meters last = training.run();
  const Meters again = evaluate(*training.engine, training.test);
  EXPECT_EQ(last.loss, again.loss);
  EXPECT_EQ(last.top1, again.top1);
  EXPECT_EQ(last.images, 9);
  EXPECT_EQ(training.observer.epochs.back().test.loss, last.loss);
  EXPECT_EQ(training.position.epoch, 3);
  EXPECT_EQ(training.position.step, 0);
  EXPECT_EQ(training.position.totals.images, 0);
}

TEST(TrainLoop, Learns) {
  SmallTraining training;
  const double before = evaluate(*training.engine, training.test).loss;
  EXPECT_LT(training.run().loss, before);
}

TEST(TrainLoop, ForgetsWhatTheMetersHeldBefore) {
  SmallTraining training;
  training.test.start(0);
  Batch batch;
  while (training.test.next(batch)) training.engine->evaluate(batch);
  (void)training.run();
  EXPECT_EQ(training.observer.epochs.front().train.images, 22);
}

TEST(TrainLoop, OfNoEpochsDoesNothing) {
  SmallTraining training;
  const TensorMap before = training.engine->state();
  training.settings.epochs = 0;
  training.settings.rates = {};
  (void)training.run();
  EXPECT_EQ(training.engine->state(), before);
  EXPECT_THAT(training.method.calls, IsEmpty());
}

// ---- hooks -------------------------------------------------------------------------------------

TEST(TrainLoopHooks, AreCalledInOrderWithTheirPositions) {
  SmallTraining training;
  (void)training.run();
  std::vector<std::string> expected;
  for (int step = 1; step <= 15; ++step) {
    const std::string at = std::to_string((step - 1) / 5) + "/" + std::to_string(step);
    expected.push_back("backward " + at);
    expected.push_back("step " + at);
    if (step % 5 == 0) {
      expected.push_back("epoch " + std::to_string(step / 5) + "/" + std::to_string(step));
    }
  }
  EXPECT_THAT(training.method.calls, ElementsAreArray(expected));
}

TEST(TrainLoopHooks, GradientsComeBeforeTheWeightsMove) {
  SmallTraining training;
  TensorMap weights = training.engine->state();
  const auto value = [](const TensorMap& map) { return map.at("linear.weight"); };
  training.method.backward = [&](const TrainingPosition&) {
    for (const ParameterSlot& slot : training.engine->slots()) {
      EXPECT_TRUE(slot.gradient.defined()) << slot.name;
    }
    EXPECT_EQ(value(training.engine->state()), value(weights));
  };
  training.method.step = [&](const TrainingPosition&) {
    EXPECT_NE(value(training.engine->state()), value(weights));
    EXPECT_EQ(value(training.engine->state()).f32()[0], 0);  // masked
    weights = training.engine->state();
  };
  (void)training.run();
}

TEST(TrainLoopHooks, MayChangeTheGradients) {
  SmallTraining training;
  training.settings.sgd = {.momentum = 0, .weight_decay = 0};
  training.method.backward = [&](const TrainingPosition&) {
    for (ParameterSlot& slot : training.engine->slots()) slot.gradient.zero_();
  };
  const TensorMap before = training.engine->state();
  (void)training.run();
  for (const ParameterInfo& info : training.engine->graph().parameters()) {
    if (info.trainable()) {
      EXPECT_EQ(training.engine->state().at(info.name), before.at(info.name)) << info.name;
    }
  }
}

TEST(TrainLoopHooks, AfterEpochComesBeforeTheRecordAndAfterTheEvaluation) {
  SmallTraining training;
  training.method.epoch = [&](const TrainingPosition& at) {
    EXPECT_THAT(training.observer.epochs, SizeIs(at.epoch - 1));
    training.engine->set_masks({});
    for (ParameterSlot& slot : training.engine->slots()) {
      const at::NoGradGuard no_grad;
      if (slot.name == "linear.bias") slot.value.fill_(static_cast<float>(at.epoch));
    }
  };
  const Meters last = training.run();
  EXPECT_NE(evaluate(*training.engine, training.test).loss, last.loss);
  EXPECT_THAT(training.engine->state().at("linear.bias").f32(), ElementsAre(3, 3, 3));
}

// ---- records -----------------------------------------------------------------------------------

TEST(TrainLoopRecords, OfStepsHaveTheirPositionsAndRates) {
  SmallTraining training;
  training.settings.record_interval = 4;
  (void)training.run();
  const std::vector<StepRecord>& records = training.observer.steps;
  ASSERT_THAT(records, SizeIs(3));  // steps 4, 8, 12 of 5 an epoch
  const std::int64_t epochs[] = {1, 2, 3}, images[] = {20, 4 * 5 - 3, 4 * 5 - 3};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(records[i].step, 4 * static_cast<std::int64_t>(i + 1));
    EXPECT_EQ(records[i].epoch, epochs[i]);
    EXPECT_DOUBLE_EQ(records[i].position, 0.8 * static_cast<double>(i + 1));
    EXPECT_EQ(records[i].rate, training.rates[4 * i + 3]);
    EXPECT_EQ(records[i].train.images, images[i]);  // since the record before it
  }
}

TEST(TrainLoopRecords, OfTheLastStepOfAnEpochNameThatEpoch) {
  SmallTraining training;
  training.settings.record_interval = 5;
  (void)training.run();
  ASSERT_THAT(training.observer.steps, SizeIs(3));
  for (std::int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(training.observer.steps[static_cast<std::size_t>(i)].epoch, i + 1);
    EXPECT_EQ(training.observer.steps[static_cast<std::size_t>(i)].position,
              static_cast<double>(i + 1));
  }
}

TEST(TrainLoopRecords, OfEpochsAreMeansOverTheImagesOfTheSteps) {
  SmallTraining training;
  training.settings.record_interval = 1;
  (void)training.run();
  ASSERT_THAT(training.observer.epochs, SizeIs(3));
  ASSERT_THAT(training.observer.steps, SizeIs(15));
  double seconds = 0;
  for (std::size_t e = 0; e < 3; ++e) {
    const EpochRecord& record = training.observer.epochs[e];
    EXPECT_EQ(record.epoch, static_cast<std::int64_t>(e) + 1);
    EXPECT_EQ(record.epochs, 3);
    EXPECT_EQ(record.step, 5 * record.epoch);
    EXPECT_EQ(record.rate, training.rates[5 * e + 4]);
    EXPECT_EQ(record.train.images, 22);
    EXPECT_EQ(record.test.images, 9);
    double loss = 0, top1 = 0;
    for (std::size_t i = 5 * e; i < 5 * e + 5; ++i) {
      const Meters& meters = training.observer.steps[i].train;
      EXPECT_EQ(meters.images, i % 5 == 4 ? 2 : 5);
      loss += meters.loss * static_cast<double>(meters.images) / 22;
      top1 += meters.top1 * static_cast<double>(meters.images) / 22;
    }
    EXPECT_NEAR(record.train.loss, loss, 1e-9);
    EXPECT_NEAR(record.train.top1, top1, 1e-9);
    EXPECT_GE(record.seconds, seconds);
    seconds = record.seconds;
  }
}

TEST(TrainLoopRecords, DoNotDependOnTheMeterInterval) {
  SmallTraining often, rarely;
  often.settings.meter_interval = 1;
  rarely.settings.meter_interval = 1000;
  (void)often.run();
  (void)rarely.run();
  for (std::size_t e = 0; e < 3; ++e) {
    EXPECT_NEAR(often.observer.epochs[e].train.loss, rarely.observer.epochs[e].train.loss, 1e-9);
    EXPECT_EQ(often.observer.epochs[e].test.loss, rarely.observer.epochs[e].test.loss);
  }
  EXPECT_EQ(often.engine->state(), rarely.engine->state());
}

TEST(TrainLoopProgress, CountsTheStepsOfTheStage) {
  SmallTraining training;
  training.position = {.epoch = 1, .step = 2, .totals = {}, .seconds = 100};
  RecordingProgress progress;
  (void)training.run(progress);
  EXPECT_EQ(progress.label, "small");
  EXPECT_EQ(progress.total, 15);
  EXPECT_EQ(progress.first, 7);
  EXPECT_EQ(progress.begun, progress.ended);
  EXPECT_THAT(progress.notes,
              ElementsAre(HasSubstr("small epoch 2/3"), HasSubstr("small epoch 3/3")));
  EXPECT_GE(training.position.seconds, 100);
}

// ---- what it refuses ---------------------------------------------------------------------------

TEST(TrainLoopErrors, AWrongNumberOfRates) {
  for (const std::size_t count : {0, 14, 16}) {
    SmallTraining training;
    training.rates.resize(count);
    training.settings.rates = training.rates;
    const Error error = thrown_by([&] { (void)training.run(); });
    EXPECT_EQ(error.code(), ErrorCode::Internal);
    EXPECT_THAT(error.what(), HasSubstr(std::to_string(count) + " learning rates for 15 steps"));
    EXPECT_THAT(training.method.calls, IsEmpty());
  }
}

/// Makes the network diverge: the step after `step` has a loss that is not finite.
void poison_after(SmallTraining& training, std::int64_t step) {
  training.method.step = [&training, step](const TrainingPosition& at) {
    const at::NoGradGuard no_grad;
    for (ParameterSlot& slot : training.engine->slots()) {
      if (at.step == step && slot.name == "linear.bias") {
        slot.value.fill_(std::numeric_limits<float>::quiet_NaN());
      }
    }
  };
}

TEST(TrainLoopErrors, ALossThatIsNotFiniteReachesNoCheckpoint) {
  for (const std::int64_t interval : {1, 10, 1000}) {
    SmallTraining training;
    training.settings.meter_interval = interval;
    poison_after(training, 7);
    // From the first step on whose loss is not finite.
    training.observer.due = [&] {
      return training.position.epoch == 1 && training.position.step > 2;
    };
    const Error error = thrown_by([&] { (void)training.run(); });
    EXPECT_EQ(error.code(), ErrorCode::Numeric);
    EXPECT_THAT(error.what(), HasSubstr("small: the training loss is nan in epoch 2, by step 3"));
    EXPECT_THAT(error.hint(), HasSubstr("learning rate"));
    EXPECT_THAT(training.observer.checkpoints, IsEmpty());
    EXPECT_THAT(training.observer.epochs, SizeIs(1));
  }
}

TEST(TrainLoopErrors, ALossThatIsNotFiniteIsSeenByTheMeterIntervalOrTheEndOfTheEpoch) {
  SmallTraining by_interval, by_epoch;
  by_interval.settings.meter_interval = 4;
  poison_after(by_interval, 6);
  EXPECT_EQ(thrown_by([&] { (void)by_interval.run(); }).code(), ErrorCode::Numeric);
  EXPECT_EQ(by_interval.method.calls.back(), "step 1/8");
  by_epoch.settings.meter_interval = 1000;
  poison_after(by_epoch, 6);
  EXPECT_EQ(thrown_by([&] { (void)by_epoch.run(); }).code(), ErrorCode::Numeric);
  EXPECT_EQ(by_epoch.method.calls.back(), "step 1/10");
}

TEST(TrainLoopErrors, ATooLargeRate) {
  SmallTraining training;
  std::ranges::fill(training.rates, 1e30);
  EXPECT_EQ(thrown_by([&] { (void)training.run(); }).code(), ErrorCode::Numeric);
}

TEST(TrainLoopErrors, ATestLossThatIsNotFinite) {
  SmallTraining training;
  poison_after(training, 10);  // the last step of epoch 2: no training loss tells of it
  training.observer.due = [&] { return training.position.step == 0; };
  const Error error = thrown_by([&] { (void)training.run(); });
  EXPECT_EQ(error.code(), ErrorCode::Numeric);
  EXPECT_THAT(error.what(), HasSubstr("the loss on the test data is nan in epoch 2"));
  EXPECT_THAT(training.observer.checkpoints, SizeIs(1));  // after epoch 1
  EXPECT_THAT(training.observer.epochs, SizeIs(1));
  EXPECT_EQ(training.method.calls.back(), "step 1/10");
}

// ---- checkpoints and signals -------------------------------------------------------------------

TEST(TrainLoopCheckpoints, AreTakenWhenDueAfterStepsAndEpochsButNotAtTheEnd) {
  SmallTraining training;
  training.observer.due = [] { return true; };
  (void)training.run();
  std::vector<std::pair<std::int64_t, std::int64_t>> places, expected;
  for (const LoopPosition& at : training.observer.checkpoints)
    places.emplace_back(at.epoch, at.step);
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    if (epoch > 0) expected.emplace_back(epoch, 0);
    for (std::int64_t step = 1; step <= 5; ++step) expected.emplace_back(epoch, step);
  }
  EXPECT_EQ(places, expected);
  for (const LoopPosition& at : training.observer.checkpoints) {
    EXPECT_EQ(at.totals.images, std::min<std::int64_t>(5 * at.step, 22));
  }
}

class Signals : public ::testing::Test {
 protected:
  void TearDown() override { set_interrupted(0); }
};

TEST_F(Signals, LeadToACheckpointAndAnError) {
  for (const int signal : {SIGINT, SIGTERM}) {
    SmallTraining training;
    training.method.step = [&](const TrainingPosition& at) {
      if (at.step == 7) set_interrupted(signal);
    };
    const Error error = thrown_by([&] { (void)training.run(); });
    set_interrupted(0);
    EXPECT_EQ(error.code(), ErrorCode::Interrupted);
    EXPECT_THAT(error.what(), HasSubstr("interrupted at epoch 2, step 2"));
    EXPECT_THAT(error.hint(), HasSubstr("--resume"));
    ASSERT_THAT(training.observer.checkpoints, SizeIs(1));
    EXPECT_EQ(training.observer.checkpoints[0].epoch, 1);
    EXPECT_EQ(training.observer.checkpoints[0].step, 2);
    EXPECT_EQ(training.observer.checkpoints[0].totals.images, 10);
    EXPECT_EQ(training.method.calls.back(), "step 1/7");
  }
}

TEST_F(Signals, DoNotHideALossThatIsNotFinite) {
  SmallTraining training;
  training.settings.meter_interval = 1000;
  training.method.step = [&](const TrainingPosition& at) {
    const at::NoGradGuard no_grad;
    for (ParameterSlot& slot : training.engine->slots()) {
      if (at.step == 6) slot.value.fill_(std::numeric_limits<double>::infinity());
    }
    if (at.step == 8) set_interrupted(SIGTERM);
  };
  EXPECT_EQ(thrown_by([&] { (void)training.run(); }).code(), ErrorCode::Numeric);
  EXPECT_THAT(training.observer.checkpoints, IsEmpty());
}

}  // namespace
}  // namespace pollard
