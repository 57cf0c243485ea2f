#include "exec/batch_tensors.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "pollard/error.h"

namespace pollard {
namespace {

template <typename... Args>
[[noreturn]] void fail(const Batch& batch, fmt::format_string<Args...> text, Args&&... args) {
  throw Error(
      ErrorCode::Input,
      fmt::format("batch {}: {}", batch.index, fmt::format(text, std::forward<Args>(args)...)),
      "look whether data set and network belong together");
}

std::string describe(const ImageShape& shape) {
  return fmt::format("{} x {} pixels with {} channel(s)", shape.height, shape.width,
                     shape.channels);
}

}  // namespace

void check_images(const Batch& batch, const Graph& graph) {
  const ImageShape& shape = batch.shape;
  if (shape != graph.input_shape()) {
    fail(batch, "images of {}; the network expects {}", describe(shape),
         describe(graph.input_shape()));
  }
  const std::array sizes{batch.count, shape.height, shape.width, shape.channels};
  if (batch.count < 1 || std::ssize(batch.images) != element_count(sizes)) {
    fail(batch, "{} values do not make {} images of {}", batch.images.size(), batch.count,
         describe(shape));
  }
}

at::Tensor image_tensor(const Batch& batch, const Graph& graph, at::Device device) {
  check_images(batch, graph);
  const ImageShape& shape = batch.shape;
  const std::array sizes{batch.count, shape.height, shape.width, shape.channels};
  return at::from_blob(const_cast<float*>(batch.images.data()), sizes,
                       at::TensorOptions().dtype(at::kFloat))
      .permute({0, 3, 1, 2})
      .to(device);
}

void check_labels(const Batch& batch, const Graph& graph) {
  if (std::ssize(batch.labels) != batch.count) {
    fail(batch, "{} labels for {} images", batch.labels.size(), batch.count);
  }
  const std::int64_t classes = graph.classes();
  for (const std::int64_t label : batch.labels) {
    if (label < 0 || label >= classes)
      fail(batch, "the label {} is not in [0, {})", label, classes);
  }
}

at::Tensor label_tensor(const Batch& batch, const Graph& graph, at::Device device) {
  check_labels(batch, graph);
  return at::from_blob(const_cast<std::int64_t*>(batch.labels.data()), {batch.count},
                       at::TensorOptions().dtype(at::kLong))
      .to(device);
}

}  // namespace pollard
