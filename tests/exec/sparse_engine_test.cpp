// The sparse engine against autograd in double precision and against the dense engine, and its part
// of the engines' contract.
#include "pollard/sparse_engine.h"

#include <gmock/gmock.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "exec/host_tensors.h"
#include "exec/tensors.h"
#include "exec/torch_program.h"
#include "graph/blocks.h"
#include "pollard/networks.h"
#include "pollard/random.h"
#include "pollard/sgd.h"
#include "pollard/torch_engine.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::near;
using test::same_bits;
using test::slot_of;
using test::thrown_by;
using ::testing::HasSubstr;

constexpr ImageShape kShape{3, 8, 8};
constexpr std::int64_t kClasses = 10;

/// A mask of each prunable weight; `density` of one after the other, again and again.
TensorMap random_masks(const Graph& graph, std::vector<double> densities, std::uint64_t seed = 1) {
  TensorMap masks;
  std::uint32_t number = 0;
  for (const ParameterInfo& info : graph.prunable_parameters()) {
    RandomStream stream(seed, Purpose::Testing, 0, number);
    const double density = densities[number++ % densities.size()];
    HostTensor mask = HostTensor::zeros(DType::U8, info.shape);
    for (std::uint8_t& keep : mask.u8()) keep = stream.uniform() < density ? 1 : 0;
    masks.emplace(info.name, std::move(mask));
  }
  return masks;
}

/// Dense and sparse, in the same state.
struct Pair {
  std::unique_ptr<Engine> dense, sparse;

  Pair(const Graph& graph, const TensorMap& masks, double smoothing = 0, int threads = 1)
      : dense(make_torch_engine(graph, {.label_smoothing = smoothing})),
        sparse(
            make_sparse_engine(graph, masks, {.threads = threads, .label_smoothing = smoothing})) {
    for (Engine* each : {dense.get(), sparse.get()}) {
      each->load_state(initialize(graph, 1, Initialization::Kaiming));
      each->set_masks(masks);
    }
  }
};

/// Gradients of weights that are left; of others the whole.
at::Tensor kept_gradient(const ParameterSlot& slot) {
  return slot.mask.defined() ? slot.gradient * slot.mask : slot.gradient;
}

std::int64_t not_zero(const TensorMap& masks, const TensorMap& tensors) {
  std::int64_t count = 0;
  for (const auto& [name, mask] : masks) {
    const std::span<const float> values = tensors.at(name).f32();
    for (std::size_t i = 0; i < values.size(); ++i)
      count += mask.u8()[i] == 0 && std::bit_cast<std::uint32_t>(values[i]) != 0 ? 1 : 0;
  }
  return count;
}

// ---- a step ------------------------------------------------------------------------------------

// The whole graph's autograd in float64, with masked weights at zero and their gradients left out.
TEST(SparseEngineGradients, AreThoseOfAutogradInDouble) {
  for (const char* name : {"resnet8", "resnet20"}) {
    const ImageShape shape{3, 16, 16};
    const Graph graph = build_network(name, shape, kClasses);
    const TensorMap masks = random_masks(graph, {0.2, 0.1, 0.05, 0.02});
    const auto engine = make_sparse_engine(graph, masks, {.threads = 2, .label_smoothing = 0.1});
    engine->load_state(initialize(graph, 3, Initialization::Kaiming));
    const Batch batch = test::formula_batch(21, shape, kClasses);

    std::map<std::string, at::Tensor, std::less<>> parameters;
    for (const auto& [key, host] : engine->state()) {
      const bool trainable = graph.find_parameter(key)->trainable();
      parameters[key] = to_torch(host).to(at::kDouble).set_requires_grad(trainable);
    }
    const at::Tensor x = at::tensor(batch.images)
                             .reshape({batch.count, shape.height, shape.width, shape.channels})
                             .permute({0, 3, 1, 2})
                             .to(at::kDouble);
    const at::Tensor logits =
        TorchProgram(graph).run(x, parameters, {.training = true, .fused = false});
    const at::Tensor loss = at::cross_entropy_loss(logits, at::tensor(batch.labels), {},
                                                   at::Reduction::Mean, -100, 0.1);
    loss.backward();

    engine->forward_backward(batch, {});
    EXPECT_NEAR(engine->take_meters().loss, loss.item<double>(), 1e-5) << name;
    for (const ParameterSlot& slot : engine->slots()) {
      at::Tensor expected = parameters.at(slot.name).grad();
      if (slot.mask.defined()) expected = expected * slot.mask;
      EXPECT_TRUE(near(slot.gradient, expected, 1e-4)) << name << " " << slot.name;
      EXPECT_EQ(slot.mask.defined(), slot.prunable) << slot.name;  // the linear layer's too
    }
    for (const auto& [key, host] : engine->state()) {
      if (!graph.find_parameter(key)->trainable()) {
        EXPECT_TRUE(near(to_torch(host), parameters.at(key), 1e-5)) << name << " " << key;
      }
    }
  }
}

struct Training {
  const char* network;
  std::vector<double> densities;
  SgdSettings sgd;
  double smoothing;
  int threads;
  bool anew = false;  // each step from the dense engine's state: deep networks are soon elsewhere
                      // once rounding has let one ReLU open that the other keeps shut
};

TEST(SparseEngineTraining, GoesTheWayOfTheDenseEngine) {
  const std::vector<Training> trainings = {
      {"resnet8", {0.2, 0.05}, {.momentum = 0.9, .nesterov = true, .weight_decay = 2e-4}, 0, 1},
      {"resnet8",
       {0.05, 0.02},
       {.momentum = 0.9, .weight_decay = 1e-2, .decay_all = false},
       0.1,
       2},
      {"resnet8", {0.1, 0.0}, {.momentum = 0}, 0, 2},
      {"resnet20", {0.1}, {.momentum = 0.9, .nesterov = true, .weight_decay = 5e-4}, 0, 2, true}};
  for (const Training& training : trainings) {
    SCOPED_TRACE(training.network + std::string(" ") + std::to_string(training.densities[0]));
    const Graph graph = build_network(training.network, kShape, kClasses);
    const TensorMap masks = random_masks(graph, training.densities);
    Pair engines(graph, masks, training.smoothing, training.threads);
    for (std::int64_t step = 0; step < 5; ++step) {
      const Batch batch = test::formula_batch(16 + step, kShape, kClasses);
      if (training.anew) {
        engines.sparse->load_state(engines.dense->state());
        engines.sparse->load_velocity(engines.dense->velocity());
      }
      for (Engine* each : {engines.dense.get(), engines.sparse.get()}) {
        each->forward_backward(batch, {1, 0, step});
        sgd_step(each->slots(), training.sgd, 0.02);
      }
      EXPECT_NEAR(engines.sparse->take_meters().loss, engines.dense->take_meters().loss, 1e-4);
      for (const ParameterSlot& slot : engines.sparse->slots()) {
        const at::Tensor expected = kept_gradient(slot_of(*engines.dense, slot.name));
        EXPECT_TRUE(near(slot.gradient, expected, 5e-3)) << slot.name << " after " << step;
      }
    }
    const TensorMap dense = engines.dense->state();
    for (const auto& [name, host] : engines.sparse->state())
      EXPECT_TRUE(near(to_torch(host), to_torch(dense.at(name)), 1e-3)) << name;
    EXPECT_EQ(not_zero(masks, engines.sparse->state()), 0);
    EXPECT_EQ(not_zero(masks, engines.sparse->velocity()), 0);
  }
}

TEST(SparseEngineTraining, RepeatsBitForBit) {
  const Graph graph = build_network("resnet8", kShape, kClasses);
  const TensorMap masks = random_masks(graph, {0.2, 0.05});
  const auto trained = [&](int threads) {
    const auto engine = make_sparse_engine(graph, masks, {.threads = threads});
    engine->load_state(initialize(graph, 1, Initialization::Kaiming));
    for (std::int64_t step = 0; step < 4; ++step) {
      engine->forward_backward(test::formula_batch(33, kShape, kClasses), {1, 0, step});
      sgd_step(engine->slots(), {.momentum = 0.9}, 0.05);
    }
    return std::pair{engine->state(), engine->velocity()};
  };
  for (const int threads : {1, 2, 3}) EXPECT_EQ(trained(threads), trained(threads)) << threads;
}

// From one engine to the other and back at every step, as a run between its stages.
TEST(SparseEngineTraining, GoesOnFromItsStateInTheSameBits) {
  const Graph graph = build_network("resnet8", kShape, kClasses);
  const TensorMap masks = random_masks(graph, {0.2, 0.05});
  const Batch batch = test::formula_batch(33, kShape, kClasses);
  const auto step = [&](Engine& engine, std::int64_t number) {
    engine.forward_backward(batch, {1, 0, number});
    sgd_step(engine.slots(), {.momentum = 0.9, .nesterov = true}, 0.05);
  };
  const auto whole = make_sparse_engine(graph, masks, {.threads = 2});
  whole->load_state(initialize(graph, 1, Initialization::Kaiming));
  TensorMap state = whole->state(), velocity = whole->velocity();
  for (std::int64_t number = 0; number < 3; ++number) {
    step(*whole, number);
    const auto torch = make_torch_engine(graph, {});
    torch->load_state(state);
    torch->load_velocity(velocity);
    torch->set_masks(masks);
    const auto part = make_sparse_engine(graph, masks, {.threads = 2});
    part->load_state(torch->state());
    part->load_velocity(torch->velocity());
    step(*part, number);
    state = part->state();
    velocity = part->velocity();
    EXPECT_EQ(state, whole->state()) << number;
    EXPECT_EQ(velocity, whole->velocity()) << number;
  }
}

// ---- dropout -----------------------------------------------------------------------------------

Graph dropout_graph() {
  Graph graph("dropout", kShape);
  std::string x = graph.add_node("flat", Flatten{}, {std::string(Graph::kInput)});
  x = graph.add_node("drop", Dropout{0.5}, {x});
  graph.set_output(add_linear(graph, "fc", x, kClasses));
  return graph;
}

TEST(SparseEngineDropout, IsAFunctionOfTheAddress) {
  const Graph graph = dropout_graph();
  const TensorMap masks = random_masks(graph, {0.3});
  Pair first(graph, masks), second(graph, masks, 0, 2);
  const Batch batch = test::formula_batch(4, kShape, kClasses);
  const auto gradient = [&](Engine& engine, const StepAddress& address) {
    engine.forward_backward(batch, address);
    return slot_of(engine, "fc.weight").gradient.clone();
  };
  const at::Tensor at = gradient(*first.sparse, {1, 2, 3});
  for (const StepAddress& other : {StepAddress{1, 2, 4}, {1, 3, 3}, {2, 2, 3}})
    EXPECT_FALSE(near(gradient(*first.sparse, other), at, 1e-3));
  EXPECT_TRUE(same_bits(gradient(*first.sparse, {1, 2, 3}), at));
  EXPECT_TRUE(near(gradient(*second.sparse, {1, 2, 3}), at, 1e-5));
  EXPECT_TRUE(near(to_torch(first.sparse->predict(batch)), to_torch(first.dense->predict(batch)),
                   1e-5));  // none in evaluation
}

// Each engine draws its own numbers, of the same distribution.
TEST(SparseEngineDropout, HasTheMeanOfTheDenseEngine) {
  Pair engines(dropout_graph(), random_masks(dropout_graph(), {0.3}));
  const Batch batch = test::formula_batch(8, kShape, kClasses);
  const auto mean = [&](Engine& engine) {
    at::Tensor sum;
    for (std::int64_t step = 0; step < 400; ++step) {
      engine.forward_backward(batch, {1, 0, step});
      const at::Tensor gradient = kept_gradient(slot_of(engine, "fc.weight"));
      sum = sum.defined() ? sum + gradient : gradient.clone();
    }
    return std::pair{engine.take_meters().loss, sum / 400};
  };
  const auto [dense_loss, dense_gradient] = mean(*engines.dense);
  const auto [sparse_loss, sparse_gradient] = mean(*engines.sparse);
  EXPECT_NEAR(sparse_loss, dense_loss, 0.02 * dense_loss);
  EXPECT_TRUE(near(sparse_gradient, dense_gradient, 0.1));
}

// ---- the contract ------------------------------------------------------------------------------

TensorMap filled(const Graph& graph, bool trainable_only) {
  TensorMap map;
  std::uint64_t seed = 50;
  for (const ParameterInfo& info : graph.parameters()) {
    if (trainable_only && !info.trainable()) continue;
    map.emplace(info.name, to_host(test::normal(info.shape, seed++)));
  }
  return map;
}

TEST(SparseEngineState, RoundTripIsBitExact) {
  const Graph graph = build_network("resnet8", kShape, kClasses);
  const auto engine = make_sparse_engine(graph, {}, {});
  const TensorMap state = filled(graph, false), velocity = filled(graph, true);
  engine->load_state(state);
  engine->load_velocity(velocity);
  EXPECT_EQ(engine->state(), state);
  EXPECT_EQ(engine->velocity(), velocity);
  EXPECT_EQ(engine->name(), "sparse");
}

TEST(SparseEngineMasks, ThatChangeGiveTheEngineThatHadThemFromTheStart) {
  const Graph graph = build_network("resnet8", kShape, kClasses);
  const TensorMap first = random_masks(graph, {0.3}), second = random_masks(graph, {0.1}, 2);
  const Batch batch = test::formula_batch(9, kShape, kClasses);
  const auto engine = make_sparse_engine(graph, first, {.threads = 1});
  engine->load_state(initialize(graph, 1, Initialization::Kaiming));
  engine->forward_backward(batch, {});
  for (const TensorMap& masks : {second, first, TensorMap()}) {
    engine->set_masks(masks);
    EXPECT_EQ(not_zero(masks, engine->state()), 0);
    const auto fresh = make_sparse_engine(graph, masks, {.threads = 1});
    fresh->load_state(engine->state());
    for (Engine* each : {engine.get(), fresh.get()}) each->forward_backward(batch, {});
    for (const ParameterSlot& slot : fresh->slots()) {
      EXPECT_TRUE(same_bits(slot_of(*engine, slot.name).gradient, slot.gradient)) << slot.name;
      EXPECT_EQ(slot_of(*engine, slot.name).mask.defined(), slot.mask.defined()) << slot.name;
    }
    EXPECT_EQ(engine->state(), fresh->state());
  }
}

TEST(SparseEngineMasks, ThatAreTheSameChangeNothing) {
  const Graph graph = build_network("resnet8", kShape, kClasses);
  const TensorMap masks = random_masks(graph, {0.3});
  const auto engine = make_sparse_engine(graph, masks, {});
  engine->load_state(initialize(graph, 1, Initialization::Kaiming));
  engine->forward_backward(test::formula_batch(9, kShape, kClasses), {});
  const at::Tensor gradient = slot_of(*engine, "conv1.weight").gradient.clone();
  const TensorMap state = engine->state();
  engine->set_masks(masks);
  EXPECT_TRUE(same_bits(slot_of(*engine, "conv1.weight").gradient, gradient));
  EXPECT_EQ(engine->state(), state);
}

TEST(SparseEngineEvaluation, IsThatOfTheDenseEngine) {
  const Graph graph = build_network("resnet8", kShape, kClasses);
  const TensorMap masks = random_masks(graph, {0.2});
  Pair engines(graph, masks, 0.1, 2);
  const Batch first = test::formula_batch(21, kShape, kClasses);
  const Batch second = test::formula_batch(7, kShape, kClasses);
  for (Engine* each : {engines.dense.get(), engines.sparse.get()}) {
    each->observe_statistics(first, 1);
    each->observe_statistics(second, 0.5);
  }
  const TensorMap expected = engines.dense->state();
  for (const auto& [name, host] : engines.sparse->state())
    EXPECT_TRUE(near(to_torch(host), to_torch(expected.at(name)), 1e-5)) << name;
  EXPECT_TRUE(near(to_torch(engines.sparse->predict(second)),
                   to_torch(engines.dense->predict(second)), 1e-4));
  for (Engine* each : {engines.dense.get(), engines.sparse.get()}) {
    EXPECT_EQ(each->take_meters().images, 0);
    each->evaluate(first);
    each->evaluate(second);
  }
  const Meters sparse = engines.sparse->take_meters(), dense = engines.dense->take_meters();
  EXPECT_EQ(sparse.images, 28);
  EXPECT_NEAR(sparse.loss, dense.loss, 1e-5);
  EXPECT_NEAR(sparse.top1, dense.top1, 1e-9);
  EXPECT_NEAR(sparse.top5, dense.top5, 1e-9);
  EXPECT_EQ(engines.sparse->take_meters().images, 0);
}

TEST(SparseEngineMeters, ShowThatANetworkDiverged) {
  const Graph graph = build_network("resnet8", kShape, kClasses);
  const auto engine = make_sparse_engine(graph, random_masks(graph, {0.5}), {});
  TensorMap state = initialize(graph, 1, Initialization::Kaiming);
  for (float& value : state.at("layer1.0.conv1.weight").f32())
    value = std::numeric_limits<float>::quiet_NaN();
  engine->load_state(state);
  const Batch batch = test::formula_batch(4, kShape, kClasses);
  engine->forward_backward(batch, {});
  EXPECT_TRUE(std::isnan(engine->take_meters().loss));
  engine->evaluate(batch);
  EXPECT_TRUE(std::isnan(engine->take_meters().loss));
}

TEST(SparseEngineErrors, NameWhatItCannotDo) {
  const Graph graph = build_network("resnet8", kShape, kClasses);
  const auto engine = make_sparse_engine(graph, {}, {});
  const Error effective = thrown_by([&] {
    engine->set_effective_weights([](std::string_view, const at::Tensor& w) { return w; }, {});
  });
  EXPECT_EQ(effective.code(), ErrorCode::Config);
  EXPECT_THAT(effective.what(), HasSubstr("sparse engine"));
  const Error extra =
      thrown_by([&] { engine->set_effective_weights({}, [] { return at::Tensor(); }); });
  EXPECT_EQ(extra.code(), ErrorCode::Config);
  engine->set_effective_weights({}, {});

  Batch batch = test::formula_batch(4, kShape, kClasses);
  batch.labels[2] = 10;
  EXPECT_THAT(thrown_by([&] { engine->forward_backward(batch, {}); }).what(),
              HasSubstr("the label 10"));
  EXPECT_EQ(thrown_by([&] { engine->evaluate(batch); }).code(), ErrorCode::Input);
  batch.shape.channels = 1;
  EXPECT_EQ(thrown_by([&] { (void)engine->predict(batch); }).code(), ErrorCode::Input);

  TensorMap masks = random_masks(graph, {0.5});
  masks.erase("linear.weight");
  EXPECT_THAT(thrown_by([&] { (void)make_sparse_engine(graph, masks, {}); }).what(),
              HasSubstr("no tensor 'linear.weight'"));
  EXPECT_EQ(thrown_by([&] { (void)make_sparse_engine(Graph("empty", kShape), {}, {}); }).code(),
            ErrorCode::Input);

  Graph twice("twice", {1, 4, 4});
  twice.add_parameter({"w", {1, 1, 1, 1}, ParameterRole::Weight});
  std::string x = twice.add_node("a", Conv{}, {std::string(Graph::kInput), "w"});
  x = twice.add_node("b", Conv{}, {x, "w"});
  x = twice.add_node("pool", GlobalAveragePool{}, {x});
  twice.set_output(twice.add_node("flatten", Flatten{}, {x}));
  const Error shared = thrown_by([&] { (void)make_sparse_engine(twice, {}, {}); });
  EXPECT_EQ(shared.code(), ErrorCode::Config);
  EXPECT_THAT(shared.what(), HasSubstr("'w'"));
}

}  // namespace
}  // namespace pollard
