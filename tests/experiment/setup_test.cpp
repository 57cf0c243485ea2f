#include "experiment/setup.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <variant>

#include "data/synthetic.h"
#include "experiment/parameters.h"
#include "experiment/stages.h"
#include "pollard/error.h"
#include "pollard/networks.h"
#include "pollard/safetensors.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::TemporaryFolder;
using test::thrown_by;
using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pointwise;
using testing_data::pattern_dataset;

using Overrides = std::vector<std::string>;

Config config_of(const Overrides& overrides) {
  Config config(parameter_table());
  for (const std::string& text : overrides) config.apply(text);
  return config;
}

const MemoryDataset kGrey = pattern_dataset(7, {1, 28, 28});
const MemoryDataset kColour = pattern_dataset(7, {3, 32, 32});

// ---- batches -----------------------------------------------------------------------------------

void expect_augmentation(const Overrides& overrides, const Augmentation& wanted) {
  const Config config = config_of(overrides);
  const bool colour = !config.text("data").ends_with("mnist");
  const Augmentation got = train_batches(config, colour ? kColour : kGrey).augmentation;
  EXPECT_EQ(got.crop_padding, wanted.crop_padding) << overrides[0];
  EXPECT_EQ(got.flip, wanted.flip) << overrides[0];
  EXPECT_EQ(got.rotation, wanted.rotation) << overrides[0];
  EXPECT_EQ(got.smallest_part, wanted.smallest_part) << overrides[0];
}

TEST(SetupAugmentation, IsWhatIsUsualForTheData) {
  expect_augmentation({"data=cifar10"}, {4, true, 0});
  expect_augmentation({"data=cifar100"}, {4, true, 15});
  expect_augmentation({"data=fashion-mnist"}, {2, true, 0});
  expect_augmentation({"data=mnist"}, {2, false, 0});
  expect_augmentation({"data=imagenet"}, {0, true, 0, 0.08});
  expect_augmentation({"data=imagefolder"}, {0, true, 0, 0.08});
}

TEST(SetupAugmentation, CanBeChosen) {
  expect_augmentation({"data.augmentation=none", "data=cifar10"}, {0, false, 0});
  expect_augmentation({"data.augmentation=custom", "data=cifar10"}, {0, false, 0});
  expect_augmentation({"data.augmentation=custom", "data=mnist", "data.crop_padding=3",
                       "data.flip=true", "data.rotation=7.5"},
                      {3, true, 7.5});
}

void expect_normalization(const Overrides& overrides, const std::vector<float>& mean,
                          const std::vector<float>& stddev) {
  const Config config = config_of(overrides);
  const Dataset& data = mean.size() == 3 ? kColour : kGrey;
  EXPECT_EQ(train_batches(config, data).normalization.mean, mean) << overrides[0];
  EXPECT_EQ(train_batches(config, data).normalization.stddev, stddev) << overrides[0];
  EXPECT_EQ(test_batches(config, data).normalization.mean, mean) << overrides[0];
  EXPECT_EQ(test_batches(config, data).normalization.stddev, stddev) << overrides[0];
}

// The constants that torchvision's examples and the usual CIFAR and MNIST codes use.
TEST(SetupNormalization, IsTheDataSetsOwnOrTheChosenOne) {
  const std::vector<float> cifar{0.4914F, 0.4822F, 0.4465F}, cifar_std{0.2023F, 0.1994F, 0.2010F};
  expect_normalization({"data=cifar10"}, cifar, cifar_std);
  expect_normalization({"data=cifar100", "data.normalization=cifar"}, cifar, cifar_std);
  expect_normalization({"data=cifar100"}, {0.5071F, 0.4867F, 0.4408F}, {0.2675F, 0.2565F, 0.2761F});
  expect_normalization({"data=cifar10", "data.normalization=imagenet"}, {0.485F, 0.456F, 0.406F},
                       {0.229F, 0.224F, 0.225F});
  expect_normalization({"data=mnist"}, {0.1307F}, {0.3081F});
  expect_normalization({"data=fashion-mnist"}, {0.2860F}, {0.3530F});
  expect_normalization({"data=mnist", "data.normalization=none"}, {0}, {1});
}

TEST(SetupNormalization, ForOtherChannelsIsAnError) {
  const Config config = config_of({"data=mnist", "data.normalization=cifar"});
  const Error error = thrown_by([&] { (void)train_batches(config, kGrey); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("'cifar'"));
}

TEST(SetupBatches, OfTraining) {
  const Config config =
      config_of({"data=mnist", "train.batch_size=13", "seed=5", "data.loader_threads=3"});
  const BatchSettings settings = train_batches(config, kGrey);
  EXPECT_EQ(settings.batch_size, 13);
  EXPECT_TRUE(settings.shuffle);
  EXPECT_FALSE(settings.drop_last);
  EXPECT_EQ(settings.seed, 5U);
  EXPECT_EQ(settings.threads, 3);
}

TEST(SetupBatches, OfTestsAreInOrderAndAsTheyAre) {
  const BatchSettings settings =
      test_batches(config_of({"data=fashion-mnist", "train.batch_size=13"}), kGrey);
  EXPECT_FALSE(settings.shuffle);
  EXPECT_FALSE(settings.drop_last);
  EXPECT_EQ(settings.augmentation.crop_padding, 0);
  EXPECT_FALSE(settings.augmentation.flip);
  EXPECT_EQ(settings.augmentation.rotation, 0);
  EXPECT_GT(settings.batch_size, 13);
}

// ---- learning rates ----------------------------------------------------------------------------

// 4 epochs of 5 steps; the rate drops at half and at three quarters of the 20 steps.
TEST(SetupRates, OfDenseTraining) {
  const LearningRates rates = original_rates(config_of({"train.epochs=4", "train.lr=0.5"}), 5);
  std::vector<double> wanted(10, 0.5);
  wanted.insert(wanted.end(), 5, 0.05);
  wanted.insert(wanted.end(), 5, 0.005);
  EXPECT_THAT(rates.rates, Pointwise(::testing::DoubleEq(), wanted));
  EXPECT_EQ(rates.warmup, 0);
}

TEST(SetupRates, TakeEveryKeyOfTheSchedule) {
  const auto rates = [](Overrides overrides) {
    overrides.push_back("train.epochs=1");
    overrides.push_back("train.lr=0.8");
    return original_rates(config_of(overrides), 4).rates;
  };
  EXPECT_THAT(rates({"train.milestones=[0.25]", "train.gamma=0.5"}), ElementsAre(.8, .4, .4, .4));
  EXPECT_THAT(rates({"train.schedule=constant", "train.warmup=0.25"}), ElementsAre(.4, .8, .8, .8));
  EXPECT_THAT(rates({"train.schedule=linear"}), Pointwise(DoubleNear(1e-12), {.8, .6, .4, .2}));
  // Peak on step 0.75 x 4 - 1 = 2 after a half cosine from 0.8 / 25; then down to 0.8 / 250000.
  EXPECT_THAT(rates({"train.schedule=onecycle", "train.rise=0.75"}),
              Pointwise(DoubleNear(1e-12), {.032, .416, .8, 3.2e-6}));
}

/// With 5 steps an epoch.
LearningRates rates_of_a_cycle(const Config& config) {
  return retrain_rates(config, 5, retraining_epochs(config).front());
}

// 10 steps of retraining: 1 of warm-up (at 0), then eta[floor(20 i / 9)] for i = 0..8, by hand:
// i -> 0 2 4 6 8 11 13 15 17.
TEST(SetupRates, OfRetrainingAreDerivedFromDenseTraining) {
  const Overrides base = {"train.epochs=4", "train.lr=0.5", "retrain.epochs=2"};
  EXPECT_THAT(rates_of_a_cycle(config_of(base)).rates,
              Pointwise(DoubleNear(1e-15), {0.0, .5, .5, .5, .5, .5, .05, .05, .005, .005}));
  Overrides longer = base, fixed = base, none = base;
  longer.push_back("retrain.warmup=0.2");  // two steps: 0, then half way up; 20 i / 8 after it
  EXPECT_THAT(rates_of_a_cycle(config_of(longer)).rates,
              Pointwise(DoubleNear(1e-15), {0.0, .25, .5, .5, .5, .5, .05, .05, .005, .005}));
  fixed.push_back("retrain.schedule=ft");
  EXPECT_THAT(rates_of_a_cycle(config_of(fixed)).rates,
              Pointwise(DoubleNear(1e-15), std::vector<double>(10, .005)));
  none.push_back("retrain.epochs=0");
  EXPECT_THAT(rates_of_a_cycle(config_of(none)).rates, IsEmpty());
}

TEST(SetupRates, OfRetrainingTakeEveryKeyOfTheSchedule) {
  const RetrainingSchedule usual = make_retraining(config_of({}));
  EXPECT_EQ(usual.kind, "slr");
  EXPECT_EQ(usual.warmup, 0.1);
  EXPECT_EQ(usual.warmup_from, 0);
  EXPECT_FALSE(usual.drop.has_value());
  const RetrainingSchedule chosen = make_retraining(
      config_of({"retrain.schedule=step", "retrain.warmup=0.2", "retrain.warmup_from=0.001",
                 "retrain.lr=0.5", "retrain.milestones=[0.55, 0.775]", "retrain.gamma=0.2",
                 "retrain.end_lr=0.25"}),
      PruneDrop{0.5, 0.75});
  EXPECT_EQ(chosen.kind, "step");
  EXPECT_EQ(chosen.warmup, 0.2);
  EXPECT_EQ(chosen.warmup_from, 0.001);
  EXPECT_EQ(chosen.rate, 0.5);
  EXPECT_THAT(chosen.milestones, ElementsAre(0.55, 0.775));
  EXPECT_EQ(chosen.gamma, 0.2);
  EXPECT_EQ(chosen.end_rate, 0.25);
  ASSERT_TRUE(chosen.drop.has_value());
  EXPECT_EQ(chosen.drop->norm_drop, 0.5);
  EXPECT_EQ(chosen.drop->step_sparsity, 0.75);
}

TEST(SetupRates, OfAllrWantTheDropOfEveryCycleOrOfTheLast) {
  const Overrides allr = {"retrain.schedule=allr"};
  const Overrides last = {"retrain.schedule=allr", "retrain.allr_cycles=last"};
  for (const std::int64_t cycle : {1, 2, 3}) {
    EXPECT_TRUE(wants_drop(config_of(allr), cycle, 3));
    EXPECT_EQ(wants_drop(config_of(last), cycle, 3), cycle == 3);
    EXPECT_FALSE(wants_drop(config_of({"retrain.schedule=llr"}), cycle, 3));
  }
}

// Renda et al.'s own fine-tuning.
TEST(SetupRates, OfRetrainingCanBeConstant) {
  EXPECT_THAT(rates_of_a_cycle(
                  config_of({"retrain.schedule=constant", "retrain.lr=0.001", "retrain.epochs=2"}))
                  .rates,
              ElementsAreArray(std::vector<double>(10, 0.001)));
}

TEST(SetupRates, OfLrwLongerThanTheTrainingAreAnError) {
  const Config config = config_of({"train.epochs=4", "retrain.epochs=5", "retrain.schedule=lrw"});
  const Error error = thrown_by([&] { (void)rates_of_a_cycle(config); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("retrain.epochs exceeds train.epochs"));
}

TEST(SetupRates, AWarmupAsLongAsTheTrainingIsAnError) {
  const Config config = config_of({"train.epochs=2", "train.warmup=2"});
  const Error error = thrown_by([&] { (void)original_rates(config, 5); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("train.warmup"));
}

TEST(SetupSgd, TakesItsKeys) {
  const SgdSettings usual = make_sgd(config_of({}));
  EXPECT_EQ(usual.momentum, 0.9);
  EXPECT_TRUE(usual.nesterov);
  EXPECT_EQ(usual.weight_decay, 2e-4);
  EXPECT_TRUE(usual.decay_all);
  const SgdSettings chosen =
      make_sgd(config_of({"train.momentum=0.5", "train.nesterov=false", "train.weight_decay=0.25",
                          "train.decay_all=false"}));
  EXPECT_EQ(chosen.momentum, 0.5);
  EXPECT_FALSE(chosen.nesterov);
  EXPECT_EQ(chosen.weight_decay, 0.25);
  EXPECT_FALSE(chosen.decay_all);
}

// ---- the network -------------------------------------------------------------------------------

TEST(SetupNetwork, FitsTheData) {
  const Graph graph = make_graph(config_of({"model=resnet8"}), kColour);
  EXPECT_EQ(graph.input_shape(), (ImageShape{3, 32, 32}));
  EXPECT_EQ(graph.classes(), 10);
  EXPECT_EQ(make_engine(config_of({}), graph)->graph().name(), "resnet8");
}

TEST(SetupNetwork, StartsFromSeedAndScheme) {
  const Graph graph = make_graph(config_of({"model=lenet-300-100"}), kGrey);
  const auto state = [&](const Overrides& overrides) {
    return make_initial_state(config_of(overrides), graph);
  };
  EXPECT_EQ(state({"seed=3"}), state({"seed=3"}));
  EXPECT_NE(state({"seed=3"}), state({"seed=4"}));
  EXPECT_EQ(state({}), initialize(graph, 1, Initialization::Pytorch));
  EXPECT_THAT(state({"initialization=kaiming"}).at("fc1.bias").f32(), Each(0.0F));
}

TEST(SetupInitialState, TakesEveryInitialization) {
  const Graph graph = make_graph(config_of({"model=lenet5"}), kGrey);
  for (const std::string& name : initialization_names()) {
    const TensorMap state =
        make_initial_state(config_of({"initialization=" + name, "seed=4"}), graph);
    EXPECT_TRUE(state == initialize(graph, 4, initialization_of(name))) << name;
  }
}

TEST(SetupGraph, HasTheChosenDropoutAndMomentum) {
  const auto text_of = [](Overrides overrides) {
    overrides.insert(overrides.begin(), "model=wrn-16-4");
    const Graph graph = make_graph(config_of(overrides), kColour);
    std::string text;
    for (const Node& node : graph.nodes()) {
      if (const auto* dropout = std::get_if<Dropout>(&node.op); dropout != nullptr)
        text = fmt::format("dropout {:.2f}", dropout->ratio);
      if (node.name == "bn1")
        text += fmt::format(" momentum {:.2f}", std::get<BatchNormalization>(node.op).momentum);
    }
    return text;
  };
  EXPECT_EQ(text_of({}), "dropout 0.30 momentum 0.10");
  EXPECT_EQ(text_of({"train.dropout=0"}), " momentum 0.10");
  EXPECT_EQ(text_of({"train.dropout=0.25", "train.last_momentum=0.4"}),
            "dropout 0.25 momentum 0.60");
  EXPECT_THAT(thrown_by([&] { (void)text_of({"train.dropout=-0.5"}); }).what(),
              HasSubstr("ratio must be in [0, 1), got -0.5"));
}

// (1 - a) times the cross-entropy with the label, a times the mean over all classes, from the
// outputs themselves.
TEST(SetupNetwork, LabelSmoothingReachesTheLoss) {
  const Config config = config_of({"model=lenet-300-100", "train.label_smoothing=0.25"});
  const Graph graph = make_graph(config, kGrey);
  const auto engine = make_engine(config, graph);
  engine->load_state(make_initial_state(config, graph));
  BatchLoader loader(kGrey, test_batches(config_of({"data=mnist"}), kGrey));
  loader.start(0);
  Batch batch;
  ASSERT_TRUE(loader.next(batch));
  engine->evaluate(batch);
  const HostTensor outputs = engine->predict(batch);
  double loss = 0;
  for (std::size_t i = 0; i < 7; ++i) {
    const auto row = outputs.f32().subspan(10 * i, 10);
    double sum = 0;
    for (const float x : row) sum += std::exp(double{x});
    const auto surprise = [&](std::size_t label) { return std::log(sum) - double{row[label]}; };
    loss += 0.75 * surprise(static_cast<std::size_t>(batch.labels[i]));
    for (std::size_t label = 0; label < 10; ++label) loss += 0.25 * surprise(label) / 10;
  }
  EXPECT_NEAR(engine->take_meters().loss, loss / 7, 1e-5);
}

}  // namespace
}  // namespace pollard
