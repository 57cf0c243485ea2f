#include "core/terminal_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pollard/random.h"

namespace pollard {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(TerminalText, ColumnsAreCodePoints) {
  EXPECT_EQ(columns(""), 0U);
  EXPECT_EQ(columns("abc"), 3U);
  EXPECT_EQ(columns("3 × 3 ≥ €"), 9U);
}

TEST(TerminalText, CutsBetweenCodePoints) {
  EXPECT_EQ(cut("abc", 2), "ab");
  EXPECT_EQ(cut("abc", 3), "abc");
  EXPECT_EQ(cut("a×b", 2), "a×");
  EXPECT_EQ(cut("×××", 1), "×");
  EXPECT_EQ(cut("abc", 0), "");
}

TEST(TerminalText, WrapsAtSpaces) {
  EXPECT_THAT(wrap("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(wrap("one  two", 100), ElementsAre("one two"));
  EXPECT_THAT(wrap("", 10), IsEmpty());
  EXPECT_THAT(wrap("  ", 10), IsEmpty());
}

TEST(TerminalText, BreaksWordsThatAreTooLong) {
  EXPECT_THAT(wrap("abcdefgh ij", 3), ElementsAre("abc", "def", "gh", "ij"));
  EXPECT_THAT(wrap("a bcdef", 3), ElementsAre("a", "bcd", "ef"));
  EXPECT_THAT(wrap("××××", 3), ElementsAre("×××", "×"));
}

TEST(TerminalText, WrappingKeepsEveryLetterAndTheWidth) {
  for (std::uint64_t trial = 0; trial < 200; ++trial) {
    RandomStream draw(1, Purpose::Testing, 0, trial);
    std::string text, letters;
    for (std::uint32_t i = draw.below(80); i > 0; --i) {
      const std::string letter = draw.below(4) == 0 ? " " : draw.below(5) == 0 ? "€" : "x";
      text += letter;
      if (letter != " ") letters += letter;
    }
    const std::size_t width = 1 + draw.below(20);
    std::string kept;
    for (const std::string& line : wrap(text, width)) {
      EXPECT_LE(columns(line), width);
      EXPECT_FALSE(line.empty());
      for (const char c : line) {
        if (c != ' ') kept += c;
      }
    }
    EXPECT_EQ(kept, letters);
  }
}

TEST(TerminalText, TellsUtf8) {
  for (const char* text : {"", "plain", "é", "€", "\xF0\x9F\x8C\xB3", "\xF4\x8F\xBF\xBF", "\x7F"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
  EXPECT_FALSE(is_utf8("\xE9t\xE9"));         // Latin-1
  EXPECT_FALSE(is_utf8("\x80"));              // a continuation alone
  EXPECT_FALSE(is_utf8("\xE2\x82"));          // cut short
  EXPECT_FALSE(is_utf8("\xE2\x82z"));         // not continued
  EXPECT_FALSE(is_utf8("\xC0\xAF"));          // overlong, two bytes
  EXPECT_FALSE(is_utf8("\xE0\x80\xAF"));      // overlong, three
  EXPECT_FALSE(is_utf8("\xF0\x80\x80\xAF"));  // overlong, four
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));      // a surrogate
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80"));  // beyond U+10FFFF
  EXPECT_FALSE(is_utf8("\xFF"));
}

}  // namespace
}  // namespace pollard
