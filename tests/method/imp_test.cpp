// Counts of the cycles, the weights that go, and training under masks that stay.
#include "method/imp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "pollard/networks.h"
#include "pollard/random.h"
#include "pollard/torch_engine.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// ---- counts ------------------------------------------------------------------------------------

// From Python's decimal module with 60 digits, rounded half to even. 848944 and 36518832 are the
// prunable weights of ResNet-56 and WRN-28-10, 25502912 those of ResNet-50.
TEST(ImpKept, IsCumulative) {
  EXPECT_THAT(imp_kept(848944, 0.98, 1), ElementsAre(16979));
  EXPECT_THAT(imp_kept(848944, 0.9, 3), ElementsAre(394045, 182899, 84894));
  EXPECT_THAT(imp_kept(848944, 0.98, 5), ElementsAre(388226, 177538, 81189, 37128, 16979));
  EXPECT_THAT(imp_kept(36518832, 0.995, 4), ElementsAre(9710898, 2582271, 686664, 182594));
  EXPECT_THAT(imp_kept(25502912, 0.9, 10),
              ElementsAre(20257683, 16091250, 12781734, 10152892, 8064729, 6406042, 5088500,
                          4041939, 3210626, 2550291));
  EXPECT_THAT(imp_kept(1000, 0.25, 2), ElementsAre(866, 750));
}

TEST(ImpKept, RoundsWhatIsPrunedHalfToEven) {
  // To 75 % in two cycles: 50 %, then 75 %, both exact in binary.
  EXPECT_THAT(imp_kept(5, 0.75, 2), ElementsAre(5 - 2, 5 - 4));  // 2.5, 3.75
  EXPECT_THAT(imp_kept(7, 0.75, 2), ElementsAre(7 - 4, 7 - 5));  // 3.5, 5.25
  EXPECT_THAT(imp_kept(6, 0.75, 1), ElementsAre(6 - 4));         // 4.5
  EXPECT_THAT(imp_kept(2, 0.75, 1), ElementsAre(2 - 2));         // 1.5
}

TEST(ImpKept, OfNoSparsityOrNoWeights) {
  EXPECT_THAT(imp_kept(10, 0, 3), ElementsAre(10, 10, 10));
  EXPECT_THAT(imp_kept(0, 0.9, 2), ElementsAre(0, 0));
}

TEST(ImpKept, ShrinksToTheGoalWhateverTheCycles) {
  for (std::uint64_t trial = 0; trial < 300; ++trial) {
    RandomStream draw(21, Purpose::Testing, 0, trial);
    const std::int64_t weights = draw.below(40'000'000);
    const double sparsity = draw.uniform();
    const std::int64_t cycles = 1 + draw.below(12);
    const std::vector<std::int64_t> kept = imp_kept(weights, sparsity, cycles);
    ASSERT_EQ(std::ssize(kept), cycles);
    ASSERT_TRUE(std::ranges::is_sorted(kept, std::greater()));
    ASSERT_LE(kept.front(), weights);
    ASSERT_EQ(kept.back(), imp_kept(weights, sparsity, 1).back());
    for (std::int64_t c = 1; c <= cycles; ++c) {  // the same fraction of what remains, each time
      const double share =
          std::pow(1 - sparsity, static_cast<double>(c) / static_cast<double>(cycles));
      ASSERT_NEAR(static_cast<double>(kept[static_cast<std::size_t>(c - 1)]),
                  share * static_cast<double>(weights), 0.51);
    }
  }
}

TEST(ImpKept, RefusesWhatIsNoSparsityAndNoCycles) {
  for (const double sparsity : {-0.1, 1.0, 1.5, 90.0, std::numeric_limits<double>::quiet_NaN()}) {
    const Error error = thrown_by([&] { (void)imp_kept(10, sparsity, 1); });
    EXPECT_EQ(error.code(), ErrorCode::Config) << sparsity;
    EXPECT_THAT(error.what(), HasSubstr("prune.sparsity"));
  }
  for (const std::int64_t cycles : {0, -1}) {
    const Error error = thrown_by([&] { (void)imp_kept(10, 0.5, cycles); });
    EXPECT_EQ(error.code(), ErrorCode::Config) << cycles;
    EXPECT_THAT(error.what(), HasSubstr("prune.cycles"));
  }
}

// ---- pruning -----------------------------------------------------------------------------------

/// Two layers whose order is not that of their names: 16 x 12 and 4 x 16 weights.
Graph two_layers() {
  Graph graph("two", {3, 2, 2});
  graph.add_parameter({"z.weight", {16, 12}, ParameterRole::Weight});
  graph.add_parameter({"z.bias", {16}, ParameterRole::Bias});
  graph.add_parameter({"a.weight", {4, 16}, ParameterRole::Weight});
  graph.add_node("flatten", Flatten{}, {std::string(Graph::kInput)});
  graph.add_node("z", Gemm{}, {"flatten", "z.weight", "z.bias"});
  graph.add_node("relu", Relu{}, {"z"});
  graph.set_output(graph.add_node("a", Gemm{}, {"relu", "a.weight"}));
  return graph;
}
constexpr std::int64_t kWeights = 16 * 12 + 4 * 16;

/// Few distinct magnitudes, so that there are ties; signs at random.
TensorMap random_state(const Graph& graph, std::uint64_t seed) {
  RandomStream draw(seed, Purpose::Testing, 0, 0);
  TensorMap state;
  for (const ParameterInfo& info : graph.parameters()) {
    HostTensor tensor = HostTensor::zeros(DType::F32, info.shape);
    for (float& value : tensor.f32()) {
      value = static_cast<float>(1 + draw.below(40)) / 8 * (draw.below(2) == 0 ? -1 : 1);
    }
    state.emplace(info.name, std::move(tensor));
  }
  return state;
}

std::unique_ptr<Engine> engine_of(const TensorMap& state) {
  auto engine = make_torch_engine(two_layers(), {});
  engine->load_state(state);
  engine->load_velocity([&] {
    TensorMap velocity;
    for (const ParameterSlot& slot : engine->slots()) velocity[slot.name] = state.at(slot.name);
    return velocity;
  }());
  return engine;
}

/// The `kept` largest |w| of a full sort; equal ones in the order of layers, then of indices.
std::vector<std::uint8_t> kept_by_sorting(const Graph& graph, const TensorMap& state,
                                          std::int64_t kept) {
  std::vector<float> magnitudes;
  for (const ParameterInfo& info : graph.prunable_parameters()) {
    for (const float w : state.at(info.name).f32()) magnitudes.push_back(std::abs(w));
  }
  std::vector<std::size_t> order(magnitudes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) { return magnitudes[i]; });
  std::vector<std::uint8_t> keep(magnitudes.size());
  for (std::size_t i = 0; i < static_cast<std::size_t>(kept); ++i) keep[order[i]] = 1;
  return keep;
}

std::vector<std::uint8_t> flat(const MaskSet& masks) {
  std::vector<std::uint8_t> keep;
  for (const Mask& mask : masks.masks())
    keep.insert(keep.end(), mask.keep.begin(), mask.keep.end());
  return keep;
}

TEST(ImpPrune, KeepsTheLargestOfAllLayers) {
  const Graph graph = two_layers();
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const TensorMap state = random_state(graph, seed);
    for (const std::int64_t kept : {0L, 1L, 17L, 128L, 200L, kWeights - 1, kWeights}) {
      const auto engine = engine_of(state);
      MaskSet masks = MaskSet::dense(graph);
      imp_prune(*engine, masks, kept, "global");
      EXPECT_EQ(flat(masks), kept_by_sorting(graph, state, kept)) << seed << ' ' << kept;
    }
  }
}

TEST(ImpPrune, KeepsLargeNegativeWeights) {
  TensorMap state = random_state(two_layers(), 1);
  state.at("z.weight").f32()[7] = -100;
  state.at("a.weight").f32()[63] = -50;
  state.at("a.weight").f32()[0] = 49;
  const auto engine = engine_of(state);
  MaskSet masks = MaskSet::dense(two_layers());
  imp_prune(*engine, masks, 2, "global");
  EXPECT_EQ(engine->state().at("z.weight").f32()[7], -100);
  EXPECT_EQ(engine->state().at("a.weight").f32()[63], -50);
  EXPECT_EQ(engine->state().at("a.weight").f32()[0], 0);
}

TEST(ImpPrune, PutsTheMasksInForce) {
  const TensorMap state = random_state(two_layers(), 1);
  const auto engine = engine_of(state);
  MaskSet masks = MaskSet::dense(two_layers());
  imp_prune(*engine, masks, 100, "global");
  const TensorMap after = engine->state(), velocity = engine->velocity();
  for (const Mask& mask : masks.masks()) {
    for (std::size_t i = 0; i < mask.keep.size(); ++i) {
      const float expected = mask.keep[i] != 0 ? state.at(mask.name).f32()[i] : 0;
      EXPECT_EQ(after.at(mask.name).f32()[i], expected);
      EXPECT_EQ(velocity.at(mask.name).f32()[i], expected);
    }
  }
  EXPECT_EQ(after.at("z.bias"), state.at("z.bias"));
  for (const ParameterSlot& slot : engine->slots()) {
    EXPECT_EQ(slot.mask.defined(), slot.prunable) << slot.name;
  }
}

TEST(ImpPrune, MasksOnlyShrinkOverTheCycles) {
  const auto engine = engine_of(random_state(two_layers(), 3));
  MaskSet masks = MaskSet::dense(two_layers());
  std::uint64_t seed = 100;
  for (const std::int64_t kept : imp_kept(kWeights, 0.95, 4)) {
    const std::vector<std::uint8_t> before = flat(masks);
    imp_prune(*engine, masks, kept, "global");
    EXPECT_EQ(masks.kept(), kept);
    const std::vector<std::uint8_t> after = flat(masks);
    for (std::size_t i = 0; i < after.size(); ++i) EXPECT_LE(after[i], before[i]) << i;
    engine->load_state(random_state(two_layers(), seed++));  // the order turns round
  }
  EXPECT_EQ(masks.kept(), 13);  // 256 - round(243.2)
}

TEST(ImpPrune, ErrorsChangeNothing) {
  const auto engine = engine_of(random_state(two_layers(), 1));
  MaskSet masks = MaskSet::dense(two_layers());
  imp_prune(*engine, masks, 100, "global");
  const MaskSet before = masks;
  const Error allocation = thrown_by([&] { imp_prune(*engine, masks, 50, "globl"); });
  EXPECT_EQ(allocation.code(), ErrorCode::Config);
  EXPECT_THAT(allocation.what(), HasSubstr("prune.allocation='globl'"));
  for (const std::int64_t count : {101L, -1L}) {  // masks do not grow
    EXPECT_EQ(thrown_by([&] { imp_prune(*engine, masks, count, "global"); }).code(),
              ErrorCode::Config);
  }
  TensorMap state = engine->state();
  for (float& value : state.at("a.weight").f32()) value = std::numeric_limits<float>::infinity();
  engine->load_state(state);
  const Error infinite = thrown_by([&] { imp_prune(*engine, masks, 50, "global"); });
  EXPECT_EQ(infinite.code(), ErrorCode::Input);
  EXPECT_THAT(infinite.what(), HasSubstr("'a.weight'"));
  EXPECT_EQ(masks, before);
}

// ---- training under masks ----------------------------------------------------------------------

TEST(FixedMasks, ComeIntoForceWhenAttachedAndComeBack) {
  const TensorMap state = random_state(two_layers(), 1);
  const auto pruned = engine_of(state), attached = engine_of(state);
  MaskSet masks = MaskSet::dense(two_layers());
  imp_prune(*pruned, masks, 60, "global");
  FixedMasks method(masks);
  EXPECT_EQ(method.name(), "imp");
  method.attach({*attached, 1, 1, 0});
  EXPECT_EQ(attached->state(), pruned->state());
  EXPECT_EQ(attached->velocity(), pruned->velocity());
  EXPECT_TRUE(method.save().empty());
  EXPECT_EQ(method.finish(), masks);
}

TEST(FixedMasks, OfNoMasksIsDenseAndFreesTheWeights) {
  const TensorMap state = random_state(two_layers(), 1);
  const auto engine = engine_of(state);
  MaskSet masks = MaskSet::dense(two_layers());
  imp_prune(*engine, masks, 60, "global");
  FixedMasks method{MaskSet()};
  EXPECT_EQ(method.name(), "dense");
  method.attach({*engine, 1, 1, 0});
  engine->load_state(state);
  EXPECT_EQ(engine->state(), state);
  EXPECT_TRUE(method.finish().empty());
}

}  // namespace
}  // namespace pollard
