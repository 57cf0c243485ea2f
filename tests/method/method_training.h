// Methods over networks small enough to follow: a step by hand, and the small training with
// checkpoints.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pollard/sgd.h"
#include "support/temporary_folder.h"
#include "train/checkpoint.h"
#include "train/small_training.h"

namespace pollard::test {

using MakeMethod = std::function<std::unique_ptr<Method>()>;

inline std::int64_t kept_in(const TensorMap& masks) {
  std::int64_t kept = 0;
  for (const auto& [name, mask] : masks) {
    for (const std::uint8_t keep : mask.u8()) kept += keep;
  }
  return kept;
}

// ---- a step by hand ----------------------------------------------------------------------------

/// input [1, 2, 2] -> flatten -> gemm 2 x 4. With x = (1, 2, 1/2, 4), label 0 and the weights
///
///   1    1/2  -1/4  1/8      dense logits  1 + 1 - 1/8 + 1/2 = 2.375
///   1   -1/2   1/4  1/8                    1 - 1 + 1/8 + 1/2 = 0.625
///
/// the two largest weights alone give the logits (1, 1): the softmax is (1/2, 1/2) and the gradient
/// at these masked weights -x/2 in the first row, x/2 in the second.
struct HandStep {
  static constexpr SgdSettings kSgd{.momentum = 0.5, .weight_decay = 0.25};
  static constexpr double kRate = 0.5;
  std::unique_ptr<Engine> engine = [] {
    Graph graph("hand", {1, 2, 2});
    graph.add_parameter({"w", {2, 4}, ParameterRole::Weight});
    graph.add_node("flatten", Flatten{}, {std::string(Graph::kInput)});
    graph.set_output(graph.add_node("gemm", Gemm{}, {"flatten", "w"}));
    return make_torch_engine(graph, {});
  }();
  const Batch batch{0, 1, {1, 2, 2}, {1, 2, 0.5F, 4}, {0}};

  HandStep() {
    load({1, 0.5F, -0.25F, 0.125F, 1, -0.5F, 0.25F, 0.125F});
    engine->load_velocity({{"w", HostTensor::from_floats({2, 4}, std::vector<float>(8, 1.0F))}});
  }
  void load(const std::vector<float>& weights) {
    engine->load_state({{"w", HostTensor::from_floats({2, 4}, weights)}});
  }
  void step() {
    engine->forward_backward(batch, {1, 0, 0});
    sgd_step(engine->slots(), kSgd, kRate);
  }
  [[nodiscard]] std::vector<float> weights() const { return floats(engine->state().at("w")); }
  [[nodiscard]] std::vector<float> velocity() const { return floats(engine->velocity().at("w")); }
  [[nodiscard]] std::vector<float> logits() const { return floats(engine->predict(batch)); }

  static std::vector<float> floats(const HostTensor& tensor) {
    return {tensor.f32().begin(), tensor.f32().end()};
  }
};

inline std::vector<int> bits(const TensorMap& masks) {
  const std::span<const std::uint8_t> keep = masks.at("w").u8();
  return {keep.begin(), keep.end()};
}

// ---- the small training ------------------------------------------------------------------------

struct MethodTraining {
  SmallTraining training;
  std::unique_ptr<Method> method;

  MethodTraining(const MakeMethod& make, double sparsity) : method(make()) {
    training.engine->set_masks({});
    context.sparsity = sparsity;
    for (double& rate : training.rates) rate /= 10;  // no ReLU dies
  }
  MethodContext context{
      *training.engine,     SmallTraining::kEpochs, SmallTraining::kStepsPerEpoch, 5, 0,
      training.settings.sgd};

  void attach() { method->attach(context); }
  void run() {
    (void)train_loop(*training.engine, *method, training.train, training.test, training.settings,
                     training.position, training.observer, silent_progress());
  }
  /// Of the test images, each with outputs of its own: the network is alive.
  [[nodiscard]] HostTensor predict() {
    Batch batch;
    training.test.start(0);
    EXPECT_TRUE(training.test.next(batch));
    HostTensor outputs = training.engine->predict(batch);
    EXPECT_NE(outputs.f32()[0], outputs.f32()[3]);  // the first of 3 classes, two images
    return outputs;
  }
};

/// From a checkpoint of every step and every epoch, through files, it ends in the same bits.
inline void expect_same_end_from_every_step(const MakeMethod& make, double sparsity) {
  struct Saved {
    LoopPosition position;
    Checkpoint checkpoint;
  };
  std::vector<Saved> saved;
  MethodTraining whole(make, sparsity);
  whole.attach();
  whole.training.observer.due = [] { return true; };
  whole.training.observer.save = [&](const LoopPosition& at) {
    saved.push_back({at,
                     {"{}",
                      whole.training.engine->state(),
                      whole.training.engine->velocity(),
                      {},
                      whole.method->save()}});
  };
  whole.run();
  ASSERT_EQ(saved.size(), 15U + 2U);
  const TensorMap weights = whole.training.engine->state(),
                  velocity = whole.training.engine->velocity();
  (void)whole.predict();
  const MaskSet masks = whole.method->finish();

  for (const Saved& from : saved) {
    SCOPED_TRACE(std::to_string(from.position.epoch) + "/" + std::to_string(from.position.step));
    const TemporaryFolder folder;
    save_checkpoint(folder.path(), from.checkpoint);
    const Checkpoint checkpoint = load_checkpoint(folder.path(), silent_progress()).value();
    MethodTraining resumed(make, sparsity);
    resumed.training.engine->load_state(checkpoint.weights);
    resumed.training.engine->load_velocity(checkpoint.velocity);
    resumed.training.position = from.position;
    resumed.attach();
    resumed.method->load(checkpoint.method);
    resumed.run();
    EXPECT_EQ(resumed.training.engine->state(), weights);
    EXPECT_EQ(resumed.training.engine->velocity(), velocity);
    EXPECT_EQ(resumed.method->finish(), masks);
  }
}

/// Training and finish(): exactly `kept` weights stay, the others and their momentum are +0 in
/// every bit and stay so, the network is the one that was trained, and the engine is free of
/// functions.
inline void expect_exact_finish(const MakeMethod& make, double sparsity, std::int64_t kept) {
  MethodTraining trained(make, sparsity);
  trained.attach();
  trained.run();
  Engine& engine = *trained.training.engine;
  const HostTensor before = trained.predict();
  const TensorMap dense = engine.state();
  const MaskSet masks = trained.method->finish();
  EXPECT_EQ(masks.kept(), kept);
  EXPECT_EQ(trained.predict(), before);
  const TensorMap state = engine.state(), velocity = engine.velocity();
  for (const Mask& mask : masks.masks()) {
    const std::span<const float> w = state.at(mask.name).f32(), v = velocity.at(mask.name).f32();
    for (std::size_t i = 0; i < mask.keep.size(); ++i) {
      if (mask.keep[i] != 0) {
        EXPECT_EQ(w[i], dense.at(mask.name).f32()[i]);
        EXPECT_NE(w[i], 0.0F);
      } else {
        EXPECT_EQ(std::bit_cast<std::uint32_t>(w[i]), 0U);
        EXPECT_EQ(std::bit_cast<std::uint32_t>(v[i]), 0U);
      }
    }
  }
  engine.load_state(dense);
  EXPECT_EQ(engine.state(), state);  // the masks are in force

  engine.set_masks({});
  engine.load_state(dense);
  MethodTraining plain(make, sparsity);
  plain.training.engine->load_state(dense);
  EXPECT_EQ(trained.predict(), plain.predict());  // nothing stands between weights and network
}

}  // namespace pollard::test
