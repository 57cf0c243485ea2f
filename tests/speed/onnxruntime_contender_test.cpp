// ONNX Runtime in its own process gives what LibTorch gives. Without it, says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "pollard/error.h"
#include "pollard/networks.h"
#include "speed/peers.h"
#include "speed/random_graph.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard::test {
namespace {

using ::testing::HasSubstr;

class OnnxruntimeContenderTest : public ::testing::Test {
 protected:
  const Graph graph_ = build_network("resnet8", {3, 32, 32}, 10);
  const TensorMap state_ = initialize(graph_, 1, Initialization::Kaiming);
  const std::vector<float> values_ = random_floats(5 * 3 * 32 * 32, 1);
  const Images images_{values_, 5};
};

TEST_F(OnnxruntimeContenderTest, AgreesWithLibtorch) {
  const char* folder = std::getenv("POLLARD_ONNXRUNTIME");
  if (folder == nullptr) GTEST_SKIP() << "POLLARD_ONNXRUNTIME is not set";
  const auto onnxruntime = make_onnxruntime_contender(graph_, state_, images_, 1, folder);
  const auto torch = make_torch_contender(graph_, state_, images_, true);
  (void)torch->time_call();
  const double seconds = onnxruntime->time_call();
  EXPECT_GT(seconds, 1e-6);
  EXPECT_LT(seconds, 60);
  EXPECT_LE(relative_difference(onnxruntime->outputs(), torch->outputs()), 1e-5);
}

TEST_F(OnnxruntimeContenderTest, SaysWhereItIsMissing) {
  const auto reason = [&](const std::filesystem::path& folder) {
    return std::string(thrown_by([&] {
                         (void)make_onnxruntime_contender(graph_, state_, images_, 1, folder);
                       }).what());
  };
  EXPECT_THAT(reason(""), HasSubstr("no folder"));
  const TemporaryFolder empty;
  EXPECT_THAT(reason(empty.path()), HasSubstr("'node' has ended"));
}

}  // namespace
}  // namespace pollard::test
