#include "report/store_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pollard {
namespace {

using ::testing::HasSubstr;

TEST(BytesText, HasFourDigitsAtMost) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1000), "1.0 kB");
  EXPECT_EQ(bytes_text(999'949), "999.9 kB");
  EXPECT_EQ(bytes_text(999'950), "1.0 MB");
  EXPECT_EQ(bytes_text(12'345'678), "12.3 MB");
  EXPECT_EQ(bytes_text(5'000'000'000'000'000), "5000.0 TB");
}

TEST(StageList, HasALineAStageAndTheSums) {
  const StageInfo stages[] = {{.id = std::string(32, 'a'),
                               .kind = "train",
                               .label = "train",
                               .epochs = 160,
                               .seconds = 3600,
                               .bytes = 2'000'000,
                               .configurations = 12},
                              {.id = std::string(32, 'b'), .kind = "prune", .label = "prune 1/3"}};
  EXPECT_EQ(stage_list(stages),
            "id                                kind   label      epochs  seconds    size"
            "  configurations\n"
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  train  train         160   3600.0  2.0 MB"
            "              12\n"
            "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb  prune  prune 1/3       –      0.0     0 B"
            "               0\n"
            "2 stages, 1.0 hours of work, 2.0 MB\n");
}

TEST(GarbageList, SaysWhatAndWhere) {
  const Garbage garbage[] = {{GarbageKind::Stage, "s/a", "a", 1500},
                             {GarbageKind::Draft, "s/work/b.1.draft", "b", 500}};
  EXPECT_EQ(garbage_list(garbage),
            "  size  what                               where\n"
            "1.5 kB  stage that no configuration needs  s/a\n"
            " 500 B  draft of a dead process            s/work/b.1.draft\n"
            "2 to remove, 2.0 kB\n");
  EXPECT_EQ(garbage_list({}), "0 to remove, 0 B\n");
}

TEST(VerificationText, NamesEachProblem) {
  Verification verification{.stages = 5, .configurations = 2, .unfinished = 1, .states = 4};
  EXPECT_EQ(verification_text(verification),
            "5 stages, 4 states, 2 configurations (1 not finished): nothing is wrong\n");
  verification.findings = {{"'s/a' is damaged", "remove it"}};
  EXPECT_THAT(verification_text(verification),
              HasSubstr("'s/a' is damaged; remove it\n5 stages, 4 states"));
  EXPECT_THAT(verification_text(verification), HasSubstr(": 1 problem\n"));
}

}  // namespace
}  // namespace pollard
