// A network that Python's PyTorch exports (export_onnx.py): read, pruned, retrained on real images,
// exported and run by ONNX Runtime. Skips where there is no PyTorch for Python.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "experiment/setup.h"
#include "experiment/small_run.h"
#include "graph/onnx/onnxruntime.h"
#include "pollard/onnx_file.h"
#include "pollard/safetensors.h"
#include "sparse/reference.h"
#include "support/python.h"

namespace pollard::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class PytorchOnnx : public ::testing::TestWithParam<std::string> {};

TEST_P(PytorchOnnx, IsPrunedRetrainedAndExported) {
  const std::string python = find_python();
  if (python.empty()) GTEST_SKIP() << kNoPython;
  const TemporaryFolder folder;
  const std::string net = (folder / "net.onnx").string();
  ASSERT_EQ(std::system(
                (python + " '" POLLARD_EXPORT_ONNX "' '" + net + "' " + GetParam() + " >/dev/null")
                    .c_str()),
            0);
  const OnnxModel model = read_onnx(net);
  EXPECT_EQ(model.producer.substr(0, 7), "pytorch");
  EXPECT_EQ(model.state.contains("block1.bn1.running_var"), GetParam().empty());

  Config config(parameter_table());
  const bool real = fs::exists("/usr/share/datasets/fashion-mnist");
  const SmallRuns digits;
  for (const std::string& text :
       {"model=" + net, "weights=" + net, "out=" + (folder / "run").string(),
        "data=" + std::string(real ? "fashion-mnist" : "mnist"),
        "data.path=" + (real ? "" : digits.at("data").string()), std::string("data.limit=1024"),
        std::string("threads=2"), std::string("prune.sparsity=0.9"),
        std::string("retrain.epochs=1"), std::string("train.batch_size=16"),
        std::string("train.lr=0.05"), std::string("train.epochs=10")}) {
    config.apply(text);
  }
  const json result = run(config, ChainKind::PruneImport);
  ASSERT_EQ(result["stages"].size(), 3U);
  EXPECT_NEAR(result["stages"][2]["sparsity"]["prunable"].get<double>(), 0.9, 1e-3);
  // From random weights, one epoch on a thousand images.
  EXPECT_LT(result["stages"][2]["test"]["loss"].get<double>(),
            result["stages"][1]["test"]["loss"].get<double>());

  const TensorMap state = read_safetensors(folder / "run" / "model.safetensors").tensors;
  const OnnxReport report =
      write_onnx(folder / "pruned.onnx", model.graph, state, {.sparse = SparseInitializers::Auto});
  EXPECT_EQ(report.nonzeros, result["stages"][2]["sparsity"]["kept"].get<std::int64_t>());
  if (onnxruntime_folder().empty()) GTEST_SKIP() << kNoOnnxruntime;
  std::vector<float> images(64 * 28 * 28);
  for (std::size_t i = 0; i < images.size(); ++i)
    images[i] = std::sin(0.37F * static_cast<float>(i));
  const std::vector<double> expected = sparse::reference_outputs(model.graph, state, images, 64);
  const std::vector<float> outputs =
      run_onnxruntime(folder / "pruned.onnx", model.graph.input_shape(), images, 64);
  ASSERT_EQ(outputs.size(), expected.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) ASSERT_NEAR(outputs[i], expected[i], 1e-4) << i;
}

INSTANTIATE_TEST_SUITE_P(Export, PytorchOnnx, ::testing::Values("", "folded"),
                         [](const auto& test) {
                           return test.param.empty() ? "AsItIs" : test.param;
                         });

}  // namespace
}  // namespace pollard::test
