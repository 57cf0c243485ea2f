#include "experiment/store/stage_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiment/store/small_store.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using nlohmann::json;
using test::record_of;
using test::thrown_by;
using ::testing::HasSubstr;

TEST(StageRecord, ComesBackAsItWas) {
  StageRecord record = record_of("retrain", "prune", "retrain");
  record.label = "retrain 2/3";
  record.series = std::string(32, 'a');
  record.settings["prune.include"] = "layer?.*, \"odd\" \\ ä";
  record.first_step = std::int64_t{1} << 40;
  const StageRecord back = decode_stage(encode(record), "x");
  EXPECT_EQ(back.id, record.id);
  EXPECT_EQ(back.parent, record.parent);
  EXPECT_EQ(back.kind, record.kind);
  EXPECT_EQ(back.label, record.label);
  EXPECT_EQ(back.series, record.series);
  EXPECT_EQ(back.settings, record.settings);
  EXPECT_EQ(back.result, record.result);
  EXPECT_EQ(back.environment, record.environment);
  EXPECT_EQ(back.epochs, record.epochs);
  EXPECT_EQ(back.first_step, record.first_step);
  EXPECT_EQ(back.steps, record.steps);
}

TEST(StageRecord, AnythingElseIsAnErrorThatNamesTheFile) {
  const std::string whole = encode(record_of("train", "", "train"));
  std::vector<std::string> damaged = {"", "[]", "null", "{}", whole.substr(0, whole.size() / 2)};
  for (const char* key : {"format", "id", "parent", "kind", "label", "series", "epochs",
                          "first_step", "steps", "settings", "result", "environment"}) {
    json without = json::parse(whole);
    without.erase(key);
    damaged.push_back(without.dump());
    json other = json::parse(whole);
    other[key] = std::string_view(key) == "environment" ? json() : json::array({json::object()});
    if (std::string_view(key) != "environment") damaged.push_back(other.dump());
  }
  for (const std::string& text : damaged) {
    const Error error = thrown_by([&] { (void)decode_stage(text, "S/stage.json"); });
    EXPECT_EQ(error.code(), ErrorCode::Input) << text;
    EXPECT_THAT(error.what(), HasSubstr("'S/stage.json'")) << text;
  }
}

TEST(StageRecord, AnotherFormatSaysSo) {
  json text = json::parse(encode(record_of("train", "", "train")));
  text["format"] = 2;
  EXPECT_THAT(thrown_by([&] { (void)decode_stage(text.dump(), "x"); }).what(),
              HasSubstr("format 2, expected 1"));
}

}  // namespace
}  // namespace pollard
