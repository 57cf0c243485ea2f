// `pollard export`, and what `inspect` says of its files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/refusals.h"
#include "pollard/safetensors.h"
#include "sparse/plrd.h"

namespace pollard::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Pair;
using ::testing::StartsWith;

class ExportTest : public AppTest {
 protected:
  void make_run() const {
    must(Words{"run", "out=run", "prune.sparsity=0.9", "prune.exclude=linear"} + tiny());
  }
};

TEST_F(ExportTest, WritesTheNetworkOfARun) {
  make_run();
  fs::remove_all(path() / "mnist");  // whoever exports needs no images
  const Outcome outcome = must({"export", "run", "--sparse", "net.plrd"});
  EXPECT_THAT(outcome.out, StartsWith("network   resnet8, 90.00 % sparse ("));
  EXPECT_THAT(outcome.out,
              ContainsRegex("dense     +[0-9]+ bytes, as safetensors\n"
                            "gzip      +[0-9]+ bytes, [0-9.]+ times smaller\n"
                            "sparse    +[0-9]+ bytes, [0-9.]+ times smaller: net.plrd\n"));
  const Safetensors model = read_safetensors(path() / "run/model.safetensors");
  const sparse::NetworkFile file = sparse::read_plrd(path() / "net.plrd");
  EXPECT_EQ(file.state, model.tensors);
  EXPECT_EQ(file.graph.name(), "resnet8");
  EXPECT_FALSE(file.graph.find_parameter("linear.weight")->selected);
  EXPECT_THAT(file.metadata, IsSupersetOf({Pair("model", "resnet8"), Pair("dataset", "mnist"),
                                           Pair("input", "1x8x8"), Pair("classes", "10"),
                                           Pair("mean", "0.1307"), Pair("stddev", "0.3081"),
                                           Pair("test_top1", model.metadata.at("test_top1")),
                                           Pair("sparsity", model.metadata.at("sparsity"))}));
  EXPECT_THAT(outcome.out,
              HasSubstr(std::to_string(fs::file_size(path() / "net.plrd")) + " bytes"));

  // The same from the weights alone.
  must({"export", "weights=run/model.safetensors", "prune.exclude=linear", "--sparse=again.plrd"});
  EXPECT_EQ(slurp(path() / "again.plrd"), slurp(path() / "net.plrd"));
}

TEST_F(ExportTest, ItsFilesCanBeInspected) {
  make_run();
  must({"export", "run", "--sparse", "net.plrd"});
  const std::string seen = must({"inspect", "net.plrd"}).out;
  EXPECT_THAT(seen, AllOf(StartsWith("resnet8: input 1x8x8, 10 classes\n"),
                          HasSubstr("sparsity 10.00 % ("), HasSubstr("\ndataset: mnist\n")));
}

TEST_F(ExportTest, MasksCanBeApplied) {
  make_run();
  must({"train", "out=dense", "model=resnet8", "data=mnist", "data.path=mnist", "threads=1",
        "train.epochs=1", "train.batch_size=64"});
  EXPECT_THAT(must({"export", "dense", "--sparse=dense.plrd"}).out, HasSubstr(" 0.00 % sparse"));
  // The run's masks leave linear.weight out.
  expect_refused(pollard({"export", "dense", "--masks=run/masks.safetensors", "--sparse=x.plrd"}),
                 {"run/masks.safetensors: ", "linear.weight"});
  EXPECT_FALSE(fs::exists(path() / "x.plrd"));
  EXPECT_THAT(must({"export", "dense", "prune.exclude=linear", "--masks=run/masks.safetensors",
                    "--sparse=masked.plrd"})
                  .out,
              HasSubstr(" 90.00 % sparse"));
}

TEST_F(ExportTest, RefusesWhatItCannotDoAndWritesNothing) {
  make_run();
  spill(path() / "damaged.plrd", "\x89PLRD\r\n\x1a damaged, but long enough for a header");
  expect_all_refused(
      path(),
      {{{"export", "run"}, {"there is nothing to write", "--sparse FILE.plrd"}},
       {{"export", "--sparse=x.plrd"}, {"weights is empty"}},
       {{"export", "mnist", "--sparse=x.plrd"}, {"'mnist' holds no config.toml"}},
       {{"export", "no-run", "--sparse=x.plrd"}, {"no configuration file 'no-run'"}},
       {{"export", "run", "--sparse=no/folder/x.plrd"}, {"no/folder/x.plrd"}},
       {{"export", "run", "weights=other", "--sparse=x.plrd"}, {"'run' is a run's folder"}},
       {{"export", "run", "train.epochs=3", "--sparse=x.plrd"}, {"'train.epochs' has no effect"}},
       {{"export", "run", "model=lenet5", "--sparse=x.plrd"}, {"model.safetensors: "}},
       {{"export", "run", "--masks=none", "--sparse=x.plrd"}, {"none"}},
       {{"inspect", "damaged.plrd"}, {"damaged.plrd: written by a newer Pollard"}},
       {{"inspect", "damaged.plrd", "model=resnet8"}, {"settings have no effect"}}});
}

}  // namespace
}  // namespace pollard::test
