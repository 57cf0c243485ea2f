// Checkpoints of PyTorch wherever the command takes weights.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/results.h"
#include "graph/pytorch_writer.h"
#include "pollard/networks.h"
#include "pollard/safetensors.h"

namespace pollard::test {
namespace {

using ::testing::HasSubstr;

class PytorchWeightsTest : public ResultTest {
 protected:
  PytorchWeightsTest() {
    for (const char* ending : {"pt", "pth", "th"}) {
      spill(path() / (std::string("net.") + ending), checkpoint_of(state_, "module."));
    }
    write_safetensors(path() / "net.safetensors", {state_, {}});
  }

  const TensorMap state_ =
      initialize(build_network("lenet-300-100", {1, 8, 8}, 10), 1, Initialization::Pytorch);
  const Words of_ = {"model=lenet-300-100", "data=mnist", "data.path=mnist"};
};

// 8 * 8 * 300 + 300 * 100 + 100 * 10 weights.
TEST_F(PytorchWeightsTest, AreInspected) {
  for (const char* name : {"net.pt", "net.pth", "net.th"}) {
    EXPECT_THAT(must(Words{"inspect", name} + of_).out, HasSubstr("(50,200 of 50,200")) << name;
  }
}

TEST_F(PytorchWeightsTest, AreEvaluatedAsThoseOfSafetensors) {
  const auto said = [&](const std::string& name) {
    return must(Words{"evaluate", "weights=" + name, "threads=1"} + of_).out;
  };
  EXPECT_EQ(said("net.pth"), said("net.safetensors"));
}

}  // namespace
}  // namespace pollard::test
