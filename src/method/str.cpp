#include "method/str.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "method/plain_memory.h"

namespace pollard {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kBlock = 4096;
constexpr std::string_view kAll = "all";

at::Tensor fused_threshold(const at::Tensor& weight, float h) {
  at::Tensor out = at::empty_like(weight);
  const float* __restrict w = weight.data_ptr<float>();
  float* __restrict y = out.data_ptr<float>();
  in_parts(weight.numel(), [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      // What is left of w after cutting it to [-h, h]: exact zeros inside.
      y[i] = w[i] - std::clamp(w[i], -h, h);
    }
  });
  return out;
}

struct Gradients {
  at::Tensor weight, pull;  // pull: the sum over active of sign(w) g
};

// Blocks of a fixed size, so that the sum does not depend on the number of threads.
Gradients fused_gradients(const at::Tensor& weight, const at::Tensor& g, float h) {
  const Gradients out{at::empty_like(weight), at::empty({}, weight.options())};
  const float* __restrict w = weight.data_ptr<float>();
  const float* __restrict dy = g.data_ptr<float>();
  float* __restrict dw = out.weight.data_ptr<float>();
  const std::int64_t count = weight.numel(), blocks = (count + kBlock - 1) / kBlock;
  std::vector<double> sums(static_cast<std::size_t>(blocks));
  at::parallel_for(0, blocks, kElementsPerThread / kBlock, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t block = from; block < to; ++block) {
      const std::int64_t begin = block * kBlock, end = std::min(count, begin + kBlock);
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (std::int64_t i = begin; i < end; ++i) {
        const float up = w[i] > h ? dy[i] : 0.0F, down = w[i] < -h ? dy[i] : 0.0F;
        dw[i] = up + down;
        sum += up - down;
      }
      sums[static_cast<std::size_t>(block)] = sum;
    }
  });
  out.pull.fill_(std::accumulate(sums.begin(), sums.end(), 0.0));
  return out;
}

Gradients gradients_of(const at::Tensor& weight, const at::Tensor& g, const at::Tensor& h) {
  if (is_plain(weight)) return fused_gradients(weight, in_order_of(weight, g), h.item<float>());
  const at::Tensor through = at::mul(g, weight.abs().gt(h));
  return {through, at::mul(through, weight.sign()).sum()};
}

struct SoftThreshold : torch::autograd::Function<SoftThreshold> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& weight,
                            const at::Tensor& s) {
    const at::Tensor h = s.sigmoid();
    context->save_for_backward({weight, h});
    if (is_plain(weight)) return fused_threshold(weight, h.item<float>());
    return weight.sign().mul_(weight.abs().sub_(h).relu_());
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& h = saved[1];
    const Gradients d = gradients_of(saved[0], gradients[0], h);
    return {d.weight, (d.pull * h * (h - 1)).view(h.sizes())};  // -h (1 - h) = -sigmoid'(s)
  }
};

}  // namespace

at::Tensor soft_threshold(const at::Tensor& weight, const at::Tensor& s) {
  return SoftThreshold::apply(weight, s);
}

const at::Tensor& SoftThresholds::latent_of(std::string_view weight) const {
  return latents().at(settings_.one_for_all ? kAll : weight);
}

float SoftThresholds::threshold(std::string_view weight) const {
  return latent_of(weight).detach().sigmoid().item<float>();
}

void SoftThresholds::add_latents() {
  const auto add = [&](std::string_view name, const at::Tensor& like) {
    latents().add(std::string(name), at::full({}, settings_.start, like.detach().options()),
                  /*decay=*/1);
  };
  if (settings_.one_for_all) return add(kAll, weights().front()->value);
  for (const ParameterSlot* slot : weights()) add(slot->name, slot->value);
}

at::Tensor SoftThresholds::effective(std::string_view name, const at::Tensor& weight) const {
  return soft_threshold(weight, latent_of(name));
}

at::Tensor SoftThresholds::margins(std::string_view name, const at::Tensor& weight) const {
  return weight.detach().abs().clamp_max_(1).logit_().sub_(latent_of(name).detach());
}

at::Tensor SoftThresholds::keeps(std::string_view name, const at::Tensor& weight) const {
  return weight.detach().abs().gt(latent_of(name).detach().sigmoid());
}

void SoftThresholds::shift(double by) {
  for (ParameterSlot& slot : latents().slots()) slot.value.add_(by);
}

// A weight that is kept though it equals the threshold to the last bit must not end as zero.
at::Tensor SoftThresholds::final_weight(std::string_view name, const at::Tensor& weight) const {
  const at::Tensor size = soft_threshold(weight.detach(), latent_of(name).detach()).abs_();
  return size.clamp_min_(std::numeric_limits<float>::min()).copysign_(weight.detach());
}

std::string SoftThresholds::advice() const {
  return "lower method.str.s0 or train.weight_decay, or set method.target_sparsity";
}

void declare_str(ParameterTable& table) {
  const OnlyWith str{"train.method", {"str"}};
  table.add({.key = "method.str.s0",
             .fallback = -10.0,
             .unit = "",
             .help = "Where the thresholds start: sigmoid(s0).",
             .minimum = -10000,
             .maximum = 20,
             .only_with = str});
  table.add({.key = "method.str.scope",
             .fallback = std::string("layer"),
             .unit = "",
             .help = "One threshold for each layer, or a single one for all (global).",
             .choices = {"layer", "global"},
             .only_with = str});
}

std::unique_ptr<Method> make_str(const Config& config) {
  return std::make_unique<SoftThresholds>(
      StrSettings{.start = config.real("method.str.s0"),
                  .one_for_all = config.text("method.str.scope") == "global",
                  .common = {.target = config.real("method.target_sparsity")}});
}

}  // namespace pollard
