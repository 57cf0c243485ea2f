// The engine's contract: state, masks, meters, dropout, effective weights, errors, repeatability.
#include "pollard/torch_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include <algorithm>
#include <limits>

#include "exec/host_tensors.h"
#include "exec/tensors.h"
#include "pollard/networks.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::near;
using test::same_bits;
using test::slot_of;
using test::thrown_by;
using ::testing::HasSubstr;

constexpr ImageShape kShape{3, 8, 8};

Graph small_graph() { return build_network("resnet8", kShape, 10); }
Batch small_batch() { return test::formula_batch(4, kShape, 10); }

std::unique_ptr<Engine> small_engine(const TorchEngineSettings& settings = {}) {
  const Graph graph = small_graph();
  auto engine = make_torch_engine(graph, settings);
  engine->load_state(initialize(graph, 1, Initialization::Kaiming));
  return engine;
}

/// Other values than zero in every tensor of the graph.
TensorMap filled(const Graph& graph, bool trainable_only) {
  TensorMap map;
  std::uint64_t seed = 50;
  for (const ParameterInfo& info : graph.parameters()) {
    if (trainable_only && !info.trainable()) continue;
    map.emplace(info.name, to_host(test::normal(info.shape, seed++)));
  }
  return map;
}

/// Every third weight of each prunable tensor masked.
TensorMap third_masks(const Graph& graph) {
  TensorMap masks;
  for (const ParameterInfo& info : graph.prunable_parameters()) {
    HostTensor mask = HostTensor::zeros(DType::U8, info.shape);
    std::size_t i = 0;
    for (std::uint8_t& keep : mask.u8()) keep = i++ % 3 != 0;
    masks.emplace(info.name, std::move(mask));
  }
  return masks;
}

// ---- state -------------------------------------------------------------------------------------

TEST(TorchEngineState, RoundTripIsBitExact) {
  for (const bool channels_last : {true, false}) {
    const auto engine = small_engine({.channels_last = channels_last});
    const TensorMap state = filled(engine->graph(), false);
    engine->load_state(state);
    EXPECT_EQ(engine->state(), state);
    const TensorMap velocity = filled(engine->graph(), true);
    engine->load_velocity(velocity);
    EXPECT_EQ(engine->velocity(), velocity);
    EXPECT_EQ(engine->state(), state);
  }
}

TEST(TorchEngineState, SlotsKeepTheirTensors) {
  const auto engine = small_engine();
  const at::Tensor value = slot_of(*engine, "conv1.weight").value;
  const void* memory = value.data_ptr();
  engine->forward_backward(small_batch(), {});
  engine->set_masks(third_masks(engine->graph()));
  engine->load_state(filled(engine->graph(), false));
  EXPECT_TRUE(slot_of(*engine, "conv1.weight").value.is_same(value));
  EXPECT_EQ(value.data_ptr(), memory);
}

TEST(TorchEngineState, SlotsShareStrides) {
  for (const bool channels_last : {true, false}) {
    const auto engine = small_engine({.channels_last = channels_last});
    engine->set_masks(third_masks(engine->graph()));
    engine->forward_backward(small_batch(), {});
    for (const ParameterSlot& slot : engine->slots()) {
      EXPECT_EQ(slot.gradient.strides(), slot.value.strides()) << slot.name;
      EXPECT_EQ(slot.velocity.strides(), slot.value.strides()) << slot.name;
      EXPECT_EQ(slot.mask.defined(), slot.prunable) << slot.name;
      if (slot.mask.defined()) {
        EXPECT_EQ(slot.mask.strides(), slot.value.strides());
      }
    }
  }
}

TEST(TorchEngineState, ErrorsNameTheTensorAndChangeNothing) {
  const auto engine = small_engine();
  const TensorMap before = engine->state();
  TensorMap state = filled(engine->graph(), false);
  state.at("layer2.0.conv1.weight") = HostTensor::zeros(DType::F32, {32, 16, 3, 1});
  const Error shape = thrown_by([&] { engine->load_state(state); });
  EXPECT_EQ(shape.code(), ErrorCode::Input);
  EXPECT_THAT(shape.what(), HasSubstr("'layer2.0.conv1.weight' is F32 [32, 16, 3, 1], expected "
                                      "F32 [32, 16, 3, 3]"));
  state.at("layer2.0.conv1.weight") = HostTensor::zeros(DType::F16, {32, 16, 3, 3});
  const Error type = thrown_by([&] { engine->load_state(state); });
  EXPECT_THAT(type.what(), HasSubstr("is F16"));
  state.erase("layer2.0.conv1.weight");
  const Error missing = thrown_by([&] { engine->load_state(state); });
  EXPECT_THAT(missing.what(), HasSubstr("no tensor 'layer2.0.conv1.weight'"));
  EXPECT_EQ(engine->state(), before);
  const Error velocity = thrown_by([&] { engine->load_velocity({}); });
  EXPECT_THAT(velocity.what(), HasSubstr("no tensor 'conv1.weight'"));
}

// ---- masks -------------------------------------------------------------------------------------

TEST(TorchEngineMasks, ZeroWeightsAndVelocityAtOnce) {
  const auto engine = small_engine();
  TensorMap state = filled(engine->graph(), false);
  state.at("conv1.weight").f32()[0] = std::numeric_limits<float>::quiet_NaN();
  state.at("conv1.weight").f32()[3] = -1;
  engine->load_state(state);
  engine->load_velocity(filled(engine->graph(), true));
  const TensorMap masks = third_masks(engine->graph());
  engine->set_masks(masks);
  for (const TensorMap& map : {engine->state(), engine->velocity()}) {
    for (const auto& [name, mask] : masks) {
      const at::Tensor values = to_torch(map.at(name)), keep = to_torch(mask).to(at::kBool);
      const at::Tensor bits = values.contiguous().view(at::kInt);
      EXPECT_TRUE(bits.masked_select(keep.logical_not()).eq(0).all().item<bool>())
          << name;  // +0.0, not -0.0 or NaN
      EXPECT_TRUE(values.masked_select(keep).ne(0).all().item<bool>()) << name;
    }
  }
  EXPECT_EQ(engine->state().at("bn1.weight"), state.at("bn1.weight"));
}

TEST(TorchEngineMasks, HoldWhenStateIsLoadedAndGoWithAnEmptyMap) {
  const auto engine = small_engine();
  const TensorMap state = filled(engine->graph(), false);
  engine->set_masks(third_masks(engine->graph()));
  engine->load_state(state);
  EXPECT_EQ(engine->state().at("conv1.weight").f32()[3], 0);
  EXPECT_EQ(engine->state().at("conv1.weight").f32()[4], state.at("conv1.weight").f32()[4]);
  engine->set_masks({});
  EXPECT_FALSE(slot_of(*engine, "conv1.weight").mask.defined());
  engine->load_state(state);
  EXPECT_EQ(engine->state(), state);
}

TEST(TorchEngineMasks, ErrorsNameTheTensorAndChangeNothing) {
  const auto engine = small_engine();
  const TensorMap before = engine->state();
  TensorMap masks = third_masks(engine->graph());
  masks.at("linear.weight") = HostTensor::zeros(DType::F32, {10, 64});
  EXPECT_THAT(thrown_by([&] { engine->set_masks(masks); }).what(),
              HasSubstr("'linear.weight' is F32 [10, 64], expected U8"));
  masks.erase("linear.weight");
  EXPECT_THAT(thrown_by([&] { engine->set_masks(masks); }).what(),
              HasSubstr("no tensor 'linear.weight'"));
  EXPECT_EQ(engine->state(), before);
  EXPECT_FALSE(slot_of(*engine, "conv1.weight").mask.defined());
}

// ---- meters ------------------------------------------------------------------------------------

TEST(TorchEngineMeters, SumOverBatches) {
  const auto engine = small_engine();
  const Batch first = small_batch(), second = test::formula_batch(7, kShape, 10);
  const auto alone = [&](const Batch& batch) {
    engine->evaluate(batch);
    return engine->take_meters();
  };
  const Meters a = alone(first), b = alone(second);
  engine->evaluate(first);
  engine->evaluate(second);
  const Meters both = engine->take_meters();
  EXPECT_EQ(both.images, 11);
  EXPECT_NEAR(both.loss, (4 * a.loss + 7 * b.loss) / 11, 1e-9);
  EXPECT_NEAR(both.top1, (4 * a.top1 + 7 * b.top1) / 11, 1e-9);
  EXPECT_EQ(engine->take_meters().images, 0);
}

TEST(TorchEngineMeters, TiesAndNanInTheOutputs) {
  Graph graph("pass", {7, 1, 1});
  graph.set_output(graph.add_node("flat", Flatten{}, {std::string(Graph::kInput)}));
  const auto engine = make_torch_engine(graph, {});
  const auto hits = [&](std::vector<float> scores, std::int64_t label) {
    engine->evaluate({0, 1, {7, 1, 1}, std::move(scores), {label}});
    const Meters meters = engine->take_meters();
    return std::pair{meters.top1, meters.top5};
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(hits({0, 0, 0, 0, 0, 0, 0}, 0), (std::pair{100.0, 100.0}));
  EXPECT_EQ(hits({0, 0, 0, 0, 0, 0, 0}, 4), (std::pair{0.0, 100.0}));
  EXPECT_EQ(hits({0, 0, 0, 0, 0, 0, 0}, 5), (std::pair{0.0, 0.0}));
  EXPECT_EQ(hits({nan, 1, 2, 3, 4, 5, 6}, 0), (std::pair{0.0, 0.0}));
}

TEST(TorchEngineMeters, LossOfADivergedNetworkIsNan) {
  const auto engine = small_engine();  // with fused batch norm and ReLU
  TensorMap state = engine->state();
  for (float& value : state.at("layer1.0.conv1.weight").f32()) {
    value = std::numeric_limits<float>::quiet_NaN();
  }
  engine->load_state(state);
  engine->forward_backward(small_batch(), {});
  EXPECT_TRUE(std::isnan(engine->take_meters().loss));
  engine->evaluate(small_batch());
  EXPECT_TRUE(std::isnan(engine->take_meters().loss));
}

// ---- what happens inside a step ----------------------------------------------------------------

/// Dropout on the input, then a linear layer.
std::unique_ptr<Engine> dropout_engine() {
  Graph graph("dropout", kShape);
  graph.add_parameter({"fc.weight", {10, 192}, ParameterRole::Weight});
  graph.add_node("flat", Flatten{}, {std::string(Graph::kInput)});
  graph.add_node("drop", Dropout{0.5}, {"flat"});
  graph.set_output(graph.add_node("fc", Gemm{}, {"drop", "fc.weight"}));
  auto engine = make_torch_engine(graph, {});
  engine->load_state(initialize(graph, 1, Initialization::Pytorch));
  return engine;
}

TEST(TorchEngineDropout, IsAFunctionOfTheAddress) {
  const auto engine = dropout_engine(), other = dropout_engine();
  const Batch batch = small_batch();
  const auto gradient = [&](Engine& at, const StepAddress& address) {
    at.forward_backward(batch, address);
    return slot_of(at, "fc.weight").gradient;
  };
  const at::Tensor first = gradient(*engine, {1, 2, 3});
  EXPECT_FALSE(same_bits(gradient(*engine, {1, 2, 4}), first));
  EXPECT_FALSE(same_bits(gradient(*engine, {1, 3, 3}), first));
  EXPECT_FALSE(same_bits(gradient(*engine, {2, 2, 3}), first));
  EXPECT_TRUE(same_bits(gradient(*engine, {1, 2, 3}), first));
  EXPECT_TRUE(same_bits(gradient(*other, {1, 2, 3}), first));
  EXPECT_EQ(engine->predict(batch), other->predict(batch));
}

TEST(TorchEngineEffectiveWeights, StandInForTheParametersAndPassGradients) {
  const auto doubled = small_engine(), plain = small_engine();
  TensorMap state = plain->state();
  for (const ParameterInfo& info : plain->graph().prunable_parameters()) {
    for (float& value : state.at(info.name).f32()) value *= 2;
  }
  plain->load_state(state);
  doubled->set_effective_weights([](std::string_view, const at::Tensor& w) { return 2 * w; }, {});
  const Batch batch = small_batch();
  plain->forward_backward(batch, {});
  doubled->forward_backward(batch, {});
  EXPECT_EQ(plain->take_meters().loss, doubled->take_meters().loss);
  for (const ParameterSlot& slot : plain->slots()) {
    const at::Tensor expected = slot.prunable ? 2 * slot.gradient : slot.gradient;
    EXPECT_TRUE(near(slot_of(*doubled, slot.name).gradient, expected, 1e-6)) << slot.name;
  }
  EXPECT_EQ(doubled->predict(batch), plain->predict(batch));
  doubled->set_effective_weights({}, {});
  EXPECT_NE(doubled->predict(batch), plain->predict(batch));
}

TEST(TorchEngineEffectiveWeights, LeaveGradientUndefinedWhereTheLossDoesNotDepend) {
  const auto engine = small_engine();
  engine->forward_backward(small_batch(), {});
  engine->set_effective_weights(
      [](std::string_view name, const at::Tensor& w) {
        return name == "linear.weight" ? at::zeros_like(w.detach()) : w;
      },
      {});
  engine->forward_backward(small_batch(), {});
  EXPECT_FALSE(slot_of(*engine, "linear.weight").gradient.defined());
  EXPECT_TRUE(slot_of(*engine, "linear.bias").gradient.defined());
}

TEST(TorchEngineExtraLoss, AddsToGradientsButNotToTheMeters) {
  const auto engine = small_engine(), plain = small_engine();
  ParameterSlot& slot = slot_of(*engine, "conv1.weight");
  engine->set_effective_weights({}, [&] { return 0.5 * slot.value.square().sum(); });
  for (Engine* each : {engine.get(), plain.get()}) each->forward_backward(small_batch(), {});
  EXPECT_TRUE(near(slot.gradient - slot_of(*plain, "conv1.weight").gradient, slot.value, 1e-5));
  EXPECT_EQ(engine->take_meters().loss, plain->take_meters().loss);
  engine->set_effective_weights({}, [] { return at::Tensor(); });
  engine->forward_backward(small_batch(), {});
  EXPECT_TRUE(slot.gradient.defined());
}

TEST(TorchEngineGradients, AreThoseOfTheLastStepOnly) {
  const auto engine = small_engine();
  engine->forward_backward(small_batch(), {});
  const at::Tensor first = slot_of(*engine, "conv1.weight").gradient.clone();
  engine->forward_backward(small_batch(), {});
  EXPECT_TRUE(same_bits(slot_of(*engine, "conv1.weight").gradient, first));
}

TEST(TorchEngineRepeatability, IsBitForBit) {
  const auto steps = [] {
    const auto engine = small_engine();
    for (std::int64_t step = 0; step < 3; ++step) {
      engine->forward_backward(small_batch(), {1, 0, step});
      const at::NoGradGuard no_grad;
      for (ParameterSlot& slot : engine->slots()) slot.value.sub_(slot.gradient, 0.1);
    }
    return engine->state();
  };
  EXPECT_EQ(steps(), steps());
}

TEST(TorchEngineLayout, DoesNotChangeTheResult) {
  const auto last = small_engine({.channels_last = true});
  const auto plain = small_engine({.channels_last = false});
  for (Engine* each : {last.get(), plain.get()}) each->forward_backward(small_batch(), {});
  EXPECT_NEAR(last->take_meters().loss, plain->take_meters().loss, 1e-5);
  for (const ParameterSlot& slot : last->slots()) {
    EXPECT_TRUE(near(slot.gradient, slot_of(*plain, slot.name).gradient, 2e-4)) << slot.name;
  }
}

// ---- errors ------------------------------------------------------------------------------------

TEST(TorchEngineErrors, OfDevices) {
  for (const std::string device : {"gpu", "cpu:7", "meta", "xla", "", "cuda:x"}) {
    const Error error =
        thrown_by([&] { (void)make_torch_engine(small_graph(), {.device = device}); });
    EXPECT_EQ(error.code(), ErrorCode::Config) << device;
    EXPECT_THAT(error.what(), HasSubstr("device='" + device + "'"));
    EXPECT_THAT(error.hint(), HasSubstr("cpu, cuda or cuda:N"));
  }
  const Error absent =
      thrown_by([] { (void)make_torch_engine(small_graph(), {.device = "cuda:99"}); });
  EXPECT_EQ(absent.code(), ErrorCode::Config);
  EXPECT_THAT(absent.what(), HasSubstr("is not there"));
}

TEST(TorchEngineErrors, OfBatches) {
  const auto engine = small_engine();
  Batch batch = small_batch();
  batch.labels[2] = 10;
  EXPECT_EQ(thrown_by([&] { engine->forward_backward(batch, {}); }).code(), ErrorCode::Input);
  EXPECT_EQ(thrown_by([&] { engine->evaluate(batch); }).code(), ErrorCode::Input);
  batch.labels.clear();
  EXPECT_EQ(engine->predict(batch).shape, (Shape{4, 10}));  // needs no labels
  batch.shape.channels = 1;
  EXPECT_EQ(thrown_by([&] { (void)engine->predict(batch); }).code(), ErrorCode::Input);
}

TEST(TorchEngineErrors, OfAGraphWithoutOutput) {
  const Error error = thrown_by([] { (void)make_torch_engine(Graph("empty", kShape), {}); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr("has no output"));
}

}  // namespace
}  // namespace pollard
