#include "exec/batch_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exec/tensors.h"
#include "pollard/networks.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using ::testing::HasSubstr;

constexpr ImageShape kShape{3, 4, 5};

Graph flattened(ImageShape shape) {
  Graph graph("flat", shape);
  graph.set_output(graph.add_node("flat", Flatten{}, {std::string(Graph::kInput)}));
  return graph;
}

TEST(BatchTensors, AreTheBatchsOwnMemoryInChannelsLast) {
  const Batch batch = test::formula_batch(2, kShape, 10);
  const at::Tensor images = image_tensor(batch, flattened(kShape), at::kCPU);
  EXPECT_EQ(images.data_ptr(), batch.images.data());
  EXPECT_EQ(images.sizes(), (at::IntArrayRef{2, 3, 4, 5}));
  EXPECT_TRUE(images.is_contiguous(at::MemoryFormat::ChannelsLast));
  // Image 1, channel 2, row 3, column 4 of N,H,W,C memory.
  EXPECT_EQ(images[1][2][3][4].item<float>(), batch.images[((1 * 4 + 3) * 5 + 4) * 3 + 2]);
  const at::Tensor labels = label_tensor(batch, flattened(kShape), at::kCPU);
  EXPECT_EQ(labels[1].item<std::int64_t>(), 1);
}

TEST(BatchTensors, RefuseImagesOfAnotherShape) {
  const Batch batch = test::formula_batch(2, {3, 5, 4}, 10);
  const Error error =
      test::thrown_by([&] { (void)image_tensor(batch, flattened(kShape), at::kCPU); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr("images of 5 x 4 pixels with 3 channel(s)"));
  EXPECT_THAT(error.what(), HasSubstr("expects 4 x 5"));
}

TEST(BatchTensors, RefuseSizesThatDisagree) {
  Batch batch = test::formula_batch(2, kShape, 10);
  const Graph graph = flattened(kShape);
  batch.index = 7;
  batch.images.pop_back();
  const Error short_of_a_value =
      test::thrown_by([&] { (void)image_tensor(batch, graph, at::kCPU); });
  EXPECT_THAT(short_of_a_value.what(), HasSubstr("batch 7: 119 values do not make 2 images"));
  batch.labels.pop_back();
  const Error short_of_a_label =
      test::thrown_by([&] { (void)label_tensor(batch, graph, at::kCPU); });
  EXPECT_THAT(short_of_a_label.what(), HasSubstr("1 labels for 2 images"));
  const Error none = test::thrown_by([&] {
    (void)image_tensor({0, 0, kShape, {}, {}}, graph, at::kCPU);
  });
  EXPECT_THAT(none.what(), HasSubstr("0 images"));
}

TEST(BatchTensors, RefuseLabelsThatAreNoClass) {
  Batch batch = test::formula_batch(2, kShape, 10);
  const Graph graph = flattened(kShape);  // 60 classes
  for (const std::int64_t label : {-1, 60}) {
    batch.labels[1] = label;
    const Error error = test::thrown_by([&] { (void)label_tensor(batch, graph, at::kCPU); });
    EXPECT_EQ(error.code(), ErrorCode::Input);
    EXPECT_THAT(error.what(),
                HasSubstr("the label " + std::to_string(label) + " is not in [0, 60)"));
  }
}

}  // namespace
}  // namespace pollard
