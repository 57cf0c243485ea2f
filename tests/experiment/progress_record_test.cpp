#include "experiment/progress_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pollard/error.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using nlohmann::json;
using test::thrown_by;
using ::testing::HasSubstr;

ProgressRecord sample() {
  ProgressRecord record;
  record.stage_ids = {"0a", "0b", "0c"};
  record.stage = 2;
  record.loop = {
      .epoch = 3,
      .step = 17,
      .totals = {.loss = 1.0 / 3, .top1 = 12345.678901234567, .top5 = 5e-324, .images = 1088},
      .seconds = 0.1 + 0.2};
  record.results = json::parse(R"([{"kind": "train", "test": {"top1": 88.1}}, {"kind": "prune"}])");
  record.first_step = 5'000'000'000;
  record.metrics_size = 4711;
  record.events_size = 815;
  record.threads = 2;
  return record;
}

TEST(ProgressRecord, ComesBackBitForBit) {
  const ProgressRecord wanted = sample();
  const ProgressRecord got = decode_progress(encode(wanted));
  EXPECT_EQ(got.stage_ids, wanted.stage_ids);
  EXPECT_EQ(got.stage, wanted.stage);
  EXPECT_EQ(got.loop.epoch, wanted.loop.epoch);
  EXPECT_EQ(got.loop.step, wanted.loop.step);
  EXPECT_EQ(got.loop.seconds, wanted.loop.seconds);
  EXPECT_EQ(got.loop.totals.loss, wanted.loop.totals.loss);
  EXPECT_EQ(got.loop.totals.top1, wanted.loop.totals.top1);
  EXPECT_EQ(got.loop.totals.top5, wanted.loop.totals.top5);
  EXPECT_EQ(got.loop.totals.images, wanted.loop.totals.images);
  EXPECT_EQ(got.results, wanted.results);
  EXPECT_EQ(got.first_step, wanted.first_step);
  EXPECT_EQ(got.metrics_size, wanted.metrics_size);
  EXPECT_EQ(got.events_size, wanted.events_size);
  EXPECT_EQ(got.threads, wanted.threads);
  EXPECT_EQ(encode(got), encode(wanted));
}

TEST(ProgressRecord, OfANewRunComesBack) {
  const std::string text = encode(ProgressRecord{});
  EXPECT_EQ(encode(decode_progress(text)), text);
  EXPECT_EQ(decode_progress(text).results, json::array());
}

TEST(ProgressRecord, HasTheEngineOfTheRetrainingUnderWay) {
  EXPECT_FALSE(decode_progress(encode(sample())).engine.has_value());
  ProgressRecord record = sample();
  record.engine = {.name = "sparse", .torch_ms = 1.0 / 3, .sparse_ms = 0.1, .reason = "so"};
  const EngineChoice engine = decode_progress(encode(record)).engine.value();
  EXPECT_EQ(engine.name, "sparse");
  EXPECT_EQ(engine.torch_ms, 1.0 / 3);
  EXPECT_EQ(engine.sparse_ms, 0.1);
  EXPECT_EQ(engine.reason, "so");
  for (const json& wrong :
       {json("sparse"), json::object(), json(nullptr),
        json{{"name", "steam"}, {"torch_ms", 1}, {"sparse_ms", 1}, {"reason", ""}},
        json{{"name", "sparse"}, {"torch_ms", "1"}, {"sparse_ms", 1}, {"reason", ""}}}) {
    json changed = json::parse(encode(record));
    changed["engine"] = wrong;
    const Error error = thrown_by([&] { (void)decode_progress(changed.dump()); });
    EXPECT_EQ(error.code(), ErrorCode::Input) << wrong;
  }
}

// A diverged stage may have a loss that JSON cannot write; the record must still be readable.
TEST(ProgressRecord, HoldsALossThatIsNotFinite) {
  ProgressRecord record = sample();
  record.results[0]["test"]["loss"] = std::nan("");
  EXPECT_TRUE(decode_progress(encode(record)).results[0]["test"]["loss"].is_null());
}

TEST(ProgressRecord, GarbageIsAnInputError) {
  for (const char* text : {"", "garbage", "{", "[]", "null", "3", "{}", "\"{}\"", "\xff\xfe"}) {
    const Error error = thrown_by([&] { (void)decode_progress(text); });
    EXPECT_EQ(error.code(), ErrorCode::Input) << text;
    EXPECT_THAT(error.what(), HasSubstr("does not say where its run stands")) << text;
    EXPECT_THAT(error.hint(), HasSubstr("out=DIR")) << text;
  }
}

TEST(ProgressRecord, EveryFieldIsNeeded) {
  const json whole = json::parse(encode(sample()));
  for (const auto& field : whole.items()) {
    json part = whole;
    part.erase(field.key());
    const Error error = thrown_by([&] { (void)decode_progress(part.dump()); });
    EXPECT_EQ(error.code(), ErrorCode::Input) << field.key();
  }
}

TEST(ProgressRecord, EveryFieldNeedsItsType) {
  const json whole = json::parse(encode(sample()));
  for (const auto& field : whole.items()) {
    for (const json& wrong : {json("text"), json(json::object()), json(nullptr), json(true)}) {
      json changed = whole;
      changed[field.key()] = wrong;
      const Error error = thrown_by([&] { (void)decode_progress(changed.dump()); });
      EXPECT_EQ(error.code(), ErrorCode::Input) << field.key() << " = " << wrong;
    }
  }
  for (const auto& [key, wrong] : {std::pair("stage", json(-1)), {"epoch", json(1.5)}}) {
    json changed = whole;
    changed[key] = wrong;
    const Error error = thrown_by([&] { (void)decode_progress(changed.dump()); });
    EXPECT_EQ(error.code(), ErrorCode::Input) << key << " = " << wrong;
  }
}

}  // namespace
}  // namespace pollard
