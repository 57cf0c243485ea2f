// Networks compiled for inference against the plain executor: random graphs, every instruction set,
// both paths, both packings, any batch.
#include "sparse/network.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "pollard/error.h"
#include "sparse/allocations.h"
#include "sparse/any_graph.h"
#include "sparse/reference.h"
#include "sparse/whole_network.h"

namespace {

using namespace pollard;
using namespace pollard::sparse;

std::vector<float> channels_last(const std::vector<float>& images, const ImageShape& shape) {
  std::vector<float> result;
  const auto size = static_cast<std::size_t>(shape.channels * shape.height * shape.width);
  const auto map = static_cast<std::size_t>(shape.height * shape.width);
  for (std::size_t image = 0; image < images.size(); image += size)
    for (std::size_t pixel = 0; pixel < map; ++pixel)
      for (std::size_t c = 0; c < static_cast<std::size_t>(shape.channels); ++c)
        result.push_back(images[image + c * map + pixel]);
  return result;
}

NetworkOptions any_options() {
  const auto all = available_kernels();
  NetworkOptions options;
  options.kernels = all[*rc::gen::inRange<std::size_t>(0, all.size())];
  options.threads = *rc::gen::inRange(1, 3);
  options.path = *rc::gen::element(Path::Auto, Path::Sparse, Path::Dense);
  options.measure = *rc::gen::inRange(0, 8) == 0;
  if (*rc::gen::inRange(0, 4) > 0)
    options.banding = Banding{*rc::gen::inRange(1, 10), *rc::gen::inRange(1, 6)};
  return options;
}

void expect_any_graph() {
  const AnyGraph random = any_graph();
  const auto count = *rc::gen::inRange<std::int64_t>(1, 21);
  const std::vector<float> images = random_images(random.graph, count);
  const std::vector<double> expected = reference_outputs(random.graph, random.state, images, count);
  const NetworkOptions options = any_options();
  RC_LOG() << describe(random.graph) << options.kernels->name << " threads " << options.threads
           << " path " << static_cast<int>(options.path) << " count " << count << " bands of "
           << options.banding.value_or(Banding{}).rows << " rows in groups of "
           << options.banding.value_or(Banding{}).ops;
  Network network(random.graph, random.state, options);
  const ImageOrder order = *rc::gen::element(ImageOrder::ChannelsFirst, ImageOrder::ChannelsLast);
  const std::vector<float> ordered = order == ImageOrder::ChannelsLast
                                         ? channels_last(images, random.graph.input_shape())
                                         : images;
  RC_ASSERT(difference(outputs_of(network, ordered, count, order), expected) < 1e-4);
  // Whatever the first batch left behind must not matter.
  RC_ASSERT(difference(outputs_of(network, ordered, count, order), expected) < 1e-4);
}

RC_GTEST_PROP(Network, ComputesAnyGraphs, ()) {
  for (int i = 0; i < 6; ++i) expect_any_graph();
}

void expect_whole(std::string_view name, ImageShape input, int percent_kept) {
  const Whole whole = pruned_network(name, input, percent_kept);
  const std::vector<float> images = random_images(whole.graph, 3);
  const std::vector<double> expected = reference_outputs(whole.graph, whole.state, images, 3);
  for (const Kernels* kernels : available_kernels()) {
    for (const Path path : {Path::Auto, Path::Dense}) {
      Network network(whole.graph, whole.state,
                      {.threads = 2, .kernels = kernels, .path = path, .measure = false});
      EXPECT_LT(difference(outputs_of(network, images, 3), expected), 1e-4);
      // The same three in a block and singly.
      const auto count = static_cast<std::int64_t>(2 * kernels->lanes + 1);
      std::vector<float> many;
      std::vector<double> many_expected;
      for (std::int64_t i = 0; i < count; ++i) {
        const auto size = images.size() / 3, outputs = expected.size() / 3;
        const auto k = static_cast<std::size_t>(i % 3);
        many.insert(many.end(), images.begin() + static_cast<std::ptrdiff_t>(k * size),
                    images.begin() + static_cast<std::ptrdiff_t>((k + 1) * size));
        many_expected.insert(many_expected.end(),
                             expected.begin() + static_cast<std::ptrdiff_t>(k * outputs),
                             expected.begin() + static_cast<std::ptrdiff_t>((k + 1) * outputs));
      }
      EXPECT_LT(difference(outputs_of(network, many, count), many_expected), 1e-4);
    }
  }
}

TEST(Network, ComputesResNet20) { expect_whole("resnet20", {3, 32, 32}, 10); }
TEST(Network, ComputesResNet56OfSmallImages) { expect_whole("resnet56", {3, 20, 20}, 5); }
TEST(Network, ComputesLeNet5) { expect_whole("lenet5", {1, 28, 28}, 30); }
TEST(Network, ComputesLeNet300100) { expect_whole("lenet-300-100", {1, 28, 28}, 20); }

TEST(Network, TakesOtherValuesForTheSameWeights) {
  const Whole whole = pruned_network("resnet8", {3, 16, 16}, 20);
  TensorMap masks, other = whole.state;
  for (const ParameterInfo& weight : whole.graph.prunable_parameters()) {
    HostTensor& mask = masks[weight.name] = HostTensor::zeros(DType::U8, weight.shape);
    const std::span<const float> values = whole.state.at(weight.name).f32();
    for (std::size_t i = 0; i < values.size(); ++i) mask.u8()[i] = values[i] != 0 || i % 9 == 0;
  }
  for (auto& [name, tensor] : other) {
    const auto mask = masks.find(name);
    for (std::size_t i = 0; i < tensor.f32().size(); ++i) {
      float& value = tensor.f32()[i];
      value = mask == masks.end()         ? value * 1.5F + 0.25F
              : mask->second.u8()[i] != 0 ? (value == 0 ? 0.05F : -value)
                                          : 0;
    }
  }
  const std::vector<float> images = random_images(whole.graph, 9);
  for (const Path path : {Path::Sparse, Path::Dense}) {
    Network network(whole.graph, whole.state, {.path = path, .measure = false}, &masks);
    EXPECT_LT(difference(outputs_of(network, images, 9),
                         reference_outputs(whole.graph, whole.state, images, 9)),
              1e-4);
    network.update(other);
    EXPECT_LT(difference(outputs_of(network, images, 9),
                         reference_outputs(whole.graph, other, images, 9)),
              1e-4);
  }
}

TEST(Network, LeavesOutWhatAMaskLeavesOut) {
  const Whole whole = pruned_network("resnet8", {3, 8, 8}, 100);
  TensorMap masks, masked = whole.state;
  HostTensor& mask = masks["layer1.0.conv1.weight"] = HostTensor::zeros(DType::U8, {16, 16, 3, 3});
  for (std::size_t i = 0; i < mask.u8().size(); ++i) {
    mask.u8()[i] = i % 5 == 0;
    if (i % 5 != 0) masked.at("layer1.0.conv1.weight").f32()[i] = 0;
  }
  const std::vector<float> images = random_images(whole.graph, 1);
  for (const Path path : {Path::Sparse, Path::Dense}) {
    Network network(whole.graph, whole.state, {.path = path, .measure = false}, &masks);
    EXPECT_LT(difference(outputs_of(network, images, 1),
                         reference_outputs(whole.graph, masked, images, 1)),
              1e-4);
  }
}

TEST(Network, AllocatesNothingForASizeItHasSeen) {
  const Whole whole = pruned_network("resnet8", {3, 32, 32}, 20);
  Network network(whole.graph, whole.state, {.threads = 2, .measure = false});
  for (const std::int64_t count : {1, 7, 19, 64}) {
    const std::vector<float> images = random_images(whole.graph, count);
    std::vector<float> outputs(static_cast<std::size_t>(network.outputs() * count));
    network.run(images, count, outputs);
    const std::int64_t before = allocations(), memory = network.memory();
    for (int i = 0; i < 3; ++i) network.run(images, count, outputs);
    EXPECT_EQ(allocations(), before) << count << " images";
    EXPECT_EQ(network.memory(), memory);
  }
}

TEST(Network, RepeatsBitForBitWithoutMeasuring) {
  const Whole whole = pruned_network("resnet20", {3, 32, 32}, 30);
  const std::vector<float> images = random_images(whole.graph, 21);
  const NetworkOptions options{.threads = 2, .measure = false};
  Network first(whole.graph, whole.state, options), second(whole.graph, whole.state, options);
  const std::vector<float> outputs = outputs_of(first, images, 21);
  EXPECT_EQ(outputs, outputs_of(first, images, 21));
  EXPECT_EQ(outputs, outputs_of(second, images, 21));
}

TEST(Network, TellsWhatItPlanned) {
  const Whole whole = pruned_network("resnet8", {3, 32, 32}, 10);
  Network network(whole.graph, whole.state, {.measure = false});
  ASSERT_EQ(network.plan().size(), 8U);
  const LayerPlan& layer = network.plan()[3];
  EXPECT_EQ(layer.name, "layer2.0.conv1");
  EXPECT_EQ(layer.operation, "Conv 3x3 /2");
  EXPECT_EQ(layer.weights, 16 * 32 * 9);
  EXPECT_EQ(layer.dense_multiply_adds, 16 * 32 * 9 * 16 * 16);
  EXPECT_NEAR(layer.density, 0.1, 0.02);
  EXPECT_EQ(layer.kept, std::lround(layer.density * static_cast<double>(layer.weights)));
  EXPECT_TRUE(layer.sparse);
  EXPECT_EQ(network.plan().back().operation, "Gemm");
  network.profile(true);
  const std::vector<float> images = random_images(whole.graph, 8);
  (void)outputs_of(network, images, 8);
  ASSERT_EQ(network.layer_seconds().size(), 8U);
  for (const double seconds : network.layer_seconds()) EXPECT_GT(seconds, 0);
}

TEST(Network, RefusesStatesAndMasksThatDoNotFit) {
  const Whole whole = pruned_network("lenet5", {1, 28, 28}, 50);
  const auto message = [&](const TensorMap& state, const TensorMap* masks) -> std::string {
    try {
      Network network(whole.graph, state, {.measure = false}, masks);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Input);
      return error.what();
    }
    return "";
  };
  TensorMap state = whole.state;
  state.erase("fc1.weight");
  EXPECT_NE(message(state, nullptr).find("'fc1.weight'"), std::string::npos);
  state["fc1.weight"] = HostTensor::zeros(DType::F32, {3, 3});
  EXPECT_NE(message(state, nullptr).find("[3, 3]"), std::string::npos);
  const TensorMap masks{{"fc1.bias", HostTensor::zeros(DType::U8, {120})}};
  EXPECT_NE(message(whole.state, &masks).find("'fc1.bias'"), std::string::npos);
  const TensorMap typed{{"fc2.weight", HostTensor::zeros(DType::F32, {84, 120})}};
  EXPECT_NE(message(whole.state, &typed).find("'fc2.weight'"), std::string::npos);
  Network network(whole.graph, whole.state, {.measure = false});
  std::vector<float> images(10), outputs(10);
  EXPECT_THROW(network.run(images, 1, outputs), Error);
}

}  // namespace
