#include <gmock/gmock.h>

#include <cstring>

#include "pollard/networks.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const Graph& resnet() {
  static const Graph graph = build_network("resnet8", {3, 32, 32}, 10);
  return graph;
}

TensorMap state() { return initialize(resnet(), 1, Initialization::Pytorch); }

Error refusal(TensorMap tensors) {
  const Error error =
      thrown_by([&] { (void)match_state(resnet(), std::move(tensors), "net.safetensors"); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), StartsWith("net.safetensors: tensor '"));
  return error;
}

TEST(MatchState, GivesBackWhatFits) { EXPECT_EQ(match_state(resnet(), state(), "file"), state()); }

TEST(MatchState, StripsPrefixesAndCounters) {
  TensorMap prefixed;
  for (const auto& [name, tensor] : state()) prefixed.emplace("module." + name, tensor);
  prefixed.emplace("module.bn1.num_batches_tracked", HostTensor::zeros(DType::I64, {}));
  prefixed.emplace("layer1.0.bn1.num_batches_tracked", HostTensor::zeros(DType::I64, {}));
  EXPECT_EQ(match_state(resnet(), prefixed, "file"), state());
  prefixed.emplace("linear.bias", HostTensor::zeros(DType::F32, {10}));
  EXPECT_THAT(refusal(prefixed).what(),
              HasSubstr("'module.linear.bias' is there with and without"));
}

TEST(MatchState, ConvertsToF32) {
  TensorMap tensors = state();
  HostTensor half = HostTensor::zeros(DType::F16, {10});
  const std::uint16_t minus_two = 0xC000;
  std::memcpy(half.bytes.data() + 6, &minus_two, 2);
  tensors["linear.bias"] = half;
  const TensorMap matched = match_state(resnet(), tensors, "file");
  EXPECT_EQ(matched.at("linear.bias").f32()[3], -2.0F);
  tensors["linear.bias"] = HostTensor::zeros(DType::I64, {10});
  EXPECT_THAT(refusal(tensors).what(), HasSubstr("'linear.bias' holds I64, expected floats"));
}

TEST(MatchState, UnknownTensorsNameTheNearestMissing) {
  TensorMap tensors = state();
  auto entry = tensors.extract("linear.weight");
  entry.key() = "fc.weight";
  tensors.insert(std::move(entry));
  const Error renamed = refusal(tensors);
  EXPECT_THAT(renamed.what(), HasSubstr("'fc.weight' is no parameter of resnet8"));
  EXPECT_EQ(renamed.hint(), "nearest name: 'linear.weight'");
  TensorMap extra = state();
  extra.emplace("layer1.0.conv3.weight", HostTensor::zeros(DType::F32, {1}));
  EXPECT_EQ(refusal(extra).hint(), "nearest name: 'layer1.0.conv1.weight'");
}

TEST(MatchState, EveryParameterIsRequired) {
  for (const ParameterInfo& parameter : resnet().parameters()) {
    TensorMap tensors = state();
    tensors.erase(parameter.name);
    EXPECT_THAT(refusal(tensors).what(),
                HasSubstr("'" + parameter.name + "' of resnet8 is missing"));
  }
}

TEST(MatchState, ShapesMustAgree) {
  TensorMap tensors = state();
  tensors["conv1.weight"] = HostTensor::zeros(DType::F32, {16, 1, 3, 3});
  EXPECT_THAT(refusal(tensors).what(),
              HasSubstr("'conv1.weight' has shape [16, 1, 3, 3], expected [16, 3, 3, 3]"));
}

}  // namespace
}  // namespace pollard
