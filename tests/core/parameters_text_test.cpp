#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <sstream>

#include "core/example_parameters.h"
#include "core/parameters.h"
#include "core/terminal_text.h"
#include "pollard/random.h"

namespace pollard {
namespace {

using test::example_table;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

double random_real(RandomStream& draw) {
  for (;;) {
    const std::uint64_t bits = std::uint64_t{draw.next_u32()} << 32 | draw.next_u32();
    const auto number = std::bit_cast<double>(bits);
    if (std::isfinite(number)) return number;
  }
}

// Every kind of character that TOML writes differently.
std::string random_text(RandomStream& draw) {
  const std::vector<std::string> letters = {
      "a", "\"", "\\", "\n", "\t", "\x01", "\x7F", "'",
      "#", "=",  " ",  "é",  "€",  "\r",   "]",    "\xF0\x9F\x8C\xB3"};
  std::string text;
  for (std::uint32_t i = draw.below(12); i > 0; --i) {
    text += letters[draw.below(static_cast<std::uint32_t>(letters.size()))];
  }
  return text;
}

TEST(ToText, WritesValuesAsOverridesTakeThem) {
  EXPECT_EQ(to_text(true), "true");
  EXPECT_EQ(to_text(std::int64_t{-7}), "-7");
  EXPECT_EQ(to_text(0.1), "0.1");
  EXPECT_EQ(to_text(1.0), "1.0");
  EXPECT_EQ(to_text(-0.0), "-0.0");
  EXPECT_EQ(to_text(1e-5), "1e-05");
  EXPECT_EQ(to_text(1e300), "1e+300");
  EXPECT_EQ(to_text(std::string("a \"b\"")), "a \"b\"");
  EXPECT_EQ(to_text(std::vector<double>{0.5, 1}), "[0.5, 1.0]");
  EXPECT_EQ(to_text(std::vector<double>{}), "[]");
}

class RoundTrip : public ::testing::Test {
 protected:
  RoundTrip() {
    table_.add({.key = "top", .fallback = std::string(), .unit = "", .help = "Top."})
        .add({.key = "g.flag", .fallback = false, .unit = "", .help = "Flag."})
        .add({.key = "g.integer", .fallback = std::int64_t{0}, .unit = "", .help = "Integer."})
        .add({.key = "h.real", .fallback = 0.0, .unit = "", .help = "Real."})
        .add({.key = "g.deep.text", .fallback = std::string(), .unit = "", .help = "Deep."})
        .add({.key = "h.list", .fallback = std::vector<double>{}, .unit = "", .help = "List."});
  }
  std::map<std::string, Value> random_values(RandomStream& draw) const {
    std::vector<double> list(draw.below(4));
    for (double& number : list) number = random_real(draw);
    return {{"top", random_text(draw)},
            {"g.flag", draw.below(2) == 1},
            {"g.integer",
             std::bit_cast<std::int64_t>(std::uint64_t{draw.next_u32()} << 32 | draw.next_u32())},
            {"h.real", random_real(draw)},
            {"g.deep.text", random_text(draw)},
            {"h.list", list}};
  }
  ParameterTable table_;
};

TEST_F(RoundTrip, OverridesAndTomlGiveBackExactlyWhatWasWritten) {
  for (std::uint64_t trial = 0; trial < 300; ++trial) {
    RandomStream draw(2, Purpose::Testing, 0, trial);
    Config config(table_);
    for (const auto& [key, value] : random_values(draw)) {
      config.apply(key + "=" + to_text(value));
      ASSERT_EQ(config.value(key), value);
    }
    Config again(table_);
    ASSERT_NO_THROW(again.read_toml_text(config.to_toml(), "written")) << config.to_toml();
    for (const std::string& key : table_.keys()) {
      ASSERT_EQ(again.value(key), config.value(key)) << config.to_toml();
    }
    EXPECT_EQ(again.to_toml(), config.to_toml());
  }
}

TEST(ToToml, WritesGroupsWithTheirHelp) {
  const ParameterTable table = example_table();
  const std::string toml = Config(table).to_toml();
  EXPECT_THAT(toml, HasSubstr("\n# Seed. (>= 0)\nseed = 1\n"));
  EXPECT_THAT(toml,
              HasSubstr("\n[train]\n# How long to train. (epochs; [1, 100000])\nepochs = 160\n"));
  EXPECT_THAT(toml, HasSubstr("\n[prune]\n"));
  EXPECT_THAT(toml, HasSubstr("\nlayers = \"\"\n"));
  EXPECT_LT(toml.find("seed = 1"), toml.find("[train]"));
}

TEST(ToToml, KeysWithoutEffectAreComments) {
  const ParameterTable table = example_table();
  Config config(table);
  config.apply("train.schedule=cosine");
  const std::string toml = config.to_toml();
  EXPECT_THAT(toml, HasSubstr("\n# gamma = 0.1   (only with train.schedule=step)\n"));
  EXPECT_THAT(toml, Not(HasSubstr("\ngamma")));

  Config again(table);
  again.read_toml_text(toml, "written");
  EXPECT_NO_THROW(again.check_effective());
  EXPECT_FALSE(again.given("train.gamma"));
  EXPECT_TRUE(again.given("train.epochs"));
  EXPECT_EQ(again.to_toml(), toml);
}

TEST(ToToml, LongHelpIsWrapped) {
  ParameterTable table;
  std::string help;
  for (int i = 0; i < 60; ++i) help += "words ";
  table.add({.key = "x", .fallback = false, .unit = "", .help = help});
  for (const std::string& line : lines_of(Config(table).to_toml())) EXPECT_LE(columns(line), 100U);
  Config again(table);
  EXPECT_NO_THROW(again.read_toml_text(Config(table).to_toml(), "written"));
}

TEST(HelpText, ShowsDefaultsUnitsRangesAndConditions) {
  const std::string help = help_text(example_table());
  EXPECT_THAT(help, HasSubstr("general:\n  seed=1      Seed. (>= 0)\n"));
  EXPECT_THAT(help, HasSubstr("\ntrain:\n"));
  EXPECT_THAT(help, HasSubstr("  train.epochs=160 "));
  EXPECT_THAT(help, HasSubstr("How long to train. (epochs; [1, 100000])"));
  EXPECT_THAT(help, HasSubstr("(one of step, cosine, linear)"));
  EXPECT_THAT(help, HasSubstr("Blend at milestones. (only with train.gamma=0.1)"));
  EXPECT_THAT(help, HasSubstr("  prune.layers=\"\" "));
}

TEST(HelpText, IsAlignedAndFits) {
  const std::string words(300, 'w');
  ParameterTable table = example_table();
  table
      .add({.key = "train.a_very_long_key_that_leaves_no_room_for_others",
            .fallback = std::string("and/a/default/that/is/long/too"),
            .unit = "",
            .help = "Short."})
      .add({.key = "train.nothing", .fallback = false, .unit = "", .help = ""})
      .add({.key = "train.path", .fallback = words, .unit = "", .help = words + " " + words});
  const std::string help = help_text(table);
  for (const std::string& line : lines_of(help)) EXPECT_LE(columns(line), 100U) << line;
  for (const std::string& key : table.keys()) EXPECT_THAT(help, HasSubstr("  " + key + "=")) << key;

  // In a group all explanations begin in one column.
  std::set<std::size_t> starts;
  for (const char* text : {"How long to train.", "Peak rate.", "Look ahead.", "Short."}) {
    for (const std::string& line : lines_of(help)) {
      if (line.find(text) != std::string::npos) starts.insert(line.find(text));
    }
  }
  EXPECT_EQ(starts.size(), 1U);
}

TEST(ParametersMarkdown, HasOneTableAGroup) {
  const std::string markdown = parameters_markdown(example_table());
  EXPECT_THAT(markdown, HasSubstr("Generated by `pollard parameters --markdown`"));
  EXPECT_THAT(markdown, HasSubstr("\n## general\n"));
  EXPECT_THAT(markdown, HasSubstr("\n## train\n"));
  EXPECT_THAT(
      markdown,
      HasSubstr("\n| `train.epochs` | `160` | epochs | [1, 100000] | How long to train. |\n"));
  EXPECT_THAT(markdown,
              HasSubstr("| `train.gamma` | `0.1` | factor | [0, 1) | The rate's factor at each "
                        "milestone. Only with `train.schedule=step`. |"));
  EXPECT_THAT(markdown, HasSubstr("Folder of the run. Does not change results."));
}

TEST(ParametersMarkdown, NothingBreaksATable) {
  ParameterTable table;
  table.add(
      {.key = "x", .fallback = std::string("a|b"), .unit = "a|b", .help = "One | two\nthree."});
  EXPECT_THAT(parameters_markdown(table),
              HasSubstr("\n| `x` | `a\\|b` | a\\|b |  | One \\| two three. |\n"));
}

TEST(ParametersToml, AKeyThatIsAlsoAGroupIsItsName) {
  ParameterTable table;
  table.add({.key = "data", .fallback = std::string("a"), .unit = "", .help = "Data set."})
      .add({.key = "data.path", .fallback = std::string("b"), .unit = "", .help = "Its folder."});
  Config config(table);
  config.apply("data=c");
  EXPECT_THAT(config.to_toml(), HasSubstr("[data]\n# Data set.\nname = \"c\"\n"));
  Config again(table);
  again.read_toml_text(config.to_toml(), "x.toml");
  EXPECT_EQ(again.text("data"), "c");
  again.apply("data.name=d");
  EXPECT_EQ(again.text("data"), "d");
}

}  // namespace
}  // namespace pollard
