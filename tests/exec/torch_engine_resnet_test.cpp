// One training step of resnet8: against the same network written by hand in double precision, and
// against numbers from PyTorch's Python API.
#include <gtest/gtest.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include <cmath>

#include "exec/host_tensors.h"
#include "exec/tensors.h"
#include "pollard/networks.h"
#include "pollard/torch_engine.h"

namespace pollard {
namespace {

using test::near;

/// Parameter number k, flat index i: sin(0.7 i + k), scaled by sqrt(2 / fan_in) for weights and by
/// 0.1 for the rest, about 1 for the scales of batch norm. Statistics start at 0 and 1.
TensorMap formula_state(const Graph& graph) {
  TensorMap state;
  double k = 0;
  for (const ParameterInfo& info : graph.parameters()) {
    HostTensor tensor = HostTensor::zeros(DType::F32, info.shape);
    double fan_in = 1, i = 0;
    for (std::size_t d = 1; d < info.shape.size(); ++d)
      fan_in *= static_cast<double>(info.shape[d]);
    for (float& value : tensor.f32()) {
      const double wave = std::sin(0.7 * i++ + k);
      double number = 0.1 * wave;
      if (info.role == ParameterRole::Weight) number = wave * std::sqrt(2 / fan_in);
      if (info.role == ParameterRole::Scale) number += 1;
      if (info.role == ParameterRole::RunningMean) number = 0;
      if (info.role == ParameterRole::RunningVariance) number = 1;
      value = static_cast<float>(number);
    }
    state.emplace(info.name, std::move(tensor));
    ++k;
  }
  return state;
}

// resnet8 in double precision, from LibTorch's functional calls alone.
class DoubleResnet8 {
 public:
  explicit DoubleResnet8(const TensorMap& state) {
    for (const auto& [name, host] : state) {
      at::Tensor tensor = to_torch(host).to(at::kDouble);
      if (name.find("running") == std::string::npos) tensor.set_requires_grad(true);
      parameters_[name] = tensor;
    }
  }
  at::Tensor& operator[](const std::string& name) { return parameters_.at(name); }

  at::Tensor logits(const at::Tensor& x, bool training) {
    const auto norm = [&](const std::string& n, const at::Tensor& v) {
      auto& p = *this;
      return at::batch_norm(v, p[n + ".weight"], p[n + ".bias"], p[n + ".running_mean"],
                            p[n + ".running_var"], training, 0.1, 1e-5, false);
    };
    const auto conv = [&](const std::string& n, const at::Tensor& v, std::int64_t stride) {
      return at::conv2d(v, (*this)[n + ".weight"], {}, stride, 1);
    };
    at::Tensor h = at::relu(norm("bn1", conv("conv1", x, 1)));
    for (const std::int64_t stage : {1, 2, 3}) {
      const std::string name = "layer" + std::to_string(stage) + ".0.";
      const std::int64_t stride = stage == 1 ? 1 : 2;
      at::Tensor y = at::relu(norm(name + "bn1", conv(name + "conv1", h, stride)));
      y = norm(name + "bn2", conv(name + "conv2", y, 1));
      if (stride == 2) {
        h = h.slice(2, 0, h.size(2), 2).slice(3, 0, h.size(3), 2);
        const at::Tensor zeros = at::zeros_like(h.narrow(1, 0, h.size(1) / 2));
        h = at::cat({zeros, h, zeros}, 1);
      }
      h = at::relu(y + h);
    }
    return h.mean({2, 3}).matmul((*this)["linear.weight"].t()) + (*this)["linear.bias"];
  }

 private:
  std::map<std::string, at::Tensor> parameters_;
};

at::Tensor double_images(const Batch& batch) {
  const auto& s = batch.shape;
  return at::tensor(batch.images)
      .reshape({batch.count, s.height, s.width, s.channels})
      .permute({0, 3, 1, 2})
      .to(at::kDouble);
}

class Resnet8Step : public ::testing::TestWithParam<TorchEngineSettings> {};

// Engine and hand-written network after one step on `shape`: loss, gradients, statistics, outputs.
void expect_agreement(const TorchEngineSettings& settings, ImageShape shape) {
  const Graph graph = build_network("resnet8", shape, 10);
  const auto engine = make_torch_engine(graph, settings);
  const TensorMap state = initialize(graph, 3, Initialization::Kaiming);
  engine->load_state(state);
  DoubleResnet8 reference(state);

  const Batch batch = test::formula_batch(6, shape, 10);
  engine->forward_backward(batch, {});
  const at::Tensor x = double_images(batch);
  const at::Tensor loss =
      at::cross_entropy_loss(reference.logits(x, true), at::tensor(batch.labels), {},
                             at::Reduction::Mean, -100, settings.label_smoothing);
  loss.backward();
  EXPECT_NEAR(engine->take_meters().loss, loss.item<double>(), 1e-5);
  for (const ParameterSlot& slot : engine->slots()) {
    EXPECT_TRUE(near(slot.gradient, reference[slot.name].grad(), 2e-4)) << slot.name;
  }
  for (const auto& [name, host] : engine->state()) {
    EXPECT_TRUE(near(to_torch(host), reference[name], 1e-5)) << name;
  }
  const at::Tensor outputs = to_torch(engine->predict(batch));
  EXPECT_TRUE(near(outputs, reference.logits(x, false), 1e-4));
  EXPECT_EQ(engine->take_meters().images, 0);  // predict() counts nothing
}

TEST_P(Resnet8Step, AgreesWithDoublePrecision) { expect_agreement(GetParam(), {3, 12, 12}); }
TEST_P(Resnet8Step, TakesOddSizes) { expect_agreement(GetParam(), {3, 11, 9}); }
TEST_P(Resnet8Step, TakesOneChannel) { expect_agreement(GetParam(), {1, 12, 12}); }

struct Golden {
  const char* name;
  double norm, third;  // the value at flat index 3
};

// /usr/bin/python3 with torch 1.13 in float64: the formulas above, torch.nn.functional, backward().
constexpr double kGoldenLoss = 2.2641894310;
constexpr Golden kGoldenGradients[] = {
    {"conv1.weight", 0.05767090961, 0.001614073862},
    {"bn1.weight", 0.04935067747, 0.009967321919},
    {"layer1.0.conv2.weight", 0.3970246958, 0.02109045083},
    {"layer2.0.conv1.weight", 0.2488282698, -0.002591078623},
    {"layer3.0.bn2.bias", 0.2833450982, -0.02261052126},
    {"layer3.0.conv2.weight", 0.79239516, 0.003740414756},
    {"linear.weight", 2.255137289, -0.1071571375},
    {"linear.bias", 0.3820857958, -0.1087110659},
};
constexpr Golden kGoldenStatistics[] = {
    {"bn1.running_mean", 0.06738526776, 0.01818894542},
    {"bn1.running_var", 4.903034659, 1.215451051},
    {"layer3.0.bn2.running_mean", 0.8998012924, -0.1322253177},
    {"layer3.0.bn2.running_var", 11.36814897, 1.256390827},
};

void expect_golden(const Golden& golden, const at::Tensor& tensor) {
  EXPECT_NEAR(tensor.norm().item<double>(), golden.norm, 2e-4 * golden.norm) << golden.name;
  const at::Tensor flat = tensor.contiguous().flatten();
  EXPECT_NEAR(flat[3].item<double>(), golden.third, 2e-4 * golden.norm) << golden.name;
}

TEST_P(Resnet8Step, AgreesWithPython) {
  if (GetParam().label_smoothing != 0) GTEST_SKIP() << "the numbers are without smoothing";
  const ImageShape shape{3, 8, 8};
  const Graph graph = build_network("resnet8", shape, 10);
  const auto engine = make_torch_engine(graph, GetParam());
  engine->load_state(formula_state(graph));
  engine->forward_backward(test::formula_batch(4, shape, 10), {});
  EXPECT_NEAR(engine->take_meters().loss, kGoldenLoss, 1e-5);
  for (const Golden& golden : kGoldenGradients) {
    for (const ParameterSlot& slot : engine->slots()) {
      if (slot.name == golden.name) expect_golden(golden, slot.gradient);
    }
  }
  const TensorMap state = engine->state();
  for (const Golden& golden : kGoldenStatistics) {
    expect_golden(golden, to_torch(state.at(golden.name)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Settings, Resnet8Step,
    ::testing::Values(TorchEngineSettings{.channels_last = true, .fused = true},
                      TorchEngineSettings{.channels_last = true, .fused = false},
                      TorchEngineSettings{.channels_last = false, .fused = true},
                      TorchEngineSettings{.label_smoothing = 0.1}),
    [](const auto& info) {
      const TorchEngineSettings& s = info.param;
      return std::string(s.channels_last ? "ChannelsLast" : "Plain") +
             (s.fused ? "Fused" : "Unfused") + (s.label_smoothing > 0 ? "Smoothed" : "");
    });

}  // namespace
}  // namespace pollard
