#include "report/paper/words.h"

#include <gtest/gtest.h>

#include "pollard/networks.h"
#include "report/result_rows.h"

namespace pollard {
namespace {

using test::row_of;

TEST(ValueWords, AreThoseOfPapers) {
  EXPECT_EQ(value_words("retrain.schedule", "ft"), "FT");
  EXPECT_EQ(value_words("retrain.schedule", "allr"), "ALLR");
  EXPECT_EQ(value_words("retrain.schedule", "cosine"), "cosine");
  EXPECT_EQ(value_words("prune.allocation", "uniform+"), "Uniform+");
  EXPECT_EQ(value_words("prune.allocation", "lamp"), "LAMP");
  EXPECT_EQ(value_words("prune.sparsity", "0.995"), "99.5 %");
  EXPECT_EQ(value_words("prune.cycles", "1"), "1 cycle");
  EXPECT_EQ(value_words("prune.cycles", "3"), "3 cycles");
  EXPECT_EQ(value_words("model", "resnet110"), "ResNet-110");
  EXPECT_EQ(value_words("model", "vgg16-bn"), "VGG-16");
  EXPECT_EQ(value_words("model", "my.onnx"), "my.onnx");
  EXPECT_EQ(value_words("data", "cifar100"), "CIFAR-100");
  EXPECT_EQ(value_words("train.method", "gsm"), "GSM");
  EXPECT_EQ(value_words("train.lr", "0.1"), "0.1");
}

TEST(ValueWords, HasANameForEachNetwork) {
  for (const std::string& name : network_names()) EXPECT_NE(value_words("model", name), name);
}

TEST(NamedValue, HasTheKeyOfBareValues) {
  EXPECT_EQ(named_value("train.lr", "0.1"), "train.lr 0.1");
  EXPECT_EQ(named_value("prune.cycles", "3"), "3 cycles");
}

TEST(FilledTitle, ReplacesKeys) {
  const std::vector<ResultRow> rows = {
      row_of({{"model", "resnet20"}, {"data", "cifar10"}, {"retrain.schedule", "slr"}}, {}),
      row_of({{"model", "resnet20"}, {"data", "cifar10"}, {"retrain.schedule", "ft"}}, {})};
  EXPECT_EQ(filled_title("{network}: {retrain.schedule}!", rows, "g"),
            "ResNet-20, CIFAR-10: FT / SLR!");
  EXPECT_EQ(filled_title("{seed} {", rows, "g"), "– {");
  EXPECT_EQ(filled_title("{network}, {retrain.schedule}", {}, "g"), "g, –");
  EXPECT_EQ(filled_title("", rows, "g"), "");
}

}  // namespace
}  // namespace pollard
