// `pollard reproduce` on a small paper of our own: two figures that share a grid, a table, a grid
// that the profile does not have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/refusals.h"

namespace pollard::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kGrid = R"(
model = "lenet-300-100"
data.name = "mnist"
data.path = "mnist"
[sweep]
seeds = 2
[train]
epochs = 1
lr = 0.05
batch_size = 32
[prune]
sparsity = [0.5, 0.9]
[retrain]
schedule = ["ft", "slr"]
epochs = 1
engine = "torch"
)";

constexpr const char* kFigure = R"(
kind = "figure"
title = "A figure of {network}"
grids = ["small"]
x = "sparsity"
y = "top1"
lines_by = ["retrain.schedule"]
[[panel]]
title = "all"
)";

class ReproduceTest : public AppTest {
 protected:
  ReproduceTest() : AppTest({}) {
    spill(path() / "paper" / "tiny" / "small.toml", kGrid);
    spill(path() / "paper" / "fig1.toml", kFigure);
    std::string other = kFigure;
    other.replace(other.find("[\"small\"]"), 9, "[\"small\", \"large\"]");
    spill(path() / "paper" / "fig2.toml", other);
  }

  [[nodiscard]] static Words reproduce(const Words& more) {
    return Words{"reproduce", "profile=tiny", "--paper", "paper", "out=out"} + more;
  }
  [[nodiscard]] std::string written(const std::string& file) const {
    return slurp(path() / "out" / file);
  }
};

TEST_F(ReproduceTest, DrawsWhatItRan) {
  const Outcome planned = must(reproduce({"all", "--plan"}));
  EXPECT_THAT(planned.out, HasSubstr("large (not in this profile)"));
  EXPECT_FALSE(fs::exists(path() / "out"));

  const Outcome done = must(reproduce({"all", "--workers", "1"}));
  EXPECT_THAT(done.out, HasSubstr("fig1"));
  EXPECT_THAT(written("fig1.svg"), HasSubstr("A figure"));
  EXPECT_THAT(written("fig1.csv"), HasSubstr("SLR"));
  EXPECT_THAT(written("README.md"), HasSubstr("scaled down"));
  EXPECT_THAT(written("README.md"), HasSubstr("| A figure of LeNet-300-100, MNIST |"));

  // Everything is there: nothing runs, and the files are the same to the byte.
  const std::string before = written("fig2.csv");
  const Outcome drawn = must(reproduce({"fig2", "--draw"}));
  EXPECT_EQ(written("fig2.csv"), before);
  EXPECT_THAT(must(reproduce({"fig1", "--plan"})).out, HasSubstr("together"));
}

TEST_F(ReproduceTest, OneItemMoreLeavesTheOthersInTheOverview) {
  must(reproduce({"fig2", "--workers", "1"}));
  must(reproduce({"fig1", "--draw"}));
  const std::string both = written("README.md");
  EXPECT_LT(both.find("| fig1 | A figure of "), both.find("| fig2 | A figure of "));
  must(reproduce({"all", "--draw"}));
  EXPECT_EQ(written("README.md"), both);

  fs::remove(path() / "out" / "fig2.csv");
  must(reproduce({"fig1", "--draw"}));
  EXPECT_THAT(written("README.md"), Not(HasSubstr("| fig2 |")));
}

TEST_F(ReproduceTest, DrawsEmptyPanelsOfWhatIsMissing) {
  must(reproduce({"fig1", "--draw"}));
  EXPECT_THAT(written("fig1.svg"), HasSubstr("no data"));
  EXPECT_THAT(written("README.md"), HasSubstr("missing"));
}

constexpr const char* kSpeed = R"(
kind = "speed"
title = "Clocks"
grids = ["small"]
where.retrain.schedule = "ft"
lines_by = ["retrain.schedule"]
)";

TEST_F(ReproduceTest, MeasuresWhatTheStoreHasOnce) {
  spill(path() / "paper" / "speed.toml", kSpeed);
  must(reproduce({"speed", "--workers", "1"}));
  EXPECT_THAT(written("speed.svg"), HasSubstr("measured speedup"));
  EXPECT_THAT(written("speed.csv"), HasSubstr("batch 128, 1 thread: speedup"));
  EXPECT_THAT(written("README.md"), HasSubstr("[json](speed.json)"));
  const std::string record = written("speed.json");
  must(reproduce({"speed"}));
  EXPECT_EQ(written("speed.json"), record);

  // Another network is wanted now: that is for the measurement to tell, not for a drawing.
  std::string other = kSpeed;
  other.replace(other.find("\"ft\""), 4, "\"slr\"");
  spill(path() / "paper" / "speed.toml", other);
  const Outcome drawn = must(reproduce({"speed", "--draw"}));
  EXPECT_THAT(drawn.err, HasSubstr("without --draw"));
  EXPECT_EQ(written("speed.json"), record);
  EXPECT_THAT(written("speed.svg"), HasSubstr("Nothing was measured."));
}

TEST_F(ReproduceTest, RefusesWhatThereIsNot) {
  expect_all_refused(
      path(), {{reproduce({"fgi1"}), {"'fgi1'", "did you mean 'fig1'?"}},
               {reproduce({}), {"fig1, fig2", "all"}},
               {{"reproduce", "fig1", "profile=tin", "--paper", "paper"}, {"did you mean 'tiny'?"}},
               {{"reproduce", "fig1", "--paper", "nowhere"}, {"'nowhere'", "is no folder"}},
               {{"reproduce", "fig1"}, {"--paper"}},
               {reproduce({"fig1", "data.paht=x"}), {"did you mean 'data.path'?"}}});
}

}  // namespace
}  // namespace pollard::test
