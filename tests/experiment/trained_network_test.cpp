#include "experiment/trained_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/files.h"
#include "experiment/parameters.h"
#include "pollard/error.h"
#include "pollard/masks.h"
#include "pollard/networks.h"
#include "pollard/safetensors.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Pair;

class TrainedNetworkTest : public ::testing::Test {
 protected:
  /// Weights of a network for images that no data set has, in a file that says so.
  void write(const Notes& notes) {
    write_safetensors(folder_ / "w.safetensors", {initialize(graph_, 3, {}), notes});
  }
  [[nodiscard]] Config config(const std::vector<std::string>& more = {}) const {
    Config config(parameter_table());
    config.apply("weights=" + (folder_ / "w.safetensors").string());
    for (const std::string& word : more) config.apply(word);
    return config;
  }

  const test::TemporaryFolder folder_;
  const Graph graph_ = build_network("lenet-300-100", {1, 9, 11}, 7);
  const Notes notes_{{"model", "lenet-300-100"}, {"dataset", "mnist"},  {"input", "1x9x11"},
                     {"classes", "7"},           {"test_top1", "91.5"}, {"seed", "4"},
                     {"source", "a shelf"},      {"stage", "a hash"},   {"format", "pt"}};
};

TEST_F(TrainedNetworkTest, NeedsNoDataWhereTheFileTellsOfIt) {
  write(notes_);
  const TrainedNetwork network = load_trained(config());
  EXPECT_EQ(network.graph.input_shape(), (ImageShape{1, 9, 11}));
  EXPECT_EQ(network.graph.classes(), 7);
  EXPECT_EQ(network.state, initialize(graph_, 3, {}));
  EXPECT_EQ(network.notes, (Notes{{"model", "lenet-300-100"},
                                  {"dataset", "mnist"},
                                  {"input", "1x9x11"},
                                  {"classes", "7"},
                                  {"mean", "0.1307"},
                                  {"stddev", "0.3081"},
                                  {"sparsity", "0"},
                                  {"test_top1", "91.5"},
                                  {"seed", "4"},
                                  {"source", "a shelf"}}));
}

TEST_F(TrainedNetworkTest, WhatTheUserGivesCountsMore) {
  write(notes_);
  EXPECT_THAT(load_trained(config({"data.normalization=none"})).notes,
              IsSupersetOf({Pair("mean", "0"), Pair("stddev", "1")}));
  EXPECT_THAT(thrown_by([&] { (void)load_trained(config({"model=resnet8"})); }).what(),
              HasSubstr("is no parameter of resnet8"));
}

TEST_F(TrainedNetworkTest, KnowsTheImagesOfCifar) {
  Config config(parameter_table());
  config.apply("data=cifar100");
  const ImageKind images = image_kind(config, {});
  EXPECT_EQ(images.shape, (ImageShape{3, 32, 32}));
  EXPECT_EQ(images.classes, 100);
}

// Notes come from files: nonsense in them is no note.
TEST_F(TrainedNetworkTest, LooksAtTheDataWhereTheNotesMakeNoSense) {
  Config config(parameter_table());
  config.apply("data=cifar10");
  for (const char* input : {"", "3", "3x8", "3x8x8x8", "3x8x", "3x8x-8", "3x8x8 ", "3x0x8",
                            "3x8x99999999999999999999"}) {
    EXPECT_EQ(image_kind(config, {{"input", input}, {"classes", "4"}}).shape,
              (ImageShape{3, 32, 32}))
        << input;
  }
  EXPECT_EQ(image_kind(config, {{"input", "3x8x8"}}).classes, 10);
  EXPECT_EQ(image_kind(config, {{"input", "3x8x8"}, {"classes", "4"}}).classes, 4);
}

TEST_F(TrainedNetworkTest, MasksMakeZerosAndTheAccuracyUnknown) {
  write(notes_);
  MaskSet masks = MaskSet::dense(graph_);
  const std::filesystem::path path = folder_ / "masks.safetensors";
  write_safetensors(path, {masks.to_tensors(), {}});
  EXPECT_TRUE(load_trained(config(), path).notes.contains("test_top1"));

  std::fill_n(masks.masks()[0].keep.begin(), 1000, std::uint8_t{0});
  write_safetensors(path, {masks.to_tensors(), {}});
  const TrainedNetwork network = load_trained(config(), path);
  EXPECT_FALSE(network.notes.contains("test_top1"));
  for (const float weight : network.state.at(masks.masks()[0].name).f32().first(1000))
    EXPECT_EQ(weight, 0);

  write_safetensors(path, {});
  EXPECT_THAT(thrown_by([&] { (void)load_trained(config(), path); }).what(),
              HasSubstr("masks.safetensors: "));
}

TEST_F(TrainedNetworkTest, OfAFinishedRun) {
  EXPECT_THAT(thrown_by([&] { (void)finished_run(folder_.path()); }).what(),
              HasSubstr("holds no config.toml: no run has ended there"));
  write_file(folder_ / "config.toml", std::string_view("model = \"resnet8\"\n"));
  EXPECT_THAT(thrown_by([&] { (void)finished_run(folder_.path()); }).what(),
              HasSubstr("holds no model.safetensors: no run has ended there"));
  write_safetensors(folder_ / "model.safetensors", {});
  const Config config = finished_run(folder_.path());
  EXPECT_EQ(config.text("model"), "resnet8");
  EXPECT_EQ(config.text("weights"), (folder_ / "model.safetensors").string());
}

}  // namespace
}  // namespace pollard
