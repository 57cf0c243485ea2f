// ONNX Runtime runs what we write.
#include "graph/onnx/onnxruntime.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "pollard/batches.h"
#include "pollard/networks.h"
#include "pollard/onnx_file.h"
#include "pollard/safetensors.h"
#include "sparse/whole_network.h"

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
TEST(OnnxRuntimeAccuracySlow, FindsTheAccuracyOfThePublishedResnet20) {
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

struct Exported {
  std::string network;
  ImageShape images;
};

void PrintTo(const Exported& exported, std::ostream* out) { *out << exported.network; }

/// All but the largest tenth of each weight becomes zero.
void prune(const Graph& graph, TensorMap& state) {
  for (const ParameterInfo& weight : graph.prunable_parameters()) {
    const std::span<float> values = state.at(weight.name).f32();
    std::vector<float> sizes(values.size());
    std::ranges::transform(values, sizes.begin(), [](float value) { return std::abs(value); });
    const auto bound = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() * 9 / 10);
    std::ranges::nth_element(sizes, bound);
    for (float& value : values) value = std::abs(value) < *bound ? 0 : value;
  }
}

/// Outputs of the sparse engine, which tests of its own hold against the plain executor.
std::vector<float> outputs_of(const Graph& graph, const TensorMap& state,
                              const std::vector<float>& images, std::int64_t count) {
  sparse::Network network(graph, state, {.threads = 2, .measure = false});
  return sparse::outputs_of(network, images, count);
}

/// Makes the largest output ten, about what trained networks give.
void scale_outputs(const Graph& graph, TensorMap& state, const std::vector<float>& images,
                   std::int64_t count) {
  float largest = 0;
  for (const float y : outputs_of(graph, state, images, count))
    largest = std::max(largest, std::abs(y));
  for (const ParameterInfo& parameter : graph.parameters()) {
    const bool last = parameter.name.starts_with("fc.") || parameter.name.starts_with("linear.") ||
                      parameter.name.starts_with("classifier.");
    if (!last) continue;
    for (float& value : state.at(parameter.name).f32()) value *= 10 / largest;
  }
}

class OnnxRuntimeSlow : public ::testing::TestWithParam<Exported> {};

TEST_P(OnnxRuntimeSlow, GivesTheSameOutputs) {
  if (onnxruntime_folder().empty()) GTEST_SKIP() << kNoOnnxruntime;
  constexpr std::int64_t kCount = 64;
  const TemporaryFolder folder;
  const auto& [name, shape] = GetParam();
  sparse::Whole whole = sparse::pruned_network(name, shape, 100);
  const std::vector<float> images = sparse::random_images(whole.graph, kCount);
  for (const bool pruned : {false, true}) {
    if (pruned) prune(whole.graph, whole.state);
    scale_outputs(whole.graph, whole.state, images, kCount);
    const std::vector<float> expected = outputs_of(whole.graph, whole.state, images, kCount);
    const OnnxReport report =
        write_onnx(folder / "net.onnx", whole.graph, whole.state,
                   {.sparse = SparseInitializers::Auto, .fold_batch_norm = pruned});
    EXPECT_EQ(report.sparse_tensors > 0, pruned);
    const std::vector<float> outputs = run_onnxruntime(folder / "net.onnx", shape, images, 32);
    ASSERT_EQ(outputs.size(), expected.size());
    float worst = 0;
    for (std::size_t i = 0; i < outputs.size(); ++i)
      worst = std::max(worst, std::abs(outputs[i] - expected[i]));
    EXPECT_LT(worst, 1e-4F) << (pruned ? "pruned" : "dense");
    RecordProperty(pruned ? "pruned" : "dense", std::to_string(worst));
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, OnnxRuntimeSlow,
                         ::testing::Values(Exported{"resnet20", {3, 32, 32}},
                                           Exported{"vgg16-bn", {3, 32, 32}},
                                           Exported{"resnet50", {3, 64, 64}}),
                         [](const auto& test) {
                           std::string name = test.param.network;
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace pollard::test
