#include "report/values.h"

#include <gtest/gtest.h>

#include <limits>

namespace pollard {
namespace {

using nlohmann::json;

TEST(FindValue, FollowsKeysAndToleratesWhatIsMissing) {
  const json object = json::parse(R"({"test": {"top1": 88.5, "name": "x"}, "train/loss": 1})");
  EXPECT_EQ(find_number(object, {"test", "top1"}), 88.5);
  EXPECT_EQ(find_number(object, {"train/loss"}), 1.0);
  EXPECT_EQ(find_number(object, {"test", "loss"}), std::nullopt);
  EXPECT_EQ(find_number(object, {"test", "top1", "deeper"}), std::nullopt);
  EXPECT_EQ(find_number(object, {"test", "name"}), std::nullopt);
  EXPECT_EQ(find_number(json::array(), {"test"}), std::nullopt);
  EXPECT_EQ(find_text(object, {"test", "name"}), "x");
  EXPECT_EQ(find_text(object, {"test", "top1"}), "");
  EXPECT_TRUE(find_value(json(), {"a", "b"}).is_null());
}

TEST(FindNumber, PassesOverWhatIsNotFinite) {
  EXPECT_EQ(find_number({{"x", std::numeric_limits<double>::infinity()}}, {"x"}), std::nullopt);
  EXPECT_EQ(find_number({{"x", nullptr}}, {"x"}), std::nullopt);
}

TEST(Counted, KnowsOneFromMany) {
  EXPECT_EQ(counted(0, "run"), "0 runs");
  EXPECT_EQ(counted(1, "run"), "1 run");
  EXPECT_EQ(counted(2, "run"), "2 runs");
}

TEST(Formats, PrintNumbersAndDashes) {
  EXPECT_EQ(fixed(0.31, 3), "0.310");
  EXPECT_EQ(fixed(std::nullopt, 3), "–");
  EXPECT_EQ(shortest(5.0), "5");
  EXPECT_EQ(shortest(0.1), "0.1");
  EXPECT_EQ(shortest(std::nullopt), "–");
  EXPECT_EQ(grouped(7.0), "7");
  EXPECT_EQ(grouped(999.0), "999");
  EXPECT_EQ(grouped(1000.0), "1,000");
  EXPECT_EQ(grouped(26834.0), "26,834");
  EXPECT_EQ(grouped(-1234567.0), "-1,234,567");
  EXPECT_EQ(times(6.394), "6.39×");
  EXPECT_EQ(times(std::nullopt), "–");
  EXPECT_EQ(percent(0.98), "98.00");
}

TEST(Escape, LeavesNoMarkup) {
  EXPECT_EQ(escape("<script>\"a\" & 'b'</script>"),
            "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;");
  EXPECT_EQ(escape("größer\n\t×"), "größer\n\t×");
  EXPECT_EQ(escape("a\x01\x7f"
                   "b"),
            "a??b");
  EXPECT_EQ(escape("bad \xff utf-8"), "bad ? utf-8");
}

}  // namespace
}  // namespace pollard
