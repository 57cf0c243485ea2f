// An engine that is replaced under its holder.
#include "exec/replaceable_engine.h"

#include <gtest/gtest.h>

#include "exec/tensors.h"
#include "pollard/masks.h"
#include "pollard/networks.h"
#include "pollard/sgd.h"
#include "pollard/sparse_engine.h"
#include "pollard/torch_engine.h"

namespace pollard {
namespace {

constexpr ImageShape kShape{3, 8, 8};

void step(Engine& engine, std::int64_t number) {
  engine.forward_backward(test::formula_batch(16, kShape, 10), {1, 0, number});
  sgd_step(engine.slots(), {.momentum = 0.9}, 0.05);
}

// As a method and a loop would find it, who hold the one engine all the time.
TEST(ReplaceableEngine, GoesOnAsTheEngineInForceDoes) {
  const Graph graph = build_network("resnet8", kShape, 10);
  const TensorMap start = initialize(graph, 1, Initialization::Kaiming);
  const TensorMap masks = MaskSet::dense(graph).to_tensors();

  const auto torch = make_torch_engine(graph, {});
  torch->load_state(start);
  step(*torch, 0);
  const auto sparse = make_sparse_engine(graph, masks, {});
  sparse->load_state(torch->state());
  sparse->load_velocity(torch->velocity());
  step(*sparse, 1);

  ReplaceableEngine engine(make_torch_engine(graph, {}));
  Engine& held = engine;
  EXPECT_TRUE(engine.masks().empty());
  held.load_state(start);
  step(held, 0);
  held.set_masks(masks);
  EXPECT_EQ(held.state(), torch->state());
  auto next = make_sparse_engine(graph, masks, {});
  next->load_state(held.state());
  next->load_velocity(held.velocity());
  engine.replace(std::move(next));
  EXPECT_EQ(held.name(), "sparse");
  EXPECT_EQ(engine.masks(), masks);
  step(held, 1);
  EXPECT_EQ(held.state(), sparse->state());
  EXPECT_EQ(held.velocity(), sparse->velocity());
  EXPECT_EQ(held.take_meters().images, 16);  // those of the step since
}

}  // namespace
}  // namespace pollard
