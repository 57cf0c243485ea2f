// Published weights on the real test set: the figures that their authors' code gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "apps/command.h"
#include "pollard/networks.h"
#include "pollard/onnx_file.h"
#include "pollard/safetensors.h"
#include "support/temporary_folder.h"

namespace pollard::test {
namespace {

using ::testing::HasSubstr;

struct Published {
  std::string model, weights, top1;
};

void PrintTo(const Published& published, std::ostream* out) { *out << published.weights; }

std::string data_folder() {
  const char* folder = std::getenv("POLLARD_DATA");
  return folder == nullptr ? "" : folder;
}

class EvaluateTest : public ::testing::TestWithParam<Published> {};

TEST_P(EvaluateTest, FindsThePublishedAccuracy) {
  const std::string folder = data_folder(), weights = folder + "/weights/" + GetParam().weights;
  if (!std::filesystem::exists(weights)) GTEST_SKIP() << "POLLARD_DATA has no " << weights;
  const Outcome outcome =
      run_command({"evaluate", "model=" + GetParam().model, "weights=" + weights, "data=cifar10",
                   "data.path=" + folder, "data.normalization=imagenet"},
                  {.environment = {}});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr(GetParam().top1));
  EXPECT_THAT(outcome.out, HasSubstr("sparsity  0.00 %"));
}

// Published weights as ONNX, and back: the same predictions, so the same sums of them.
TEST_P(EvaluateTest, PredictsTheSameAfterONNX) {
  const std::string folder = data_folder(), weights = folder + "/weights/" + GetParam().weights;
  if (!std::filesystem::exists(weights)) GTEST_SKIP() << "POLLARD_DATA has no " << weights;
  const TemporaryFolder made;
  const std::string file = (made / "net.onnx").string();
  const Graph graph = build_network(GetParam().model, {3, 32, 32}, 10);
  write_onnx(file, graph, match_state(graph, read_safetensors(weights).tensors, weights));
  const auto evaluate = [&](const std::string& model, const std::string& from) {
    const Outcome outcome =
        run_command({"evaluate", "model=" + model, "weights=" + from, "data=cifar10",
                     "data.path=" + folder, "data.normalization=imagenet"},
                    {.environment = {}});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return outcome.out.substr(0, outcome.out.find("time "));
  };
  const std::string said = evaluate(file, file);
  EXPECT_THAT(said, HasSubstr(GetParam().top1));
  EXPECT_EQ(said, evaluate(GetParam().model, weights));
}

INSTANTIATE_TEST_SUITE_P(Weights, EvaluateTest,
                         ::testing::Values(Published{"resnet20", "resnet20-cifar10.safetensors",
                                                     "91.73 % (9173 of 10000)"},
                                           Published{"resnet56", "resnet56-cifar10.safetensors",
                                                     "93.39 % (9339 of 10000)"}),
                         [](const auto& test) { return test.param.model; });

}  // namespace
}  // namespace pollard::test
