// Sweeps within a sweep: [[sweep.variant]].
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiment/sweep/grids.h"
#include "pollard/error.h"

namespace pollard {
namespace {

using test::grid_of;
using test::values_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kTwo = R"(
  train.learning_rate = 0.1
  prune.sparsity = [0.5, 0.9]
  [[sweep.variant]]
  name = "plain"
  [[sweep.variant]]
  name = "fast"
  train.learning_rate = [0.2, 0.3]
  prune.sparsity = 0.9
)";

std::vector<std::string> lines_of(const Grid& grid) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < grid.points.size(); ++i) {
    lines.push_back(grid.variants.at(i) + ": " +
                    values_of(grid.points[i], {"train.learning_rate", "prune.sparsity"}));
  }
  return lines;
}

std::string error_of(const std::string& text) {
  try {
    (void)grid_of(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

TEST(GridVariants, AreGridsOneAfterAnother) {
  const Grid grid = grid_of(kTwo);
  EXPECT_THAT(lines_of(grid),
              ElementsAre("plain: 0.1 0.5", "plain: 0.1 0.9", "fast: 0.2 0.9", "fast: 0.3 0.9"));
  EXPECT_THAT(grid.axes, ElementsAre(kVariantKey, "prune.sparsity", "train.learning_rate"));
}

TEST(GridVariants, GiveWayToTheCommandLine) {
  EXPECT_THAT(lines_of(grid_of(kTwo, {"train.learning_rate=1", "prune.sparsity=0.9"})),
              ElementsAre("plain: 1.0 0.9", "fast: 1.0 0.9"));
}

TEST(GridVariants, MayShareAPoint) {
  const Grid grid = grid_of(R"(
    [[sweep.variant]]
    name = "a"
    prune.sparsity = 0.9
    [[sweep.variant]]
    name = "b"
    prune.sparsity = [0.5, 0.9]
  )");
  ASSERT_THAT(grid.points, SizeIs(3));
  EXPECT_EQ(grid.points[0].given_keys(), grid.points[2].given_keys());
  EXPECT_THAT(grid.variants, ElementsAre("a", "b", "b"));
}

TEST(GridVariants, AFileWithoutThemHasNone) {
  const Grid grid = grid_of("prune.sparsity = [0.5, 0.9]");
  EXPECT_THAT(grid.variants, SizeIs(0));
}

TEST(GridVariants, ZipsAreOfEachByItself) {
  const Grid grid = grid_of(R"(
    sweep.zip = [["train.learning_rate", "prune.sparsity"]]
    prune.sparsity = [0.5, 0.9]
    [[sweep.variant]]
    name = "a"
    train.learning_rate = [1, 2]
    [[sweep.variant]]
    name = "b"
    train.learning_rate = [3, 4]
  )");
  EXPECT_THAT(lines_of(grid), ElementsAre("a: 1.0 0.5", "a: 2.0 0.9", "b: 3.0 0.5", "b: 4.0 0.9"));
}

TEST(GridVariants, AnExclusionMayBeForOneOfThem) {
  const std::string text = std::string(kTwo) + R"(
    [[sweep.exclude]]
    train.learning_rate = 0.3
  )";
  EXPECT_THAT(lines_of(grid_of(text)),
              ElementsAre("plain: 0.1 0.5", "plain: 0.1 0.9", "fast: 0.2 0.9"));
}

TEST(GridVariants, ErrorsNameTheLine) {
  EXPECT_THAT(error_of("sweep.variant = 3"), HasSubstr("line 1: 'sweep.variant' is no list"));
  EXPECT_THAT(error_of("[[sweep.variant]]\nprune.sparsity = 0.5"),
              HasSubstr("line 1: a 'sweep.variant' has no name"));
  EXPECT_THAT(error_of("[[sweep.variant]]\nname='a'\n[[sweep.variant]]\nname='a'"),
              HasSubstr("line 3: two variants are called 'a'"));
  EXPECT_THAT(error_of("[[sweep.variant]]\nname='a'\nprune.sparsty = 0.5"),
              HasSubstr("line 3: unknown key 'prune.sparsty'"));
  EXPECT_THAT(error_of(std::string(kTwo) + "[[sweep.exclude]]\ntrain.learning_rate = [0.2, 0.3]"),
              HasSubstr("leaves no point of 'fast'"));
}

}  // namespace
}  // namespace pollard
