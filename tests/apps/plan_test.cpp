// What `pollard plan` says of the layers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/small_run.h"

namespace pollard::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class PlanTest : public AppTest {
 protected:
  [[nodiscard]] Outcome plan(const Words& settings) const {
    return pollard(Words{"plan"} + tiny() + settings);
  }
};

// ResNet-8 has 74512 prunable weights, of which 7451 are kept. Each layer's share, rounded down, is
// 14 + 230 + 230 + 460 + 921 + 1843 + 3686 + 63 = 7447; the four largest remainders are those of
// the linear layer (63.998), of 4608 (460.79), 9216 (921.58) and 144 weights (14.400).
TEST_F(PlanTest, CountsWhatEachLayerKeepsWhereShapesSaySo) {
  const Outcome uniform = plan({"prune.allocation=uniform"});
  EXPECT_EQ(uniform.status, 0) << uniform.err;
  EXPECT_THAT(uniform.out, AllOf(HasSubstr("allocation uniform at the end"),
                                 ContainsRegex("conv1.weight +\\[16, 1, 3, 3\\] +144 +15 +10.42\n"),
                                 ContainsRegex("linear.weight +\\[10, 64\\] +640 +64 +10.00\n"),
                                 HasSubstr("theoretical speedup 10.00\n")));
  EXPECT_THAT(plan({"prune.allocation=uniform+"}).out,
              ContainsRegex("conv1.weight +\\[16, 1, 3, 3\\] +144 +144 +100.00\n"));
  // Three cycles end in the same counts as one.
  const auto layers = [](const std::string& out) {
    return out.substr(out.find("weight to prune"));
  };
  EXPECT_EQ(layers(plan({"prune.allocation=erk", "prune.cycles=3"}).out),
            layers(plan({"prune.allocation=erk"}).out));
}

TEST_F(PlanTest, SaysWhereItDependsOnTheWeights) {
  for (const char* allocation : {"global", "lamp", "random"}) {
    const std::string out = plan({std::string("prune.allocation=") + allocation}).out;
    EXPECT_THAT(out, AllOf(ContainsRegex("linear.weight +\\[10, 64\\] +640 +- +-\n"),
                           HasSubstr("theoretical speedup -")))
        << allocation;
  }
}

TEST_F(PlanTest, ListsTheSelectedWeightsOnly) {
  const std::string out = plan({"prune.exclude=linear.*,layer?.0.conv1.*"}).out;
  EXPECT_THAT(out, AllOf(HasSubstr("conv1.weight"), HasSubstr("layer2.0.conv2.weight"),
                         Not(HasSubstr("linear.weight")), Not(HasSubstr("layer2.0.conv1.weight"))));
}

TEST_F(PlanTest, RefusesWhatCannotBe) {
  const Outcome typo = plan({"prune.include=lienar.weight"});
  EXPECT_NE(typo.status, 0);
  EXPECT_THAT(typo.out, IsEmpty());
  EXPECT_THAT(typo.err, AllOf(HasSubstr("prune.include: 'lienar.weight'"),
                              HasSubstr("did you mean 'linear.weight'?")));
  // 144 + 128 of 74512 weights are 0.365 %.
  const Outcome infeasible = plan({"prune.allocation=uniform+", "prune.sparsity=0.999"});
  EXPECT_NE(infeasible.status, 0);
  EXPECT_THAT(infeasible.err, HasSubstr("the limit is 99.63 %"));
  EXPECT_THAT(plan({"prune.allocation=unifrom"}).err, HasSubstr("did you mean 'uniform'?"));
}

}  // namespace
}  // namespace pollard::test
