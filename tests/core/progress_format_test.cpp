#include "core/progress_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/terminal_text.h"

namespace pollard {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

// 150 of 390 after 10 s, 50 of them from before: 10 a second, 24 s to go.
const BarState kState{"epoch 3", 390, 150, 50, 10, "loss 0.412"};

TEST(Duration, IsWrittenAsAClockWritesIt) {
  EXPECT_EQ(duration_text(0), "0:00");
  EXPECT_EQ(duration_text(5.4), "0:05");
  EXPECT_EQ(duration_text(59.6), "1:00");
  EXPECT_EQ(duration_text(65), "1:05");
  EXPECT_EQ(duration_text(3599), "59:59");
  EXPECT_EQ(duration_text(3600), "1:00:00");
  EXPECT_EQ(duration_text(7384), "2:03:04");
  EXPECT_EQ(duration_text(100 * 3600), "100:00:00");
  EXPECT_EQ(duration_text(-3), "0:00");
  EXPECT_EQ(duration_text(1e300), duration_text(1e9));
}

TEST(Rate, CountsOnlyWhatWasDoneSinceBegin) {
  EXPECT_EQ(rate_text(kState), "10/s");
  EXPECT_DOUBLE_EQ(remaining_seconds(kState), 24);
}

TEST(Rate, IsShortAtEverySize) {
  EXPECT_EQ(rate_text({"", 0, 1, 0, 20, ""}), "0.05/s");
  EXPECT_EQ(rate_text({"", 0, 123, 0, 10, ""}), "12.3/s");
  EXPECT_EQ(rate_text({"", 0, 48200, 0, 1, ""}), "48200/s");
}

TEST(Rate, IsNotToldBeforeThereIsOne) {
  EXPECT_EQ(rate_text({"", 390, 50, 50, 10, ""}), "");
  EXPECT_EQ(rate_text({"", 390, 50, 0, 0, ""}), "");
  EXPECT_LT(remaining_seconds({"", 390, 50, 50, 10, ""}), 0);
  EXPECT_LT(remaining_seconds({"", 0, 50, 0, 10, ""}), 0);
}

TEST(BarLine, ShowsEverythingWhereThereIsRoom) {
  EXPECT_EQ(bar_line(kState, 100),
            "epoch 3 [===========>                  ]  38% 150/390 10/s ETA 0:24 loss 0.412");
}

TEST(BarLine, BeginsEmptyAndEndsFull) {
  EXPECT_EQ(bar_line({"a", 10, 0, 0, 0, ""}, 60), "a [>                             ]   0% 0/10");
  EXPECT_EQ(bar_line({"a", 10, 10, 0, 2, ""}, 70),
            "a [==============================] 100% 10/10 5/s ETA 0:00");
}

TEST(BarLine, HundredPercentMeansFinished) {
  EXPECT_THAT(bar_line({"a", 1000, 999, 0, 1, ""}, 80), HasSubstr(" 99% "));
  EXPECT_THAT(bar_line({"a", 10, 12, 0, 1, ""}, 80), HasSubstr("100% 12/10"));
}

TEST(BarLine, AnUnknownTotalHasNoBar) {
  EXPECT_EQ(bar_line({"reading", 0, 500, 0, 5, "a.bin"}, 80), "reading 500 100/s a.bin");
}

TEST(BarLine, GivesUpTheDetailFirstAndThenTheBar) {
  EXPECT_THAT(bar_line(kState, 60), EndsWith("ETA 0:24 loss 0.412"));
  const std::string without_detail = bar_line(kState, 50);
  EXPECT_THAT(without_detail, HasSubstr("["));
  EXPECT_THAT(without_detail, EndsWith("ETA 0:24"));
  const std::string without_bar = bar_line(kState, 40);
  EXPECT_EQ(without_bar, "epoch 3  38% 150/390 10/s ETA 0:24");
  EXPECT_EQ(bar_line(kState, 12), "epoch 3  38%");
}

TEST(BarLine, IsNeverWiderThanItMayBe) {
  BarState state = kState;
  for (const char* label : {"", "x", "une époque très longue, plus longue que la ligne"}) {
    state.label = label;
    for (std::size_t width = 0; width < 130; ++width) {
      EXPECT_LE(columns(bar_line(state, width)), width);
    }
  }
}

TEST(BarLine, StaysOnOneLine) {
  BarState state = kState;
  state.label = "two\nlines";
  state.detail = "and\ra\ttab\x1b[31m";
  EXPECT_THAT(bar_line(state, 120), HasSubstr("two lines"));
  for (const char c : bar_line(state, 120)) EXPECT_GE(c, ' ');
  for (const char c : plain_line(state)) EXPECT_GE(c, ' ');
}

TEST(PlainLine, SaysTheSameInWords) {
  EXPECT_EQ(plain_line(kState), "epoch 3: 150/390 (38%), 10/s, ETA 0:24, loss 0.412");
  EXPECT_EQ(plain_line({"reading", 0, 500, 0, 5, ""}), "reading: 500, 100/s");
  EXPECT_EQ(plain_line({"a", 10, 0, 0, 0, ""}), "a: 0/10 (0%)");
}

}  // namespace
}  // namespace pollard
