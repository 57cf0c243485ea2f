// A network, data and loop of a few hundred weights, with every kind of randomness there is:
// shuffled and flipped images, dropout.
//
//   input [1, 4, 4] -> conv 4 x 1 x 3 x 3, bias, pad 1 -> batch norm -> relu -> flatten [64]
//   -> dropout -> gemm 3 x 64, bias
//
// 22 images in batches of 5: 5 steps an epoch, the last of 2 images.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/synthetic.h"
#include "pollard/batches.h"
#include "pollard/masks.h"
#include "pollard/networks.h"
#include "pollard/torch_engine.h"
#include "train/loop.h"

namespace pollard::test {

constexpr ImageShape kSmallImage{1, 4, 4};

inline Graph small_network() {
  Graph graph("small", kSmallImage);
  graph.add_parameter({"conv.weight", {4, 1, 3, 3}, ParameterRole::Weight});
  graph.add_parameter({"conv.bias", {4}, ParameterRole::Bias});
  graph.add_parameter({"bn.weight", {4}, ParameterRole::Scale});
  graph.add_parameter({"bn.bias", {4}, ParameterRole::Shift});
  graph.add_parameter({"bn.running_mean", {4}, ParameterRole::RunningMean});
  graph.add_parameter({"bn.running_var", {4}, ParameterRole::RunningVariance});
  graph.add_parameter({"linear.weight", {3, 64}, ParameterRole::Weight});
  graph.add_parameter({"linear.bias", {3}, ParameterRole::Bias});
  Conv conv;
  conv.pads = {1, 1, 1, 1};
  graph.add_node("conv", conv, {std::string(Graph::kInput), "conv.weight", "conv.bias"});
  graph.add_node("bn", BatchNormalization{},
                 {"conv", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"});
  graph.add_node("relu", Relu{}, {"bn"});
  graph.add_node("flatten", Flatten{}, {"relu"});
  graph.add_node("dropout", Dropout{0.25}, {"flatten"});
  graph.add_node("linear", Gemm{}, {"dropout", "linear.weight", "linear.bias"});
  graph.set_output("linear");
  return graph;
}

inline std::unique_ptr<Engine> small_engine(std::uint64_t seed = 1) {
  const Graph graph = small_network();
  auto engine = make_torch_engine(graph, {});
  engine->load_state(initialize(graph, seed, Initialization::Kaiming));
  return engine;
}

/// Every third weight masked.
inline MaskSet third_masks(const Graph& graph) {
  MaskSet masks = MaskSet::dense(graph);
  for (Mask& mask : masks.masks()) {
    for (std::size_t i = 0; i < mask.keep.size(); i += 3) mask.keep[i] = 0;
  }
  return masks;
}

/// Writes down which hooks are called, and calls what a test puts in their place.
class HookedMethod : public Method {
 public:
  std::vector<std::string> calls;
  std::function<void(const TrainingPosition&)> backward, step, epoch;

  [[nodiscard]] std::string_view name() const override { return "hooked"; }
  void attach(const MethodContext&) override { calls.emplace_back("attach"); }
  void after_backward(const TrainingPosition& at) override { called("backward", at, backward); }
  void after_step(const TrainingPosition& at) override { called("step", at, step); }
  void after_epoch(const TrainingPosition& at) override { called("epoch", at, epoch); }
  [[nodiscard]] MaskSet finish() override {
    calls.emplace_back("finish");
    return {};
  }

 private:
  void called(const std::string& hook, const TrainingPosition& at,
              const std::function<void(const TrainingPosition&)>& also) {
    calls.push_back(hook + " " + std::to_string(at.epoch) + "/" + std::to_string(at.step));
    if (also) also(at);
  }
};

class RecordingObserver : public LoopObserver {
 public:
  std::vector<StepRecord> steps;
  std::vector<EpochRecord> epochs;
  std::vector<LoopPosition> checkpoints;
  std::function<bool()> due;
  std::function<void(const LoopPosition&)> save;

  void on_step(const StepRecord& record) override { steps.push_back(record); }
  void on_epoch(const EpochRecord& record) override { epochs.push_back(record); }
  [[nodiscard]] bool checkpoint_due() override { return due && due(); }
  void checkpoint(const LoopPosition& position) override {
    checkpoints.push_back(position);
    if (save) save(position);
  }
};

/// A training at its beginning, with a rate that falls from step to step.
struct SmallTraining {
  static constexpr std::int64_t kEpochs = 3, kStepsPerEpoch = 5, kSteps = 15;

  MemoryDataset images = testing_data::pattern_dataset(22, kSmallImage, 3);
  MemoryDataset test_images = testing_data::pattern_dataset(9, kSmallImage, 3);
  std::unique_ptr<Engine> engine = small_engine();
  BatchLoader train, test;
  std::vector<double> rates;
  LoopSettings settings;
  LoopPosition position;
  HookedMethod method;
  RecordingObserver observer;

  explicit SmallTraining(std::uint64_t seed = 5, int loader_threads = 1)
      : train(images, {.batch_size = 5,
                       .shuffle = true,
                       .augmentation = {.crop_padding = 1, .flip = true},
                       .normalization = normalization("none", 1),
                       .seed = seed,
                       .threads = loader_threads}),
        test(test_images, {.batch_size = 4,
                           .augmentation = {},
                           .normalization = normalization("none", 1),
                           .threads = loader_threads}) {
    for (std::int64_t i = 0; i < kSteps; ++i) rates.push_back(0.1 - 0.005 * static_cast<double>(i));
    settings = {.label = "small",
                .epochs = kEpochs,
                .rates = rates,
                .sgd = {.momentum = 0.9, .nesterov = true, .weight_decay = 1e-2},
                .seed = seed};
    engine->set_masks(third_masks(engine->graph()).to_tensors());
  }
  SmallTraining(const SmallTraining&) = delete;
  SmallTraining& operator=(const SmallTraining&) = delete;

  Meters run(Progress& progress = silent_progress()) {
    return train_loop(*engine, method, train, test, settings, position, observer, progress);
  }
};

}  // namespace pollard::test
