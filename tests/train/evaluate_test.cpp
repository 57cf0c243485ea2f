#include "train/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "train/recording_progress.h"
#include "train/small_training.h"

namespace pollard {
namespace {

using test::RecordingProgress;
using test::SmallTraining;
using ::testing::ElementsAre;

/// From the outputs alone, in double precision.
Meters by_hand(Engine& engine, BatchLoader& loader) {
  Meters meters;
  Batch batch;
  loader.start(0);
  while (loader.next(batch)) {
    const HostTensor outputs = engine.predict(batch);
    for (std::size_t n = 0; n < batch.labels.size(); ++n) {
      const auto scores = outputs.f32().subspan(3 * n, 3);
      const auto label = static_cast<std::size_t>(batch.labels[n]);
      const double sum = std::accumulate(scores.begin(), scores.end(), 0.0, [](double s, float x) {
        return s + std::exp(static_cast<double>(x));
      });
      meters.loss += std::log(sum) - scores[label];
      meters.top1 +=
          std::ranges::max_element(scores) - scores.begin() == static_cast<std::ptrdiff_t>(label)
              ? 100
              : 0;
      ++meters.images;
    }
  }
  meters.loss /= static_cast<double>(meters.images);
  meters.top1 /= static_cast<double>(meters.images);
  return meters;
}

TEST(Evaluate, IsTheMeanOverAllImages) {
  SmallTraining training;  // 9 test images in batches of 4, 4 and 1
  for (int round = 0; round < 2; ++round) {
    const Meters expected = by_hand(*training.engine, training.test);
    const Meters meters = evaluate(*training.engine, training.test);
    EXPECT_EQ(meters.images, 9);
    EXPECT_NEAR(meters.loss, expected.loss, 1e-6);
    EXPECT_NEAR(meters.top1, expected.top1, 1e-9);
    EXPECT_EQ(meters.top5, 100);  // of three classes
    (void)training.run();         // and again with weights that know something
    training.position = {};
  }
}

TEST(Evaluate, ChangesNothing) {
  SmallTraining training;
  const TensorMap state = training.engine->state(), velocity = training.engine->velocity();
  const Meters first = evaluate(*training.engine, training.test);
  EXPECT_EQ(training.engine->state(), state);  // the running statistics too
  EXPECT_EQ(training.engine->velocity(), velocity);
  const Meters second = evaluate(*training.engine, training.test);
  EXPECT_EQ(first.loss, second.loss);
  EXPECT_EQ(training.engine->take_meters().images, 0);
}

TEST(Evaluate, LeavesOutWhatWasMeasuredBeforeIt) {
  SmallTraining training;
  const Meters alone = evaluate(*training.engine, training.test);
  Batch batch;
  training.train.start(0);
  ASSERT_TRUE(training.train.next(batch));
  training.engine->evaluate(batch);
  const Meters after = evaluate(*training.engine, training.test);
  EXPECT_EQ(after.images, 9);
  EXPECT_EQ(after.loss, alone.loss);
}

TEST(Evaluate, StartsOverWhereverTheLoaderStood) {
  SmallTraining training;
  const Meters whole = evaluate(*training.engine, training.test);
  Batch batch;
  training.test.start(3, 1);
  ASSERT_TRUE(training.test.next(batch));
  EXPECT_EQ(evaluate(*training.engine, training.test).loss, whole.loss);
}

TEST(Evaluate, ShowsItsBatches) {
  SmallTraining training;
  RecordingProgress progress;
  (void)evaluate(*training.engine, training.test, progress);
  EXPECT_EQ(progress.label, "evaluate");
  EXPECT_EQ(progress.total, 3);
  EXPECT_EQ(progress.first, 0);
  EXPECT_THAT(progress.advances, ElementsAre(1, 2, 3));
  EXPECT_EQ(progress.ended, 1);
}

}  // namespace
}  // namespace pollard
