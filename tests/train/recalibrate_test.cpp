#include "train/recalibrate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "exec/batch_tensors.h"
#include "exec/host_tensors.h"
#include "train/recording_progress.h"
#include "train/small_training.h"

namespace pollard {
namespace {

using test::SmallTraining;

at::Tensor tensor_of(const TensorMap& state, const std::string& name) {
  const HostTensor& host = state.at(name);
  at::Tensor tensor = at::empty(host.shape);
  copy_into(tensor, host);
  return tensor;
}

/// The plain mean over the first `count` batches of mean and unbiased variance of what the batch
/// norm sees: the convolution's output.
std::pair<at::Tensor, at::Tensor> by_hand(const TensorMap& state, BatchLoader& loader, int count) {
  at::Tensor mean = at::zeros({4}), variance = at::zeros({4});
  Batch batch;
  loader.start(0);
  for (int k = 0; k < count && loader.next(batch); ++k) {
    const at::Tensor x = image_tensor(batch, test::small_network(), at::kCPU);
    const at::Tensor y = at::conv2d(x, tensor_of(state, "conv.weight"),
                                    tensor_of(state, "conv.bias"), 1, /*padding=*/1);
    const at::Tensor columns = y.permute({1, 0, 2, 3}).flatten(1);
    mean += columns.mean(1) / count;
    variance += columns.var(1, /*unbiased=*/true) / count;
  }
  return {mean, variance};
}

TEST(Recalibrate, GivesTheMeanOfTheBatchesStatistics) {
  SmallTraining training;
  (void)training.run();
  for (const int count : {1, 3, 5}) {
    const TensorMap before = training.engine->state();
    EXPECT_EQ(recalibrate(*training.engine, training.train, count, silent_progress()), count);
    const TensorMap after = training.engine->state();
    const auto [mean, variance] = by_hand(before, training.train, count);
    EXPECT_TRUE(at::allclose(tensor_of(after, "bn.running_mean"), mean, 1e-4, 1e-5)) << count;
    EXPECT_TRUE(at::allclose(tensor_of(after, "bn.running_var"), variance, 1e-4, 1e-5)) << count;
    EXPECT_NE(after.at("bn.running_mean").bytes, before.at("bn.running_mean").bytes) << count;
  }
}

TEST(Recalibrate, LeavesTheWeightsAlone) {
  SmallTraining training;
  const TensorMap before = training.engine->state();
  (void)recalibrate(*training.engine, training.train, 2, silent_progress());
  const TensorMap after = training.engine->state();
  for (const auto& [name, tensor] : before) {
    const bool statistics = name.starts_with("bn.running");
    EXPECT_EQ(after.at(name).bytes == tensor.bytes, !statistics) << name;
  }
}

TEST(Recalibrate, TakesNoMoreBatchesThanThereAre) {
  SmallTraining training;
  EXPECT_EQ(recalibrate(*training.engine, training.train, 1000, silent_progress()),
            SmallTraining::kStepsPerEpoch);
}

TEST(Recalibrate, ForgetsWhatTheStatisticsWere) {
  SmallTraining a, b;
  TensorMap other = b.engine->state();
  for (float& mean : other.at("bn.running_mean").f32()) mean = 1e6F;
  b.engine->load_state(other);
  for (SmallTraining* training : {&a, &b})
    (void)recalibrate(*training->engine, training->train, 2, silent_progress());
  EXPECT_EQ(a.engine->state().at("bn.running_mean").bytes,
            b.engine->state().at("bn.running_mean").bytes);
}

}  // namespace
}  // namespace pollard
