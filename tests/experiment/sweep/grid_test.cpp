#include "experiment/sweep/grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiment/sweep/grids.h"

namespace pollard {
namespace {

using test::grid_of;
using test::grid_table;
using test::points_of;
using test::values_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Grid, AFileWithoutListsIsOnePoint) {
  const Grid grid = grid_of("seed = 4\ntrain.milestones = [0.5]\n");
  EXPECT_EQ(grid.name, "a");
  EXPECT_THAT(grid.axes, IsEmpty());
  ASSERT_THAT(grid.points, SizeIs(1));
  EXPECT_EQ(grid.points[0].integer("seed"), 4);
  EXPECT_THAT(grid.points[0].list("train.milestones"), ElementsAre(0.5));
  EXPECT_THAT(grid.points[0].given_keys(), ElementsAre("seed", "train.milestones"));
}

TEST(Grid, TheLastAxisIsTheFastestInTheOrderOfTheFile) {
  const Grid grid = grid_of(R"(
    [train]
    schedule = ["cosine", "step"]
    epochs = 3
    [prune]
    sparsity = [0.5, 0.9]
  )");
  EXPECT_THAT(grid.axes, ElementsAre("train.schedule", "prune.sparsity"));
  EXPECT_THAT(points_of(grid), ElementsAre("cosine 0.5", "cosine 0.9", "step 0.5", "step 0.9"));
  for (const Config& point : grid.points) EXPECT_EQ(point.integer("train.epochs"), 3);
}

TEST(Grid, SeedsAreShortForAnAxisAfterTheOthers) {
  const Grid grid = grid_of(R"(
    sweep.seeds = 3
    sweep.name = "rates-2"
    train.nesterov = [true, false]
  )");
  EXPECT_EQ(grid.name, "rates-2");
  EXPECT_THAT(points_of(grid),
              ElementsAre("true 1", "true 2", "true 3", "false 1", "false 2", "false 3"));
}

TEST(Grid, EveryTypeHasAxes) {
  const Grid grid = grid_of(R"(
    out = ["a", "b,c"]
    [train]
    nesterov = [true]
    learning_rate = [1, 0.5]
    milestones = [[0.5], [0.25, 0.5], []]
  )");
  EXPECT_THAT(grid.points, SizeIs(12));
  EXPECT_EQ(values_of(grid.points.front(), grid.axes), "a true 1.0 [0.5]");
  EXPECT_EQ(values_of(grid.points.back(), grid.axes), "b,c true 0.5 []");
}

TEST(Grid, ZippedAxesGoTogether) {
  const Grid grid = grid_of(R"(
    seed = [7, 8]
    train.learning_rate = [0.1, 0.2, 0.2]
    prune.sparsity = [0.5, 0.9]
    train.epochs = [10, 20, 30]
    [sweep]
    zip = [["train.epochs", "train.learning_rate"]]
  )");
  EXPECT_THAT(grid.axes,
              ElementsAre("seed", "train.epochs", "train.learning_rate", "prune.sparsity"));
  EXPECT_THAT(points_of(grid),
              ElementsAre("7 10 0.1 0.5", "7 10 0.1 0.9", "7 20 0.2 0.5", "7 20 0.2 0.9",
                          "7 30 0.2 0.5", "7 30 0.2 0.9", "8 10 0.1 0.5", "8 10 0.1 0.9",
                          "8 20 0.2 0.5", "8 20 0.2 0.9", "8 30 0.2 0.5", "8 30 0.2 0.9"));
}

TEST(Grid, ExclusionsMatchAllOfTheirKeys) {
  const Grid grid = grid_of(R"(
    seed = [1, 2, 3]
    train.schedule = ["step", "linear"]
    [[sweep.exclude]]
    train.schedule = "linear"
    seed = [2, 3]
    [[sweep.exclude]]
    seed = 3
  )");
  EXPECT_THAT(points_of(grid), ElementsAre("1 step", "1 linear", "2 step"));
}

TEST(Grid, AKeyIsNotGivenWhereItHasNoEffect) {
  const Grid grid = grid_of(R"(
    [train]
    gamma = 0.5                          # counts with step
    milestones = [0.25]                  # with step and linear
    schedule = ["step", "cosine", "linear"]
  )");
  ASSERT_THAT(grid.points, SizeIs(3));
  const std::vector<std::string> keys = {"train.gamma", "train.milestones"};
  EXPECT_EQ(values_of(grid.points[0], keys), "0.5 [0.25]");
  EXPECT_EQ(values_of(grid.points[1], keys), "- -");
  EXPECT_EQ(values_of(grid.points[2], keys), "- [0.25]");
  EXPECT_EQ(grid.points[1].real("train.gamma"), 0.1);  // its default
}

TEST(Grid, AnAxisWithoutEffectNeedsOneValueThere) {
  const Grid grid = grid_of(R"(
    [train]
    schedule = ["cosine", "step"]
    gamma = [0.5, 0.2]
    [[sweep.exclude]]
    train.schedule = "cosine"
    train.gamma = 0.2
  )");
  EXPECT_THAT(points_of(grid), ElementsAre("cosine -", "step 0.5", "step 0.2"));
}

TEST(Grid, OverridesReplaceAndAdd) {
  const Grid grid = grid_of("train.schedule = [\"step\", \"cosine\"]\nseed = [1, 2]\n",
                            {"seed=5", "train.schedule=linear,step", "train.epochs=[1, 2]"});
  EXPECT_THAT(grid.axes, ElementsAre("train.schedule", "train.epochs"));
  EXPECT_THAT(points_of(grid), ElementsAre("linear 1", "linear 2", "step 1", "step 2"));
  EXPECT_EQ(grid.points[0].integer("seed"), 5);
}

TEST(Grid, OverridesOfEveryType) {
  EXPECT_THAT(points_of(grid_of("", {"train.learning_rate=0.1,1e-2"})), ElementsAre("0.1", "0.01"));
  EXPECT_THAT(points_of(grid_of("", {"train.nesterov=[true,false]"})),
              ElementsAre("true", "false"));
  EXPECT_THAT(points_of(grid_of("", {"train.milestones=[[0.5], [0.5, 0.75]]"})),
              ElementsAre("[0.5]", "[0.5, 0.75]"));
  const Grid list = grid_of("", {"train.milestones=0.5,0.75"});
  EXPECT_THAT(list.axes, IsEmpty());
  EXPECT_THAT(list.points[0].list("train.milestones"), ElementsAre(0.5, 0.75));
}

TEST(Grid, FreeTextKeepsItsCommas) {
  const Grid text = grid_of("", {"prune.layers=conv*,fc"});
  EXPECT_THAT(text.axes, IsEmpty());
  EXPECT_EQ(text.points[0].text("prune.layers"), "conv*,fc");
  EXPECT_THAT(points_of(grid_of("", {"prune.layers=[\"conv*,fc\", fc]"})),
              ElementsAre("conv*,fc", "fc"));
}

TEST(Grid, TheCommandLineNamesAndSeedsTheSweep) {
  const Grid grid = grid_of("sweep.seeds = 3\n", {"sweep.seeds=2", "sweep.name=x"});
  EXPECT_EQ(grid.name, "x");
  EXPECT_THAT(points_of(grid), ElementsAre("1", "2"));
  EXPECT_THAT(points_of(grid_of("sweep.seeds = 3\n", {"seed=7,9"})), ElementsAre("7", "9"));
}

TEST(Grid, NeedsNoFile) {
  const Grid grid = read_grid("", std::vector<std::string>{"seed=1,2"}, grid_table());
  EXPECT_EQ(grid.name, "sweep");
  EXPECT_THAT(points_of(grid), ElementsAre("1", "2"));
}

// Somebody tries one value of a grid: what does not fit any more is no mistake.
TEST(Grid, TheCommandLineMayNarrowWhatZipsAndExclusionsName) {
  const Grid grid = grid_of(R"(
    train.epochs = [10, 20]
    train.learning_rate = [0.1, 0.2]
    sweep.zip = [["train.epochs", "train.learning_rate"]]
    [[sweep.exclude]]
    train.learning_rate = 0.1
  )",
                            {"train.learning_rate=0.5"});
  EXPECT_THAT(points_of(grid), ElementsAre("10", "20"));
  EXPECT_EQ(grid.points[0].real("train.learning_rate"), 0.5);
}

TEST(Grid, ReadsTheSameEveryTime) {
  constexpr std::string_view text = "train.epochs = [1, 2]\nprune.sparsity = [0.1, 0.2]\n";
  const Grid a = grid_of(text), b = grid_of(text);
  for (std::size_t p = 0; p < a.points.size(); ++p)
    EXPECT_EQ(a.points[p].to_toml(), b.points[p].to_toml());
}

}  // namespace
}  // namespace pollard
