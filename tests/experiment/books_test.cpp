#include "experiment/books.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "core/files.h"
#include "experiment/event_reader.h"
#include "support/temporary_folder.h"

namespace pollard {
namespace {

using nlohmann::json;
using test::read_events;
using test::Scalar;
using test::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const StageMark kRetrain{.index = 2, .kind = "retrain", .sparsity = 0.75, .first_step = 1000};

StepRecord step_record() {
  return {.epoch = 2,
          .step = 150,
          .position = 1.25,
          .rate = 0.0625,
          .train = {.loss = 0.5, .top1 = 87.5, .top5 = 99, .images = 64}};
}

EpochRecord epoch_record() {
  return {.epoch = 2,
          .epochs = 3,
          .step = 240,
          .rate = 0.03125,
          .train = {.loss = 0.25, .top1 = 90.5, .top5 = 99, .images = 960},
          .test = {.loss = 0.375, .top1 = 81.25, .top5 = 96.5, .images = 64},
          .seconds = 12.5};
}

class BooksTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string metrics() const { return read_text(folder_.file("metrics.jsonl")); }
  [[nodiscard]] std::string events() const {
    return read_text(folder_.file("events.out.tfevents.0.pollard"));
  }
  [[nodiscard]] std::vector<json> lines() const {
    std::istringstream text(metrics());
    std::vector<json> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(json::parse(line));
    return lines;
  }

  const TemporaryFolder temporary_;
  const RunFolder folder_{temporary_.path()};
};

TEST_F(BooksTest, BeginWithNoLinesAndTheHeaderOfTheEvents) {
  const Books books(folder_, 0, 0);
  EXPECT_EQ(books.metrics_size(), 0);
  EXPECT_EQ(metrics(), "");
  EXPECT_EQ(books.events_size(), static_cast<std::int64_t>(events().size()));
  EXPECT_GT(books.events_size(), 0);
  EXPECT_THAT(read_events(events()), IsEmpty());
}

TEST_F(BooksTest, AStepIsOneLine) {
  Books books(folder_, 0, 0);
  books.step(kRetrain, step_record());
  EXPECT_THAT(lines(), ElementsAre(json::parse(R"({"event": "step", "stage": 2, "kind": "retrain",
      "epoch": 2, "position": 1.25, "step": 150, "lr": 0.0625, "train/loss": 0.5,
      "train/top1": 87.5})")));
  EXPECT_TRUE(metrics().ends_with("}\n"));
}

TEST_F(BooksTest, AnEpochIsOneLine) {
  Books books(folder_, 0, 0);
  books.epoch(kRetrain, epoch_record());
  EXPECT_THAT(lines(), ElementsAre(json::parse(R"({"event": "epoch", "stage": 2, "kind": "retrain",
      "epoch": 2, "epochs": 3, "position": 2, "step": 240, "lr": 0.03125, "train/loss": 0.25,
      "train/top1": 90.5, "test/loss": 0.375, "test/top1": 81.25, "test/top5": 96.5,
      "sparsity": 0.75, "seconds": 12.5})")));
}

// TensorBoard draws one curve over the whole run: its steps count on from the stages before.
TEST_F(BooksTest, EventsHaveTheSameNumbersAtTheStepOfTheRun) {
  Books books(folder_, 0, 0);
  books.step(kRetrain, step_record());
  books.epoch(kRetrain, epoch_record());
  EXPECT_THAT(read_events(events()),
              ElementsAre(Scalar{1150, "lr", 0.0625F}, Scalar{1150, "train/loss", 0.5F},
                          Scalar{1150, "train/top1", 87.5F}, Scalar{1240, "lr", 0.03125F},
                          Scalar{1240, "train/loss", 0.25F}, Scalar{1240, "train/top1", 90.5F},
                          Scalar{1240, "test/loss", 0.375F}, Scalar{1240, "test/top1", 81.25F},
                          Scalar{1240, "test/top5", 96.5F}, Scalar{1240, "sparsity", 0.75F}));
}

TEST_F(BooksTest, AreCutToTheCheckpointAndGoOn) {
  std::int64_t metrics_size = 0, events_size = 0;
  std::string metrics_then, events_then;
  {
    Books books(folder_, 0, 0);
    books.step(kRetrain, step_record());
    metrics_size = books.metrics_size(), events_size = books.events_size();
    metrics_then = metrics(), events_then = events();
    books.epoch(kRetrain, epoch_record());  // after the checkpoint: a resumed run does it again
  }
  EXPECT_EQ(metrics_size, static_cast<std::int64_t>(metrics_then.size()));
  EXPECT_EQ(events_size, static_cast<std::int64_t>(events_then.size()));
  Books books(folder_, metrics_size, events_size);
  EXPECT_EQ(metrics(), metrics_then);
  EXPECT_EQ(events(), events_then);
  books.epoch(kRetrain, epoch_record());
  EXPECT_EQ(lines().size(), 2U);
  EXPECT_EQ(read_events(events()).size(), 10U);
  EXPECT_EQ(books.metrics_size(), static_cast<std::int64_t>(metrics().size()));
  EXPECT_EQ(books.events_size(), static_cast<std::int64_t>(events().size()));
}

TEST_F(BooksTest, OfANewRunForgetWhatWasThere) {
  {
    Books books(folder_, 0, 0);
    books.epoch(kRetrain, epoch_record());
  }
  Books books(folder_, 0, 0);
  books.step(kRetrain, step_record());
  EXPECT_EQ(lines().size(), 1U);
  EXPECT_EQ(read_events(events()).size(), 3U);
}

// Someone tidied up between a kill and the resume.
TEST_F(BooksTest, StartAnewWhereTheFilesAreGone) {
  Books books(folder_, 5000, 7000);
  books.step(kRetrain, step_record());
  EXPECT_EQ(lines().size(), 1U);
  EXPECT_EQ(read_events(events()).size(), 3U);
}

TEST(MetersJson, HasPercentsAndTheMeanLoss) {
  EXPECT_EQ(to_json(Meters{.loss = 0.5, .top1 = 87.5, .top5 = 99, .images = 64}),
            json::parse(R"({"top1": 87.5, "top5": 99.0, "loss": 0.5})"));
}

}  // namespace
}  // namespace pollard
