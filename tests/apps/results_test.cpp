// `pollard results` and `pollard store`, on a store made by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "apps/refusals.h"
#include "experiment/store/small_store.h"

namespace pollard::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ResultsTest : public ::testing::Test {
 protected:
  ResultsTest() {
    for (const std::string schedule : {"ft", "slr"}) {
      for (const std::string seed : {"1", "2"}) {
        StageRecord record = record_of("retrain " + schedule + seed, "", "retrain");
        record.result["test"]["top1"] = (schedule == "ft" ? 90.0 : 91.0) + std::stod(seed) / 10;
        put(store_, record);
        want(store_,
             {{"model", "resnet20"},
              {"out", "runs/" + seed},
              {"retrain.schedule", schedule},
              {"seed", seed}},
             {"retrain " + schedule + seed});
      }
    }
  }
  [[nodiscard]] Outcome pollard(const Words& words) const {
    return run_command(words, {.folder = folder_.path()});
  }

  TemporaryFolder folder_;
  Store store_{folder_ / "store"};
};

TEST_F(ResultsTest, AreATableOverSeeds) {
  const Outcome outcome = pollard({"results", "store", "--sort", "top1"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "4 finished configurations in 2 groups\n\n"
            "retrain.schedule            top1 %\n"
            "slr               91.15 ± 0.07 (2)\n"
            "ft                90.15 ± 0.07 (2)\n");
  EXPECT_TRUE(fs::exists(folder_ / "store/index.sqlite"));
}

TEST_F(ResultsTest, AreFilteredComparedAndWritten) {
  EXPECT_THAT(pollard({"results", "store", "seed=1", "--seeds"}).out,
              HasSubstr("ft                1      90.10\n"));
  EXPECT_THAT(pollard({"results", "store", "--by", "model", "seed=2"}).out,
              HasSubstr("resnet20  90.70 ± 0.71 (2)"));
  EXPECT_THAT(pollard({"results", "store", "--compare", "retrain.schedule=ft,slr"}).out,
              ContainsRegex("2 +90.15 +91.15 +1.00 +1.00 to 1.00 +0.5\n"));
  EXPECT_THAT(pollard({"results", "store", "--csv", "-"}).out,
              HasSubstr("retrain.schedule,n,top1,top1_std,top1_min,top1_max\nft,2,"));
  EXPECT_EQ(pollard({"results", "store", "--json", "r.json"}).status, 0);
  EXPECT_EQ(nlohmann::json::parse(slurp(folder_ / "r.json"))["groups"].size(), 2u);
}

TEST_F(ResultsTest, RefuseWhatCannotBeAnswered) {
  const Outcome first = pollard({"results", "store"});  // the index is there from now on
  EXPECT_EQ(first.status, 0) << first.err;
  expect_all_refused(
      folder_.path(),
      {{{"results"}, {"no store"}},
       {{"results", "no"}, {"there is no store 'no'"}},
       {{"results", "store/work"}, {"'store/work' is no store"}},
       {{"results", "store", "other"}, {"'other'"}},
       {{"results", "store", "retrain.shedule=ft"}, {"did you mean 'retrain.schedule'?"}},
       {{"results", "store", "retrain.schedule=f"}, {"'retrain.schedule' is f"}},
       {{"results", "store", "retrain.schedule=lrw"}, {"there is retrain.schedule=ft, slr"}},
       {{"results", "store", "--measures", "top"}, {"did you mean 'top1'?"}},
       {{"results", "store", "--compare", "seed"}, {"--compare", "KEY=A,B"}},
       {{"results", "store", "--seeds", "--by", "model"}, {"exclude each other"}},
       {{"store", "list", "store"}, {"'list' is not ls, gc or verify"}},
       {{"store", "ls", "no"}, {"there is no store 'no'"}},
       {{"store", "ls", "store", "--yes"}, {"--yes has no effect"}}});
}

TEST_F(ResultsTest, StoresAreListedVerifiedAndCleaned) {
  put(store_, record_of("unwanted", "", "train"));
  EXPECT_THAT(pollard({"store", "ls", "store"}).out,
              AllOf(ContainsRegex(id_of("unwanted") + " +train"), HasSubstr("5 stages")));
  const Outcome listed = pollard({"store", "gc", "store"});
  EXPECT_EQ(listed.status, 0) << listed.err;
  EXPECT_THAT(listed.out, AllOf(HasSubstr(id_of("unwanted")), HasSubstr("nothing was removed")));
  EXPECT_TRUE(store_.holds(id_of("unwanted")));
  EXPECT_THAT(pollard({"store", "gc", "store", "--yes"}).out, HasSubstr("removed "));
  EXPECT_FALSE(store_.holds(id_of("unwanted")));
  EXPECT_THAT(pollard({"store", "gc", "store"}).out,
              AllOf(HasSubstr("0 to remove"), Not(HasSubstr("--yes"))));

  EXPECT_EQ(pollard({"store", "verify", "store", "--states"}).status, 0);
  fs::remove(store_.state_file(id_of("retrain ft1")));
  const Outcome damaged = pollard({"store", "verify", "store"});
  EXPECT_EQ(damaged.status, 1);
  EXPECT_THAT(damaged.out, AllOf(HasSubstr(id_of("retrain ft1")), HasSubstr("1 problem\n")));
}

}  // namespace
}  // namespace pollard::test
