#include "core/parameter_values.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/example_parameters.h"

namespace pollard {
namespace {

using test::example_table;
using Numbers = std::vector<double>;

const Value kFlag = false, kInteger = std::int64_t{0}, kReal = 0.0, kText = std::string(),
            kList = Numbers{};

TEST(ParseValue, Flags) {
  EXPECT_EQ(parse_value("true", kFlag), Value(true));
  EXPECT_EQ(parse_value("false", kFlag), Value(false));
  for (const char* text : {"", "True", "1", "yes", "true "}) {
    EXPECT_FALSE(parse_value(text, kFlag)) << text;
  }
}

TEST(ParseValue, Integers) {
  EXPECT_EQ(parse_value("160", kInteger), Value(std::int64_t{160}));
  EXPECT_EQ(parse_value("-3", kInteger), Value(std::int64_t{-3}));
  EXPECT_EQ(parse_value("9223372036854775807", kInteger),
            Value(std::numeric_limits<std::int64_t>::max()));
  for (const char* text :
       {"", "3x", "3 ", " 3", "3.0", "1e3", "0x10", "9223372036854775808", "-"}) {
    EXPECT_FALSE(parse_value(text, kInteger)) << text;
  }
}

TEST(ParseValue, Reals) {
  EXPECT_EQ(parse_value("1e-4", kReal), Value(1e-4));
  EXPECT_EQ(parse_value("1", kReal), Value(1.0));
  EXPECT_EQ(parse_value("-0.25", kReal), Value(-0.25));
  for (const char* text : {"", "0.1.2", "0,1", "1e400", "one", "0.1 "}) {
    EXPECT_FALSE(parse_value(text, kReal)) << text;
  }
}

TEST(ParseValue, TextStandsAsItIs) {
  for (const char* text : {"", "cosine", "\"quoted\"", " a = b "}) {
    EXPECT_EQ(parse_value(text, kText), Value(std::string(text)));
  }
}

TEST(ParseValue, Lists) {
  EXPECT_EQ(parse_value("[0.5, 0.75]", kList), Value(Numbers{0.5, 0.75}));
  EXPECT_EQ(parse_value("0.5,0.75", kList), Value(Numbers{0.5, 0.75}));
  EXPECT_EQ(parse_value("3", kList), Value(Numbers{3}));
  EXPECT_EQ(parse_value("[]", kList), Value(Numbers{}));
  EXPECT_EQ(parse_value(" [ 1 ] ", kList), Value(Numbers{1}));
  for (const char* text : {"", "[", "[1", "1]", "1,", ",1", "[1,,2]", "1 2", "a"}) {
    EXPECT_FALSE(parse_value(text, kList)) << text;
  }
}

Parameter real_between(std::optional<double> low, std::optional<double> high, bool low_open,
                       bool high_open) {
  return {.key = "x",
          .fallback = 0.5,
          .unit = "",
          .help = "",
          .minimum = low,
          .maximum = high,
          .minimum_open = low_open,
          .maximum_open = high_open};
}

TEST(IsAllowed, HonoursTheEndsOfTheRange) {
  const Parameter closed = real_between(0, 1, false, false);
  EXPECT_TRUE(is_allowed(closed, 0.0));
  EXPECT_TRUE(is_allowed(closed, 1.0));
  EXPECT_FALSE(is_allowed(closed, -1e-300));
  EXPECT_FALSE(is_allowed(closed, 1.0000000000000002));
  const Parameter open = real_between(0, 1, true, true);
  EXPECT_FALSE(is_allowed(open, 0.0));
  EXPECT_FALSE(is_allowed(open, 1.0));
  EXPECT_TRUE(is_allowed(open, 0.5));
  EXPECT_TRUE(is_allowed(real_between({}, {}, false, false), -1e300));
}

TEST(IsAllowed, RefusesWhatIsNotFinite) {
  const Parameter any = real_between({}, {}, false, false);
  EXPECT_FALSE(is_allowed(any, std::numeric_limits<double>::infinity()));
  EXPECT_FALSE(is_allowed(any, std::numeric_limits<double>::quiet_NaN()));
}

TEST(IsAllowed, LooksAtEveryNumberOfAListAndAtTheType) {
  const ParameterTable table = example_table();
  const Parameter& milestones = *table.find("train.milestones");
  EXPECT_TRUE(is_allowed(milestones, Numbers{}));
  EXPECT_TRUE(is_allowed(milestones, Numbers{0.1, 0.9}));
  EXPECT_FALSE(is_allowed(milestones, Numbers{0.1, 1.0}));
  EXPECT_FALSE(is_allowed(milestones, 0.5));
  EXPECT_FALSE(is_allowed(*table.find("train.epochs"), std::int64_t{0}));
  EXPECT_FALSE(is_allowed(*table.find("train.epochs"), 3.0));
}

TEST(IsAllowed, TextMustBeAChoiceAndUtf8) {
  const ParameterTable table = example_table();
  EXPECT_TRUE(is_allowed(*table.find("train.schedule"), std::string("cosine")));
  EXPECT_FALSE(is_allowed(*table.find("train.schedule"), std::string("Cosine")));
  EXPECT_TRUE(is_allowed(*table.find("out"), std::string("Läufe")));
  EXPECT_FALSE(is_allowed(*table.find("out"), std::string("L\xE4ufe")));
}

TEST(IsAllowed, TextMayNameAFileBesideTheChoices) {
  const Parameter model{.key = "model",
                        .fallback = std::string("small"),
                        .unit = "",
                        .help = "",
                        .choices = {"small", "large"},
                        .file_ending = ".onnx"};
  for (const char* text : {"large", "net.onnx", "a folder/my.net.onnx"})
    EXPECT_TRUE(is_allowed(model, std::string(text))) << text;
  for (const char* text : {".onnx", "net.onn", "net.onnx ", "larger"})
    EXPECT_FALSE(is_allowed(model, std::string(text))) << text;
  EXPECT_EQ(expected_text(model), "one of small, large, or a file *.onnx");
}

TEST(ExpectedText, SaysTypeAndRange) {
  const ParameterTable table = example_table();
  const auto expected = [&](const char* key) { return expected_text(*table.find(key)); };
  EXPECT_EQ(expected("seed"), "a whole number >= 0");
  EXPECT_EQ(expected("out"), "text (UTF-8)");
  EXPECT_EQ(expected("train.epochs"), "a whole number in [1, 100000]");
  EXPECT_EQ(expected("train.learning_rate"), "a finite number > 0");
  EXPECT_EQ(expected("train.nesterov"), "true or false");
  EXPECT_EQ(expected("train.schedule"), "one of step, cosine, linear");
  EXPECT_EQ(expected("train.milestones"), "a list of numbers in (0, 1)");
  EXPECT_EQ(expected_text(real_between({}, 2, false, true)), "a finite number < 2");
  EXPECT_EQ(expected_text(real_between({}, 2, false, false)), "a finite number <= 2");
}

TEST(ConditionText, JoinsTheValues) {
  EXPECT_EQ(condition_text({"a.b", {"x"}}), "a.b=x");
  EXPECT_EQ(condition_text({"a.b", {"x", "y"}}), "a.b=x or y");
  EXPECT_EQ(condition_text({"a.b", {"x", "y", "z"}}), "a.b=x, y or z");
}

}  // namespace
}  // namespace pollard
