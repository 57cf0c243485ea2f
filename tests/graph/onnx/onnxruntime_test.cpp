// ONNX Runtime runs what we write.
#include "graph/onnx/onnxruntime.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "pollard/batches.h"
#include "pollard/networks.h"
#include "pollard/onnx_file.h"
#include "pollard/safetensors.h"

namespace pollard::test {
namespace {

namespace fs = std::filesystem;

/// The folder of real images and weights, or "".
fs::path data_folder() {
  const char* folder = std::getenv("POLLARD_DATA");
  return folder == nullptr ? "" : folder;
}

/// N,H,W,C as N,C,H,W.
void append_channels_first(const Batch& batch, std::vector<float>& out) {
  const auto& [channels, height, width] = batch.shape;
  const std::int64_t pixels = height * width;
  for (std::int64_t n = 0; n < batch.count; ++n) {
    for (std::int64_t c = 0; c < channels; ++c) {
      for (std::int64_t p = 0; p < pixels; ++p) {
        out.push_back(batch.images[static_cast<std::size_t>((n * pixels + p) * channels + c)]);
      }
    }
  }
}

std::int64_t count_hits(std::span<const float> outputs, std::span<const std::int64_t> labels) {
  const std::size_t classes = outputs.size() / labels.size();
  std::int64_t hits = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = outputs.subspan(i * classes, classes);
    hits += std::ranges::max_element(row) - row.begin() == labels[i] ? 1 : 0;
  }
  return hits;
}

// The authors' figure: 91.73 % of the test set.
TEST(OnnxRuntimeSlow, FindsTheAccuracyOfThePublishedResnet20) {
  if (onnxruntime_folder().empty()) GTEST_SKIP() << kNoOnnxruntime;
  const fs::path weights = data_folder() / "weights/resnet20-cifar10.safetensors";
  if (!fs::exists(weights)) GTEST_SKIP() << "POLLARD_DATA has no " << weights;
  const DataSplits data = load_dataset("cifar10", data_folder(), 0);
  const Graph graph = build_network("resnet20", data.test->image_shape(), 10);
  const TensorMap state = match_state(graph, read_safetensors(weights).tensors, weights.string());

  BatchLoader loader(
      *data.test,
      {.batch_size = 500, .augmentation = {}, .normalization = normalization("imagenet", 3)});
  std::vector<float> images;
  std::vector<std::int64_t> labels;
  loader.start(0);
  for (Batch batch; loader.next(batch);) {
    append_channels_first(batch, images);
    labels.insert(labels.end(), batch.labels.begin(), batch.labels.end());
  }
  const TemporaryFolder folder;
  for (const bool fold : {false, true}) {
    SCOPED_TRACE(fold);
    write_onnx(folder / "resnet20.onnx", graph, state, {.fold_batch_norm = fold});
    const std::vector<float> outputs =
        run_onnxruntime(folder / "resnet20.onnx", graph.input_shape(), images, 500);
    ASSERT_EQ(outputs.size(), labels.size() * 10);
    EXPECT_EQ(count_hits(outputs, labels), 9173);
  }
}

}  // namespace
}  // namespace pollard::test
