#include "method/cs.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "method/method_state.h"
#include "method/plain_memory.h"
#include "method/sparsity_target.h"

namespace pollard {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double kHottest = 1e6;  // gates of scores that have hardly moved say nothing

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

at::Tensor gates(const at::Tensor& scores, double temperature) {
  return at::mul(scores, temperature).sigmoid_();
}

struct Gradients {
  at::Tensor weight, scores;
};

// With gate h: d/dw = (scale g) h, d/ds = (scale g) w temperature h (1 - h), in one pass.
Gradients fused_gradients(const at::Tensor& weight, const at::Tensor& gate, const at::Tensor& g,
                          double scale, double temperature) {
  const Gradients out{at::empty_like(weight), at::empty_like(weight)};
  const float* __restrict w = weight.data_ptr<float>();
  const float* __restrict h = gate.data_ptr<float>();
  const float* __restrict dy = g.data_ptr<float>();
  float* __restrict dw = out.weight.data_ptr<float>();
  float* __restrict ds = out.scores.data_ptr<float>();
  const auto c = static_cast<float>(scale), b = static_cast<float>(temperature);
  in_parts(weight.numel(), [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float through = c * dy[i] * h[i];
      dw[i] = through;
      ds[i] = through * w[i] * b * (1 - h[i]);
    }
  });
  return out;
}

Gradients gradients_of(const at::Tensor& weight, const at::Tensor& gate, const at::Tensor& g,
                       double scale, double temperature) {
  if (is_plain(weight)) {
    return fused_gradients(weight, gate, in_order_of(weight, g), scale, temperature);
  }
  const at::Tensor through = at::mul(g, gate).mul_(scale);
  return {through, at::mul(through, weight).mul_(1 - gate).mul_(temperature)};
}

struct GatedWeight : torch::autograd::Function<GatedWeight> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& weight,
                            const at::Tensor& scores, double temperature, double scale) {
    const at::Tensor gate = gates(scores, temperature);
    context->save_for_backward({weight, gate});
    context->saved_data["temperature"] = temperature;
    context->saved_data["scale"] = scale;
    return at::mul(weight, gate).mul_(scale);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Gradients d =
        gradients_of(saved[0], saved[1], gradients[0], context->saved_data["scale"].toDouble(),
                     context->saved_data["temperature"].toDouble());
    return {d.weight, d.scores, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor gated_weight(const at::Tensor& weight, const at::Tensor& scores, double temperature,
                        double start) {
  return GatedWeight::apply(weight, scores, temperature, 1 / sigmoid(start));
}

double ContinuousSparsification::temperature() const { return std::pow(last_, progress()); }

void ContinuousSparsification::add_latents() {
  for (const ParameterSlot* slot : weights()) {
    latents().add(slot->name, at::full_like(slot->value.detach(), settings_.start), /*decay=*/0);
  }
}

at::Tensor ContinuousSparsification::effective(std::string_view name,
                                               const at::Tensor& weight) const {
  return gated_weight(weight, latents().at(name), temperature(), settings_.start);
}

at::Tensor ContinuousSparsification::margins(std::string_view name, const at::Tensor&) const {
  return latents().at(name).detach();
}

void ContinuousSparsification::shift(double by) {
  for (ParameterSlot& slot : latents().slots()) slot.value.sub_(by);
}

// d/ds of penalty * sum sigmoid(b s). It goes straight to the gradient: a sum over all weights in
// the loss would cost a backward pass of its own.
void ContinuousSparsification::add_penalties() {
  const double b = temperature(), slope = settings_.penalty * b;
  if (slope == 0) return;
  for (ParameterSlot& slot : latents().slots()) {
    const at::Tensor gate = gates(slot.value, b);
    slot.gradient.add_(gate.addcmul_(gate, gate, -1), slope);  // h - h h
  }
}

void ContinuousSparsification::after_control(std::int64_t kept) {
  std::vector<at::Tensor> sizes;
  for (const ParameterSlot& slot : latents().slots()) sizes.push_back(slot.value.detach().abs());
  const double spread = shift_that_prunes(sizes, std::max<std::int64_t>(kept / 4, 1));
  const double needed = spread > 0 ? settings_.hardness / spread : 0;
  last_ = std::clamp(needed, settings_.beta, std::max(settings_.beta, kHottest));
}

TensorMap ContinuousSparsification::save() const {
  TensorMap state = LatentMethod::save();
  state.emplace("last_temperature", real_tensor(last_));
  return state;
}

void ContinuousSparsification::load(const TensorMap& state) {
  LatentMethod::load(state);
  last_ = read_real(state, "last_temperature");
}

std::string ContinuousSparsification::advice() const {
  return "raise method.cs.s0, lower method.cs.penalty, or set method.target_sparsity";
}

void declare_cs(ParameterTable& table) {
  const OnlyWith cs{"train.method", {"cs"}};
  table.add({.key = "method.cs.s0",
             .fallback = 0.0,
             .unit = "",
             .help = "Where the scores start; lower ends sparser where no sparsity is aimed at.",
             .minimum = -20,
             .maximum = 20,
             .only_with = cs});
  table.add({.key = "method.cs.beta",
             .fallback = 200.0,
             .unit = "",
             .help = "The last temperature of the gates; it grows from 1, by the same factor every "
                     "step.",
             .minimum = 1,
             .only_with = cs});
  table.add({.key = "method.cs.penalty",
             .fallback = 1e-8,
             .unit = "",
             .help = "What an open gate adds to the loss.",
             .minimum = 0,
             .only_with = cs});
  table.add({.key = "method.cs.hardness",
             .fallback = 5.0,
             .unit = "",
             .help = "Where a sparsity is aimed at: beta grows until b |s| reaches this for all "
                     "but a few gates, as short trainings need; 0: never.",
             .minimum = 0,
             .maximum = 20,
             .only_with = cs});
  declare_double_decay(table, "cs");
}

std::unique_ptr<Method> make_cs(const Config& config) {
  return std::make_unique<ContinuousSparsification>(
      CsSettings{.start = config.real("method.cs.s0"),
                 .beta = config.real("method.cs.beta"),
                 .penalty = config.real("method.cs.penalty"),
                 .hardness = config.real("method.cs.hardness"),
                 .common = latent_settings(config, "cs")});
}

}  // namespace pollard
