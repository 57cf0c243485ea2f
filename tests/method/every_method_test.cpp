// What every registered method must hold to, on a plain and on a batch-normed network: its end is
// exact and final, a resume anywhere ends in the same bits, and pruned weights stay zero after.
// A method that lands in the registry is tested here without a change, unless so short a training
// needs settings of its own (kSettings).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>
#include <set>

#include "data/synthetic.h"
#include "experiment/parameters.h"
#include "graph/blocks.h"
#include "method/imp.h"
#include "method/registry.h"
#include "pollard/networks.h"
#include "pollard/sparse_engine.h"
#include "pollard/torch_engine.h"
#include "support/temporary_folder.h"
#include "train/checkpoint.h"
#include "train/small_training.h"

namespace pollard {
namespace {

constexpr std::int64_t kEpochs = 6, kStepsPerEpoch = 5;
constexpr double kGoal = 0.85;

using Settings = std::vector<std::string>;
/// What the defaults, made for hundreds of epochs, do not allow in six.
const std::map<std::string, Settings> kSettings = {{"lc", {"method.lc.steps=3"}}};

/// Ways of a method that are tested like a method of their own.
struct Variant {
  std::string label, method;
  Settings settings;
};
const std::vector<Variant> kVariants = {
    {"lc_original",
     "lc",
     {"method.lc.steps=3", "method.lc.variant=original", "method.lc.mu=0.05"}}};

/// input [1, 8, 8] -> conv 6, bias -> relu -> conv 8, stride 2, bias -> relu -> linear 3
Graph plain_network() {
  Graph graph("plain", {1, 8, 8});
  std::string x = add_conv(graph, "conv1", std::string(Graph::kInput),
                           {.channels = 6, .kernel = 3, .padding = 1, .bias = true});
  x = graph.add_node("relu1", Relu{}, {x});
  x = add_conv(graph, "conv2", x,
               {.channels = 8, .kernel = 3, .stride = 2, .padding = 1, .bias = true});
  x = graph.add_node("relu2", Relu{}, {x});
  x = graph.add_node("flatten", Flatten{}, {x});
  graph.set_output(add_linear(graph, "linear", x, 3));
  return graph;
}

Graph network(const std::string& name) {
  return name == "plain" ? plain_network() : build_network(name, {3, 8, 8}, 3);
}

Config config_of(const Variant& variant) {
  Config config(parameter_table());
  config.apply("train.method=" + variant.method);
  config.apply("train.epochs=" + std::to_string(kEpochs));
  for (const std::string& text : variant.settings) config.apply(text);
  config.check_effective();
  return config;
}

/// 22 images in batches of 5.
class Trial {
 public:
  Trial(const Variant& variant, const Graph& graph)
      : variant_(variant),
        images_(testing_data::pattern_dataset(22, graph.input_shape(), 3)),
        train_(images_, {.batch_size = 5,
                         .shuffle = true,
                         .augmentation = {.crop_padding = 1, .flip = true},
                         .normalization = normalization("none", graph.input_shape().channels),
                         .seed = 5,
                         .threads = 0}),
        test_(images_, {.batch_size = 11,
                        .augmentation = {},
                        .normalization = normalization("none", graph.input_shape().channels),
                        .threads = 0}),
        engine_(make_torch_engine(graph, {})) {
    start();
  }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  /// To the end; `checkpoint_after`: steps of the whole training after which files are written.
  void train(const std::set<std::int64_t>& checkpoint_after = {}) {
    run(*method_, kEpochs, checkpoint_after);
  }
  /// As another process would: nothing but the files is left.
  void resume(const LoopPosition& from) {
    const Checkpoint saved = load_checkpoint(folder_of(from), silent_progress()).value();
    engine_->load_state(saved.weights);
    engine_->load_velocity(saved.velocity);
    engine_->set_masks(saved.masks);
    method_->attach(context());
    method_->load(saved.method);
    position_ = from;
    run(*method_, kEpochs, {});
  }
  void attach() { method_->attach(context()); }
  void retrain(const MaskSet& masks) {
    FixedMasks fixed(masks);
    fixed.attach(context());
    position_ = {};
    run(fixed, 2, {});
  }

  void take_sparse_engine(const MaskSet& masks, const TensorMap& state, const TensorMap& velocity) {
    retired_ = std::move(engine_);  // the method still knows it
    engine_ = make_sparse_engine(retired_->graph(), masks.to_tensors(), {.threads = 1});
    engine_->load_state(state);
    engine_->load_velocity(velocity);
  }

  void files_from(const Trial& other) { files_ = other.files_; }
  [[nodiscard]] const std::vector<LoopPosition>& checkpoints() const {
    return observer_.checkpoints;
  }
  [[nodiscard]] Method& method() { return *method_; }
  [[nodiscard]] Engine& engine() { return *engine_; }
  [[nodiscard]] HostTensor outputs() { return outputs_of(*engine_); }
  /// Of a plain network with these weights.
  [[nodiscard]] HostTensor outputs_with(const TensorMap& state) {
    const auto engine = make_torch_engine(engine_->graph(), {});
    engine->load_state(state);
    return outputs_of(*engine);
  }

 private:
  void start() {
    engine_->load_state(initialize(engine_->graph(), 7, Initialization::Kaiming));
    method_ = make_method(variant_.method, config_of(variant_));
  }

  [[nodiscard]] MethodContext context() {
    return {*engine_, kEpochs, kStepsPerEpoch, 5, kGoal, sgd_};
  }

  void run(Method& method, std::int64_t epochs, const std::set<std::int64_t>& checkpoint_after) {
    std::vector<double> rates(static_cast<std::size_t>(epochs * kStepsPerEpoch), 0.05);
    const LoopSettings settings{
        .label = variant_.label, .epochs = epochs, .rates = rates, .sgd = sgd_, .seed = 5};
    observer_.due = [&] {
      return checkpoint_after.contains(position_.epoch * kStepsPerEpoch + position_.step);
    };
    observer_.save = [&](const LoopPosition& at) {
      std::filesystem::create_directory(folder_of(at));
      save_checkpoint(folder_of(at),
                      {"{}", engine_->state(), engine_->velocity(), {}, method.save()});
    };
    (void)train_loop(*engine_, method, train_, test_, settings, position_, observer_,
                     silent_progress());
  }

  [[nodiscard]] std::filesystem::path folder_of(const LoopPosition& at) const {
    return *files_ / (std::to_string(at.epoch) + "-" + std::to_string(at.step));
  }

  [[nodiscard]] HostTensor outputs_of(Engine& engine) {
    test_.start(0);
    Batch batch;
    EXPECT_TRUE(test_.next(batch));
    return engine.predict(batch);
  }

  Variant variant_;
  std::shared_ptr<test::TemporaryFolder> files_ = std::make_shared<test::TemporaryFolder>();
  SgdSettings sgd_{.momentum = 0.9, .nesterov = true, .weight_decay = 5e-3};
  MemoryDataset images_;
  BatchLoader train_, test_;
  std::unique_ptr<Engine> engine_, retired_;
  std::unique_ptr<Method> method_;
  LoopPosition position_;
  test::RecordingObserver observer_;
};

/// Masked entries that are anything but +0.0.
std::size_t not_zero(const MaskSet& masks, const TensorMap& tensors) {
  std::size_t count = 0;
  for (const Mask& mask : masks.masks()) {
    const std::span<const float> values = tensors.at(mask.name).f32();
    for (std::size_t i = 0; i < values.size(); ++i)
      count += mask.keep[i] == 0 && std::bit_cast<std::uint32_t>(values[i]) != 0;
  }
  return count;
}

double distance(const TensorMap& a, const TensorMap& b) {
  double sum = 0;
  for (const auto& [name, tensor] : a) {
    const std::span<const float> x = tensor.f32(), y = b.at(name).f32();
    for (std::size_t i = 0; i < x.size(); ++i) sum += std::pow(double{x[i]} - double{y[i]}, 2);
  }
  return std::sqrt(sum);
}

struct Case {
  Variant variant;
  std::string network;
};
void PrintTo(const Case& tried, std::ostream* out) {
  *out << tried.variant.label << " on " << tried.network;
}

class EveryMethod : public ::testing::TestWithParam<Case> {
 protected:
  Variant variant_ = GetParam().variant;
  Graph graph_ = network(GetParam().network);
};

TEST_P(EveryMethod, EndsInMasksOfTheExactCount) {
  Trial trial(variant_, graph_);
  trial.attach();
  trial.train();
  const MaskSet masks = trial.method().finish();

  // std::nearbyint rounds halves to even.
  const double all = static_cast<double>(graph_.prunable_weights());
  EXPECT_EQ(masks.kept(), static_cast<std::int64_t>(all - std::nearbyint(kGoal * all)));
  const std::vector<ParameterInfo> prunable = graph_.prunable_parameters();
  ASSERT_EQ(masks.masks().size(), prunable.size());
  for (std::size_t i = 0; i < prunable.size(); ++i) {
    EXPECT_EQ(masks.masks()[i].name, prunable[i].name);
    EXPECT_EQ(masks.masks()[i].shape, prunable[i].shape);
    EXPECT_THAT(masks.masks()[i].keep, ::testing::Each(::testing::AnyOf(0, 1)));
  }
}

TEST_P(EveryMethod, LeavesFinalWeightsAndNothingOfItsOwnInTheEngine) {
  Trial trial(variant_, graph_);
  const TensorMap initial = trial.engine().state();
  trial.attach();
  trial.train();
  const MaskSet masks = trial.method().finish();

  const TensorMap state = trial.engine().state();
  EXPECT_EQ(not_zero(masks, state), 0U);
  EXPECT_EQ(not_zero(masks, trial.engine().velocity()), 0U);
  std::size_t kept = 0, moved = 0;
  for (const Mask& mask : masks.masks()) {
    const std::span<const float> values = state.at(mask.name).f32();
    for (std::size_t i = 0; i < values.size(); ++i) {
      kept += values[i] != 0;
      moved += values[i] != 0 && values[i] != initial.at(mask.name).f32()[i];
    }
  }
  EXPECT_GT(kept, static_cast<std::size_t>(masks.kept()) * 9 / 10);
  EXPECT_GT(moved, kept / 2);  // filters whose ReLU never opens stay where they were
  // What the network computes is what the weights say.
  EXPECT_EQ(trial.outputs(), trial.outputs_with(state));
  for (const ParameterSlot& slot : trial.engine().slots()) {
    EXPECT_EQ(slot.decay, 1) << slot.name;
    EXPECT_EQ(slot.mask.defined(), slot.prunable) << slot.name;
  }
}

TEST_P(EveryMethod, ResumesWithTheSameBits) {
  Trial whole(variant_, graph_);
  whole.attach();
  // Within the first epoch, at the end of one, and twice within later ones.
  whole.train({2, 10, 18, 27});
  const TensorMap own = whole.method().save();
  const TensorMap before = whole.engine().state(), velocity = whole.engine().velocity();
  const MaskSet masks = whole.method().finish();
  const TensorMap state = whole.engine().state();
  ASSERT_EQ(whole.checkpoints().size(), 5U);  // after 10, also between the epochs

  for (const LoopPosition& from : whole.checkpoints()) {
    SCOPED_TRACE(std::to_string(from.epoch) + "/" + std::to_string(from.step));
    Trial resumed(variant_, graph_);
    resumed.files_from(whole);
    resumed.resume(from);
    EXPECT_EQ(resumed.method().save(), own);
    EXPECT_EQ(resumed.engine().state(), before);
    EXPECT_EQ(resumed.engine().velocity(), velocity);
    EXPECT_EQ(resumed.method().finish(), masks);
    EXPECT_EQ(resumed.engine().state(), state);
  }
}

TEST_P(EveryMethod, IsFollowedByRetrainingThatKeepsTheZeros) {
  Trial trial(variant_, graph_);
  trial.attach();
  trial.train();
  const MaskSet masks = trial.method().finish();
  const TensorMap pruned = trial.engine().state();
  const TensorMap velocity = trial.engine().velocity();
  TensorMap dense;
  for (const bool sparse : {false, true}) {
    if (sparse) trial.take_sparse_engine(masks, pruned, velocity);
    trial.retrain(masks);
    const TensorMap state = trial.engine().state();
    EXPECT_EQ(not_zero(masks, state), 0U);
    EXPECT_EQ(not_zero(masks, trial.engine().velocity()), 0U);
    for (const Mask& mask : masks.masks()) {
      if (mask.kept() == 0) continue;
      EXPECT_NE(state.at(mask.name), pruned.at(mask.name)) << mask.name;
    }
    if (!sparse) dense = state;
    if (sparse) {
      EXPECT_LT(distance(state, dense), 0.02 * distance(pruned, dense));
    }
  }
}

std::vector<Case> cases() {
  std::vector<Variant> variants = kVariants;
  for (const std::string& method : method_names()) {
    if (method == "dense") continue;  // it prunes nothing
    const auto found = kSettings.find(method);
    variants.push_back({method, method, found == kSettings.end() ? Settings() : found->second});
  }
  std::vector<Case> cases;
  for (const Variant& variant : variants) {
    for (const char* network : {"plain", "resnet8"}) cases.push_back({variant, network});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryMethod, ::testing::ValuesIn(cases()),
                         [](const ::testing::TestParamInfo<Case>& info) {
                           return info.param.variant.label + "_" + info.param.network;
                         });

}  // namespace
}  // namespace pollard
