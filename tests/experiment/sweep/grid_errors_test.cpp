// What is wrong with a sweep's file: each error names the line and the key, and says what to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiment/sweep/grids.h"
#include "pollard/error.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::grid_of;
using test::thrown_by;
using ::testing::HasSubstr;

Error refused(std::string_view text, const std::vector<std::string>& overrides = {}) {
  return thrown_by([&] { (void)grid_of(text, overrides); });
}

struct Refusal {
  std::string text, what, hint;
};

void expect_refused(const std::vector<Refusal>& refusals) {
  for (const Refusal& refusal : refusals) {
    const Error error = refused(refusal.text);
    EXPECT_EQ(error.code(), ErrorCode::Config) << refusal.text;
    EXPECT_THAT(error.what(), HasSubstr(refusal.what)) << refusal.text;
    EXPECT_THAT(error.hint(), HasSubstr(refusal.hint)) << refusal.text;
    EXPECT_FALSE(error.hint().empty()) << refusal.text;
  }
}

TEST(GridErrors, KeysAndValues) {
  expect_refused({
      {"seed = 1\n\ntrain.epoch = [1, 2]", "a.toml, line 3: unknown key 'train.epoch'",
       "did you mean 'train.epochs'?"},
      {"prune.sparsity = [0.5,\n1.5]", "a.toml, line 2: 'prune.sparsity' is 1.5, expected", "0.9"},
      {"train.epochs = [1, \"2\"]", "a.toml, line 1: 'train.epochs' is '2', expected a whole", ""},
      {"train.epochs = [[1], [2]]", "line 1: 'train.epochs' is [ 1 ], expected a whole", ""},
      {"train.milestones = [[0.5], 0.5]", "line 1: 'train.milestones' is [ [ 0.5 ], 0.5 ]", ""},
      {"train.schedule = [\"step\", \"cosin\"]", "'train.schedule' is cosin", "'cosine'"},
      {"\ntrain.epochs = []", "a.toml, line 2: 'train.epochs' is a list of no values", "default"},
      {"train.epochs = [1, 2", "a.toml, line 1: not valid TOML", ""},
  });
}

TEST(GridErrors, TheTableOfTheSweep) {
  expect_refused({
      {"sweep = 3", "a.toml, line 1: 'sweep' is no table", "[sweep]"},
      {"[sweep]\nseed = 3", "a.toml, line 2: unknown key 'sweep.seed'", "'sweep.seeds'"},
      {"[sweep]\nname = \"a/b\"", "a.toml, line 2: 'sweep.name' is 'a/b'", "letters"},
      {"[sweep]\nname = \"..\"", "'sweep.name' is '..'", "dot"},
      {"[sweep]\nname = \"\"", "'sweep.name' is ''", "letters"},
      {"[sweep]\nname = 3", "a.toml, line 2: 'sweep.name' is 3, no text", "name ="},
      {"[sweep]\nseeds = 0", "a.toml, line 2: 'sweep.seeds' is 0, expected", "seeds = 3"},
      {"[sweep]\nseeds = [1, 2]", "a.toml, line 2: 'sweep.seeds' is [ 1, 2 ]", "seeds = 3"},
      {"seed = 1\nsweep.seeds = 3", "a.toml, line 2: 'sweep.seeds' is given beside 'seed' (",
       "leave one of them out"},
  });
}

TEST(GridErrors, Zips) {
  const std::string axes = "seed = [1, 2]\ntrain.epochs = [1, 2, 3]\nprune.sparsity = 0.5\n";
  expect_refused({
      {axes + "sweep.zip = [[\"seed\", \"train.epochs\"]]",
       "a.toml, line 4: 'seed' has 2 values and 'train.epochs' has 3", "equally many"},
      {axes + "sweep.zip = [[\"seed\", \"prune.sparsity\"]]",
       "a.toml, line 4: 'prune.sparsity' in 'sweep.zip' has no list", "axes"},
      {axes + "sweep.zip = [[\"seed\", \"train.nesterov\"]]",
       "'train.nesterov' in 'sweep.zip' has no list", "axes"},
      {axes + "sweep.zip = [[\"seed\", \"seeed\"]]", "a.toml, line 4: unknown key 'seeed'",
       "'seed'"},
      {axes + "sweep.zip = [[\"seed\", \"seed\"]]", "'seed' stands in 'sweep.zip' twice", "once"},
      {axes + "sweep.zip = [\"seed\", \"train.epochs\"]", "list of lists", "zip = [["},
      {axes + "sweep.zip = [[\"seed\"]]", "list of lists of two keys", "zip = [["},
      {axes + "sweep.zip = \"seed\"", "a.toml, line 4: 'sweep.zip' is no list", "zip = [["},
      {axes + "sweep.zip = [[\"seed\", 3]]", "a.toml, line 4: 'sweep.zip' holds 3", "zip = [["},
  });
}

TEST(GridErrors, Exclusions) {
  const std::string seeds = "seed = [1, 2]\n";
  expect_refused({
      {seeds + "[[sweep.exclude]]\nseed = 3", "a.toml, line 2: 'sweep.exclude' matches no point",
       "every key"},
      {seeds + "[[sweep.exclude]]\nseed = [1, 2]", "a.toml: 'sweep.exclude' leaves no point", ""},
      {seeds + "[[sweep.exclude]]\nsed = 1", "a.toml, line 3: unknown key 'sed'", "'seed'"},
      {seeds + "[[sweep.exclude]]\nseed = \"x\"", "a.toml, line 3: 'seed' is 'x'", ""},
      {seeds + "[sweep.exclude]\nseed = 1", "'sweep.exclude' is no list of tables", "[[sweep"},
      {seeds + "[[sweep.exclude]]\n", "a.toml, line 2: 'sweep.exclude' is no table of keys", ""},
  });
}

TEST(GridErrors, PointsThatAreTheSame) {
  expect_refused({
      {"seed = 1\ntrain.epochs = [1, 2, 1]",
       "a.toml, line 2: two points are the same: train.epochs=1", "once"},
      {"train.learning_rate = [1, 1.0]", "the same: train.learning_rate=1.0", "once"},
      {"train.schedule = [\"step\", \"cosine\"]\ntrain.gamma = [0.5, 0.2]",
       "a.toml: two points are the same: train.schedule=cosine",
       "'train.gamma' has no effect there"},
  });
}

TEST(GridErrors, KeysWithoutEffectOnAnyPoint) {
  expect_refused({
      {"train.schedule = [\"linear\", \"cosine\"]\n\ntrain.gamma = 0.5",
       "a.toml, line 3: 'train.gamma' has no effect on any point", "train.schedule=step"},
      {"train.schedule = \"cosine\"\ntrain.gamma = 0.5", "line 2: 'train.gamma' has no effect", ""},
  });
}

TEST(GridErrors, TooManyPoints) {
  const Error error = refused("sweep.seeds = 100000\ntrain.epochs = [1, 2]\n");
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(),
              HasSubstr("more than 100000 points: 2 of train.epochs, 100000 of seed"));
  EXPECT_THAT(refused("sweep.seeds = 100001").what(), HasSubstr("[1, 100000]"));
}

TEST(GridErrors, Overrides) {
  const auto what = [](const std::string& text) {
    const Error error = refused("seed = [1, 2]\n", {text});
    EXPECT_FALSE(error.hint().empty()) << text;
    return std::string(error.what());
  };
  EXPECT_EQ(refused("", {"seed"}).code(), ErrorCode::Usage);
  EXPECT_EQ(what("seed"), "command line: 'seed' is not key=value");
  EXPECT_EQ(what("sed=1"), "command line: unknown key 'sed'");
  EXPECT_THAT(what("seed=1,x"), HasSubstr("command line: 'seed' is x, expected a whole number"));
  EXPECT_THAT(what("seed=1,,2"), HasSubstr("command line: 'seed' is empty"));
  EXPECT_THAT(what("seed=[]"), HasSubstr("command line: 'seed' is a list of no values"));
  EXPECT_THAT(what("seed=[1,2"), HasSubstr("command line: 'seed' is [1,2, expected"));
  EXPECT_THAT(what("train.milestones=[[0.5],[2]]"), HasSubstr("'train.milestones' is [2.0]"));
  EXPECT_THAT(what("train.gamma=0.5 "), HasSubstr("'train.gamma' is 0.5 , expected"));
  EXPECT_THAT(what("sweep.zip=[[a,b]]"), HasSubstr("'sweep.zip' cannot be given here"));
  EXPECT_THAT(what("sweep.seeds=x"), HasSubstr("command line: 'sweep.seeds' is x"));
  EXPECT_THAT(what("sweep.name=a b"), HasSubstr("command line: 'sweep.name' is 'a b'"));
}

TEST(GridErrors, AFileThatIsNotThere) {
  const Error error = thrown_by(
      [] { (void)read_grid("no/such.toml", std::vector<std::string>{}, test::grid_table()); });
  EXPECT_EQ(error.code(), ErrorCode::Io);
  EXPECT_THAT(error.what(), HasSubstr("no/such.toml"));
}

}  // namespace
}  // namespace pollard
