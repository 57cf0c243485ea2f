// toml++ takes down tables by recursion, and does not limit how deep dotted keys make them: a
// configuration of one long line, found by looking for such inputs, overflowed the stack.
#include "core/toml_depth.h"

#include <gtest/gtest.h>

#include <string>

#include "core/toml_settings.h"
#include "support/thrown.h"

namespace pollard::test {
namespace {

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(TomlDepth, AKeyOfManyNamesIsRefused) {
  for (const std::string& text :
       {repeated("a.", 1'000'000) + "b = 1", "[" + repeated("a . ", 1'000'000) + "b]",
        repeated("\"a\".", 1'000'000) + "b = 1", "x = {" + repeated("a.", 1'000'000) + "b = 1}"}) {
    const Error error = thrown_by([&] { (void)parse_toml("y = 1\n" + text, "a.toml"); });
    EXPECT_EQ(error.code(), ErrorCode::Config);
    EXPECT_STREQ(error.what(), "a.toml, line 2: a key of more than 32 names");
    EXPECT_FALSE(error.hint().empty());
  }
}

TEST(TomlDepth, TablesInTablesAreRefusedBehindTheParserToo) {
  const std::string text =
      "x = " + repeated("{" + repeated("a.", 31) + "b = ", 100) + "1" + repeated("}", 100);
  const toml::table document = parse_toml(text, "a.toml");
  const Error error = thrown_by([&] { visit_settings(document, [](const auto&, const auto&) {}); });
  EXPECT_STREQ(error.what(), "a.toml, line 1: a key of more than 32 names");
}

TEST(TomlDepth, DotsElsewhereAreNoNames) {
  const std::string dots(100, '.');
  for (const std::string& text :
       {"a = '" + dots + "'", "a = \"\\\"" + dots + "\"", "# " + dots,
        "a = [" + repeated("0.5, ", 100) + "]", repeated("a.b = 1\n", 100),
        "a = '''\n'' " + dots + "'''''", "a = \"\"\"\n\"\"\\\"\"\"" + dots + "\"\"\"\"\"",
        "\"" + dots + "\" = 1", "a = \"\"\nb = ''\nc = '" + dots + "'",
        repeated("a.", 31) + "b = 1"}) {
    EXPECT_EQ(find_deep_key(text).names, 0U) << text;
  }
  EXPECT_EQ(find_deep_key("a = \"\"\"x\"\"\"\"\"\n" + repeated("a.", 32) + "b = 1").line, 2U);
  EXPECT_EQ(find_deep_key("a = 'x\n" + repeated("a.", 32) + "b = 1").names, 33U);
  EXPECT_EQ(find_deep_key("a = \"" + dots).names, 0U);
}

}  // namespace
}  // namespace pollard::test
