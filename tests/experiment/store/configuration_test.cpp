#include "experiment/store/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "experiment/store/small_store.h"
#include "support/thrown.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::id_of;
using test::TemporaryFolder;
using test::thrown_by;
using test::want;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(Configurations, ComeBackAsTheyWere) {
  const TemporaryFolder folder;
  const Store store(folder / "s");
  EXPECT_THAT(configurations(store), IsEmpty());
  want(store, {{"prune.sparsity", "0.9"}, {"odd", "\"ä\" \\ \n"}}, {"train", "prune"});
  want(store, {{"seed", "2"}}, {"train"});
  const std::vector<Configuration> found = configurations(store);
  ASSERT_EQ(found.size(), 2u);
  const Configuration& one = found[found[0].stages.size() == 2 ? 0 : 1];
  EXPECT_THAT(one.settings, ElementsAre(Pair("odd", "\"ä\" \\ \n"), Pair("prune.sparsity", "0.9")));
  EXPECT_THAT(one.stages, ElementsAre(id_of("train"), id_of("prune")));
  EXPECT_EQ(one.id(), id_of("prune"));
  EXPECT_EQ(read_configuration(store, one.id()).settings, one.settings);
  EXPECT_LT(found[0].id(), found[1].id());
}

TEST(Configurations, TheFirstStays) {
  const TemporaryFolder folder;
  const Store store(folder / "s");
  want(store, {{"out", "first"}}, {"train"});
  want(store, {{"out", "second"}}, {"train"});
  ASSERT_EQ(configurations(store).size(), 1u);
  EXPECT_EQ(configurations(store)[0].settings.at("out"), "first");
}

TEST(Configurations, OtherFilesArePassedOver) {
  const TemporaryFolder folder;
  const Store store(folder / "s");
  want(store, {}, {"train"});
  write_file(folder / "s/configurations/notes.txt", std::string_view("mine"));
  write_file(folder / ("s/configurations/" + id_of("x") + ".json.part"), std::string_view("{"));
  EXPECT_THAT(configuration_ids(store), ElementsAre(id_of("train")));
}

TEST(Configurations, ADamagedFileIsNamed) {
  const TemporaryFolder folder;
  const Store store(folder / "s");
  want(store, {}, {"train"});
  const fs::path file = configuration_file(store, id_of("train"));
  const std::string other = json{{"settings", json::object()}, {"stages", {id_of("b")}}}.dump();
  const std::string strange =
      json{{"settings", json::object()}, {"stages", {"../..", id_of("train")}}}.dump();
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[1]"),
        std::string(R"({"settings": {"a": 1}, "stages": ["x"]})"),
        std::string(R"({"settings": {}, "stages": []})"), other, strange}) {
    write_file(file, text);
    const Error error = thrown_by([&] { (void)configurations(store); });
    EXPECT_EQ(error.code(), ErrorCode::Input) << text;
    EXPECT_THAT(error.what(), HasSubstr(file.string())) << text;
    EXPECT_FALSE(error.hint().empty());
  }
}

// By hand: the last stage's test and sparsity, sums of seconds and epochs, the last pruning's
// stability. The last speedup is null (nothing is left to compute), so there is none.
TEST(MeasuresOf, TakesEachFromItsStage) {
  const json stages = json::parse(R"([
    {"kind": "train", "method": "dense", "epochs": 5, "seconds": 10,
     "test": {"top1": 88, "loss": 0.5}},
    {"kind": "prune", "seconds": 1, "test": {"top1": 20}, "stability": 0.2,
     "sparsity": {"prunable": 0.5, "model": 0.4, "kept": 5, "of": 10}, "theoretical_speedup": 2},
    {"kind": "retrain", "epochs": 2, "seconds": 4, "test": {"top1": 86}, "increase": 66},
    {"kind": "prune", "seconds": 1, "test": {"top1": 15}, "stability": 0.1,
     "sparsity": {"prunable": 0.9, "model": 0.8, "kept": 1, "of": 10}, "theoretical_speedup": null},
    {"kind": "retrain", "epochs": 3, "seconds": 6, "test": {"top1": 85, "top5": 99, "loss": 0.6}}
  ])");
  EXPECT_THAT(
      measures_of(stages),
      UnorderedElementsAre(Pair("top1", 85), Pair("top5", 99), Pair("loss", 0.6),
                           Pair("dense_top1", 88), Pair("pruned_top1", 15), Pair("stability", 0.1),
                           Pair("increase", 66), Pair("sparsity", 0.9), Pair("model_sparsity", 0.8),
                           Pair("kept", 1), Pair("of", 10), Pair("seconds", 22), Pair("epochs", 10),
                           Pair("retrain_epochs", 5), Pair("dense_seconds", 10)));
}

TEST(MeasuresOf, HasNoDenseSecondsOfAMethodThatPrunesInTraining) {
  const json stages = json::parse(R"([{"kind": "train", "method": "gsm", "seconds": 10}])");
  EXPECT_FALSE(measures_of(stages).contains("dense_seconds"));
}

}  // namespace
}  // namespace pollard
