// Published weights on the real test set: the figures that their authors' code gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "apps/command.h"

namespace pollard::test {
namespace {

using ::testing::HasSubstr;

struct Published {
  std::string model, weights, top1;
};

void PrintTo(const Published& published, std::ostream* out) { *out << published.weights; }

class EvaluateTest : public ::testing::TestWithParam<Published> {};

TEST_P(EvaluateTest, FindsThePublishedAccuracy) {
  const char* data = std::getenv("POLLARD_DATA");
  if (data == nullptr)
    GTEST_SKIP() << "POLLARD_DATA is not set: no CIFAR-10 and no published weights";
  const std::string folder = data, weights = folder + "/weights/" + GetParam().weights;
  if (!std::filesystem::exists(weights)) GTEST_SKIP() << "there is no " << weights;
  const Outcome outcome =
      run_command({"evaluate", "model=" + GetParam().model, "weights=" + weights, "data=cifar10",
                   "data.path=" + folder, "data.normalization=imagenet"},
                  {.environment = {}});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr(GetParam().top1));
  EXPECT_THAT(outcome.out, HasSubstr("sparsity  0.00 %"));
}

INSTANTIATE_TEST_SUITE_P(Weights, EvaluateTest,
                         ::testing::Values(Published{"resnet20", "resnet20-cifar10.safetensors",
                                                     "91.73 % (9173 of 10000)"},
                                           Published{"resnet56", "resnet56-cifar10.safetensors",
                                                     "93.39 % (9339 of 10000)"}),
                         [](const auto& test) { return test.param.model; });

}  // namespace
}  // namespace pollard::test
