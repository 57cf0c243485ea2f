#include "report/paper/claims.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/result_rows.h"

namespace pollard {
namespace {

using test::row_of;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

ResultRow run(const std::string& allocation, const std::string& schedule, int seed, double top1) {
  return row_of({{"model", "resnet56"},
                 {"data", "cifar10"},
                 {"prune.allocation", allocation},
                 {"prune.sparsity", "0.98"},
                 {"retrain.schedule", schedule},
                 {"seed", std::to_string(seed)}},
                {{"top1", top1}});
}

// Four pairs of FT and SLR: differences 5, 6, 5 and 4, mean 5.
std::vector<ResultRow> allocation_runs() {
  return {run("global", "ft", 1, 80),  run("global", "slr", 1, 85), run("global", "ft", 2, 80),
          run("global", "slr", 2, 86), run("lamp", "ft", 1, 81),    run("lamp", "slr", 1, 86),
          run("lamp", "ft", 2, 81),    run("lamp", "slr", 2, 85),   run("erk", "slr", 1, 60)};
}

// Dense 94, pruned 14: of the 80 points lost two epochs bring back 64 (80 %), thirty 76 (95 %).
ResultRow budget_run(int epochs, int cycles, double top1, bool trained) {
  std::map<std::string, double> measures = {{"top1", top1},
                                            {"pruned_top1", 14},
                                            {"stability", 14.0 / 94},
                                            {"retrain_epochs", epochs * cycles}};
  if (trained) measures["dense_top1"] = 94;
  return row_of({{"model", "resnet20"},
                 {"data", "cifar10"},
                 {"prune.cycles", std::to_string(cycles)},
                 {"prune.sparsity", "0.95"},
                 {"retrain.epochs", std::to_string(epochs)},
                 {"retrain.schedule", "slr"},
                 {"train.weight_decay", "0.0002"},
                 {"seed", "1"}},
                std::move(measures));
}

TEST(MakeClaims, PairsSchedulesOverAllocationAndSeed) {
  const std::string text = make_claims(allocation_runs(), {}, {"seed"});
  EXPECT_THAT(text, HasSubstr("ResNet-56, CIFAR-10: SLR is above FT at 1 of 1 sparsities."));
  EXPECT_THAT(text, HasSubstr("| sparsity | n | FT | SLR | SLR − FT | 95 % interval | p |"));
  // Signs of four positive differences all as they are: 2 of 16.
  EXPECT_THAT(text, HasSubstr("| 98 % | 4 | 80.50 | 85.50 | 5.00 |"));
  EXPECT_THAT(text, HasSubstr("| 0.125 |"));
}

TEST(MakeClaims, HoldsGlobalAgainstTheBestOther) {
  const std::string text = make_claims(allocation_runs(), {}, {"seed"});
  EXPECT_THAT(text, HasSubstr("| FT | 98 % | LAMP | 2 | 81.00 | 80.00 | -1.00 |"));
  EXPECT_THAT(text, HasSubstr("| SLR | 98 % | LAMP | 2 | 85.50 | 85.50 | 0.00 |"));
  EXPECT_THAT(text, HasSubstr("Global is at or above the best other allocation in 1 of 2 cases."));
}

TEST(MakeClaims, SaysWhatShortRetrainingRecovers) {
  for (const bool trained : {true, false}) {
    const std::vector<ResultRow> budget = {budget_run(2, 1, 78, trained),
                                           budget_run(30, 1, 90, trained),
                                           budget_run(1, 3, 20, trained)};
    EXPECT_THAT(
        make_claims({}, budget, {}),
        AllOf(HasSubstr("ResNet-20, CIFAR-10: The shortest retraining recovers 80.0 to 80.0 "
                        "% of what pruning cost."),
              HasSubstr("| 95 % | SLR | 0.0002 | 94.00 | 14.00 (1) | 2 | 78.00 (1) | 80.00 "
                        "| 30 | 90.00 (1) | 95.00 |")));
  }
}

TEST(MakeClaims, SaysWhereThereIsNotEnough) {
  const std::string nothing = make_claims({}, {}, {});
  EXPECT_THAT(nothing, HasSubstr("Not enough data: nothing is finished."));
  EXPECT_THAT(nothing, Not(HasSubstr("|")));
  const std::vector<ResultRow> one = {run("global", "ft", 1, 80)},
                               length = {budget_run(2, 1, 78, true)};
  const std::string little = make_claims(one, length, {});
  EXPECT_THAT(little, HasSubstr("no runs with FT and SLR share"));
  EXPECT_THAT(little, HasSubstr("no runs with the global and another allocation share"));
  EXPECT_THAT(little, HasSubstr("no runs of one cycle differ in the length"));
}

}  // namespace
}  // namespace pollard
