// Settings that cannot be meant: refused before anything is computed or written.
#include <gtest/gtest.h>

#include "apps/refusals.h"

namespace pollard::test {
namespace {

using BadSettings = AppTest;

TEST_F(BadSettings, OnTheCommandLine) {
  const auto with = [](const std::string& word) {
    return Words{"run", "out=fresh"} + tiny() + Words{word};
  };
  spill(path() / "file", "in the way");
  expect_all_refused(
      path(), {{with("trian.epochs=3"), {"'trian.epochs'", "did you mean 'train.epochs'?"}},
               {with("prune.sparsity=1"), {"'prune.sparsity' is 1.0", "[0, 1)"}},
               {with("prune.sparsity=1.5"), {"'prune.sparsity' is 1.5", "[0, 1)"}},
               {with("train.epochs=0"), {"'train.epochs' is 0", "[1, 100000]"}},
               {with("train.lr=fast"), {"'train.lr' is fast", "finite number"}},
               {with("model=resnet21"), {"'model' is resnet21", "did you mean 'resnet20'?"}},
               {with("retrain.engine=fast"), {"'retrain.engine' is fast", "sparse"}},
               {Words{"run", "out=fresh", "amp=true"} + tiny() + Words{"retrain.engine=sparse"},
                {"retrain.engine=sparse", "amp=true", "retrain.engine=torch"}},
               {with("device=cuda:99"), {"device='cuda:99'", "is not there"}},
               {with("data.normalization=cifar"), {"'cifar' is for 3 channel(s)", "have 1"}},
               {with("out=file/below"), {"'file/below'", "out=DIR"}}});
}

TEST_F(BadSettings, WithoutEffect) {
  expect_all_refused(path(), {{Words{"run", "train.schedule=cosine", "train.gamma=0.5"},
                               {"'train.gamma' has no effect", "train.schedule=step"}},
                              {Words{"train", "prune.sparsity=0.5"},
                               {"'prune.sparsity' has no effect on `pollard train`"}}});
}

TEST_F(BadSettings, InAFile) {
  spill(path() / "broken.toml", "model = \"resnet8\"\n[train]\nepochs = = 3\n");
  spill(path() / "unknown.toml", "[train]\nepochs = 3\n\nlearning_rate = 0.1\n");
  spill(path() / "text.toml", "[train]\nepochs = \"three\"\n");
  expect_all_refused(path(), {{{"run", "broken.toml"}, {"broken.toml, line 3", "TOML"}},
                              {{"run", "unknown.toml"}, {"line 4", "'train.learning_rate'"}},
                              {{"run", "text.toml"}, {"text.toml, line 2", "'train.epochs'"}},
                              {{"run", "gone.toml"}, {"'gone.toml'"}}});
}

// Values and names that span lines once made errors of several lines, and brought control codes to
// the terminal.
TEST_F(BadSettings, OfSeveralLinesAreRefusedInOne) {
  const std::string a(70, 'a'), b(70, 'b');
  spill(path() / "list.toml", "[train]\nepochs = [\"" + a + "\", \"" + b + "\"]\n");
  spill(path() / "key.toml", "\"a\\nb\\u001b[31m\" = 1\n");
  expect_all_refused(path(), {{{"run", "list.toml"}, {"'train.epochs'", a, b}},
                              {{"run", "key.toml"}, {"unknown key"}}});
}

}  // namespace
}  // namespace pollard::test
