#include "report/svg_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/terminal_text.h"

namespace pollard {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Px, HasADigitAfterThePointAtMost) {
  EXPECT_EQ(px(1.26), "1.3");
  EXPECT_EQ(px(12), "12");
  EXPECT_EQ(px(-0.01), "0");
}

// Advances of DejaVu Sans in thousandths of its size, summed by hand: t 392 o 612 p 635 - 361 1
// 636, W 989 a 613 g 635 e 615, × 838.
TEST(TextWidth, IsNoLessThanInAWideFont) {
  EXPECT_GE(text_width("top-1", 10), 26.3);
  EXPECT_LE(text_width("top-1", 10), 30);
  EXPECT_GE(text_width("Wage", 10), 28.5);
  EXPECT_GE(text_width("×", 10), 8.4);
  EXPECT_GT(text_width("top-1", 10, true), text_width("top-1", 10));
  EXPECT_DOUBLE_EQ(text_width("top-1", 20), 2 * text_width("top-1", 10));
  EXPECT_EQ(text_width("", 10), 0);
}

TEST(FitLines, BreaksAtSpaces) {
  EXPECT_THAT(fit_lines("one two three", text_width("one two", 11) + 1, 11),
              ElementsAre("one two", "three"));
  EXPECT_THAT(fit_lines("  one\ntwo  ", 1000, 11), ElementsAre("one two"));
  EXPECT_THAT(fit_lines(" ", 1000, 11), IsEmpty());
}

TEST(FitLines, BreaksLongWordsBetweenCharacters) {
  EXPECT_THAT(fit_lines("ééé i", 2 * text_width("é", 10), 10), ElementsAre("éé", "é i"));
  EXPECT_THAT(fit_lines("abc", 0, 10), ElementsAre("a", "b", "c"));
  EXPECT_THAT(fit_lines("\xFF\x80g", 0, 10), ElementsAre("\xFF\x80", "g"));  // no UTF-8
}

TEST(FitLines, KeepsAllCharactersAndTheWidth) {
  const std::string text = "global erk uniform+ lamp magnitude_of_everything × 99.5 % WWWWWW";
  for (double width = 20; width < 500; width += 13) {
    std::size_t characters = 0;
    for (const std::string& line : fit_lines(text, width, 11, true)) {
      EXPECT_LE(text_width(line, 11, true), width);
      characters += columns(line);
    }
    const std::size_t lines = fit_lines(text, width, 11, true).size();
    EXPECT_LE(characters, columns(text));
    EXPECT_GE(characters + lines, columns(text) - 9);  // what is lost are spaces
  }
}

}  // namespace
}  // namespace pollard
