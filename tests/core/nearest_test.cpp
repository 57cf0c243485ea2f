#include "core/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace pollard {
namespace {

const std::vector<std::string> kKeys = {"train.epochs",   "train.batch_size", "train.learning_rate",
                                        "prune.sparsity", "prune.scope",      "seed"};

TEST(Nearest, FindsAMisspeltKey) {
  EXPECT_EQ(nearest("prune.sparsty", kKeys), "prune.sparsity");
  EXPECT_EQ(nearest("train.epoch", kKeys), "train.epochs");
  EXPECT_EQ(nearest("train.batchsize", kKeys), "train.batch_size");
  EXPECT_EQ(nearest("sed", kKeys), "seed");
}

TEST(Nearest, FindsAKeyByItsLastWord) {
  EXPECT_EQ(nearest("sparsity", kKeys), "prune.sparsity");
  EXPECT_EQ(nearest("lerning_rate", kKeys), "train.learning_rate");
  EXPECT_EQ(nearest("scope", kKeys), "prune.scope");
}

TEST(Nearest, AnExactWordIsItself) {
  for (const std::string& key : kKeys) EXPECT_EQ(nearest(key, kKeys), key);
}

TEST(Nearest, IsSilentWhereNothingIsMeant) {
  EXPECT_EQ(nearest("zzzzzzzz", kKeys), "");
  EXPECT_EQ(nearest("", kKeys), "");
  EXPECT_EQ(nearest("anything", {}), "");
  const std::vector<std::string> short_words = {"fc", "bn"};
  EXPECT_EQ(nearest("xy", short_words), "");
}

TEST(Nearest, TheFirstOfEquallyNearOnesWins) {
  const std::vector<std::string> words = {"conv1", "conv2"};
  EXPECT_EQ(nearest("conv", words), "conv1");
}

// Levenshtein("kitten", "sitting") = 3; six letters allow three.
TEST(Nearest, AllowsHalfTheWord) {
  const std::vector<std::string> words = {"sitting"};
  EXPECT_EQ(nearest("kitten", words), "sitting");
  const std::vector<std::string> far = {"abcdefgh"};
  EXPECT_EQ(nearest("abcdxxxx", far), "abcdefgh");
  EXPECT_EQ(nearest("abcxxxxx", far), "");
}

}  // namespace
}  // namespace pollard
