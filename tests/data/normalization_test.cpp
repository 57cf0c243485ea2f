#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/synthetic.h"
#include "pollard/batches.h"

namespace pollard {
namespace {

using testing::ElementsAre;
using testing_data::expect_error;

TEST(Normalization, HasThePublishedValues) {
  EXPECT_THAT(normalization("cifar10", 3).mean, ElementsAre(.4914F, .4822F, .4465F));
  EXPECT_THAT(normalization("cifar10", 3).stddev, ElementsAre(.2023F, .1994F, .2010F));
  EXPECT_THAT(normalization("cifar", 3).mean, ElementsAre(.4914F, .4822F, .4465F));
  EXPECT_THAT(normalization("cifar", 3).stddev, ElementsAre(.2023F, .1994F, .2010F));
  EXPECT_THAT(normalization("cifar100", 3).mean, ElementsAre(.5071F, .4867F, .4408F));
  EXPECT_THAT(normalization("cifar100", 3).stddev, ElementsAre(.2675F, .2565F, .2761F));
  EXPECT_THAT(normalization("imagenet", 3).mean, ElementsAre(.485F, .456F, .406F));
  EXPECT_THAT(normalization("imagenet", 3).stddev, ElementsAre(.229F, .224F, .225F));
  EXPECT_THAT(normalization("fashion-mnist", 1).mean, ElementsAre(.2860F));
  EXPECT_THAT(normalization("fashion-mnist", 1).stddev, ElementsAre(.3530F));
  EXPECT_THAT(normalization("mnist", 1).mean, ElementsAre(.1307F));
  EXPECT_THAT(normalization("mnist", 1).stddev, ElementsAre(.3081F));
}

TEST(Normalization, NoneFitsAnyNumberOfChannels) {
  EXPECT_THAT(normalization("none", 2).mean, ElementsAre(0.0F, 0.0F));
  EXPECT_THAT(normalization("none", 2).stddev, ElementsAre(1.0F, 1.0F));
}

TEST(Normalization, EveryNameIsKnown) {
  for (const std::string& name : normalization_names()) {
    const std::int64_t channels = name.find("mnist") != std::string::npos ? 1 : 3;
    EXPECT_EQ(normalization(name, channels).mean.size(), static_cast<std::size_t>(channels))
        << name;
  }
}

TEST(Normalization, WrongChannelsAndNamesAreConfigErrors) {
  expect_error(ErrorCode::Config, "'cifar10' is for 3 channel(s), the images have 1", "none",
               [] { (void)normalization("cifar10", 1); });
  expect_error(ErrorCode::Config, "'mnist' is for 1 channel(s), the images have 3", "none",
               [] { (void)normalization("mnist", 3); });
  expect_error(ErrorCode::Config, "unknown normalization 'imagnet'", "did you mean 'imagenet'?",
               [] { (void)normalization("imagnet", 3); });
}

}  // namespace
}  // namespace pollard
