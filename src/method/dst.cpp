#include "method/dst.h"

#include <fmt/format.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "method/method_state.h"
#include "method/plain_memory.h"
#include "method/sparsity_target.h"
#include "pollard/error.h"

namespace pollard {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr double kMostOfRow = 0.9;

// ---- over plain memory: rows of one neuron or filter, one after the other ----------------------

bool has_plain_rows(const at::Tensor& weight) {
  return is_plain(weight) &&
         (weight.is_contiguous() || weight.is_contiguous(at::MemoryFormat::ChannelsLast));
}

/// visit(row, begin, end) for each, on several threads where that pays.
template <typename Visit>
void for_rows(const at::Tensor& weight, const Visit& visit) {
  const std::int64_t rows = weight.size(0),
                     length = weight.numel() / std::max<std::int64_t>(rows, 1);
  const std::int64_t grain = kElementsPerThread / std::max<std::int64_t>(length, 1) + 1;
  at::parallel_for(0, rows, grain, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t row = from; row < to; ++row) visit(row, row * length, (row + 1) * length);
  });
}

inline float stand_in(float x) {
  const float size = std::abs(x);
  const float near = std::max(2 - 4 * size, 0.4F);  // 2 - 4 * 0.4 = 0.4
  return size <= 1 ? near : 0.0F;
}

at::Tensor fused_masked(const at::Tensor& weight, const at::Tensor& thresholds) {
  at::Tensor out = at::empty_like(weight);
  const float* __restrict w = weight.data_ptr<float>();
  const float* __restrict t = thresholds.data_ptr<float>();
  float* __restrict y = out.data_ptr<float>();
  for_rows(weight, [=](std::int64_t row, std::int64_t begin, std::int64_t end) {
    const float limit = t[row];
    for (std::int64_t i = begin; i < end; ++i) y[i] = std::abs(w[i]) > limit ? w[i] : 0.0F;
  });
  return out;
}

struct Gradients {
  at::Tensor weight, thresholds;
};

Gradients fused_gradients(const at::Tensor& weight, const at::Tensor& thresholds,
                          const at::Tensor& g) {
  const Gradients out{at::empty_like(weight), at::empty_like(thresholds)};
  const float* __restrict w = weight.data_ptr<float>();
  const float* __restrict t = thresholds.data_ptr<float>();
  const float* __restrict dy = g.data_ptr<float>();
  float* __restrict dw = out.weight.data_ptr<float>();
  float* __restrict dt = out.thresholds.data_ptr<float>();
  for_rows(weight, [=](std::int64_t row, std::int64_t begin, std::int64_t end) {
    const float limit = t[row];
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = begin; i < end; ++i) {
      const float x = std::abs(w[i]) - limit, slope = stand_in(x);
      dw[i] = dy[i] * ((x > 0 ? 1.0F : 0.0F) + std::abs(w[i]) * slope);
      sum += dy[i] * w[i] * slope;
    }
    dt[row] = -sum;
  });
  return out;
}

// ---- with LibTorch's operations ----------------------------------------------------------------

at::Tensor by_row(const at::Tensor& thresholds, const at::Tensor& weight) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(weight.dim()), 1);
  shape[0] = thresholds.numel();
  return thresholds.view(shape);
}

at::Tensor distances(const at::Tensor& weight, const at::Tensor& thresholds) {
  return weight.abs().sub_(by_row(thresholds, weight));
}

Gradients gradients_of(const at::Tensor& weight, const at::Tensor& thresholds,
                       const at::Tensor& g) {
  if (has_plain_rows(weight)) return fused_gradients(weight, thresholds, in_order_of(weight, g));
  const at::Tensor x = distances(weight, thresholds), size = x.abs();
  const at::Tensor slope = at::mul(size, -4).add_(2).clamp_min_(0.4).mul_(size.le(1));
  const at::Tensor dw = at::mul(weight.abs(), slope).add_(x.gt(0)).mul_(g);
  const at::Tensor dt = at::mul(g, weight).mul_(slope).reshape({weight.size(0), -1}).sum(1).neg_();
  return {dw, dt};
}

std::int64_t count_kept(const at::Tensor& weight, const at::Tensor& thresholds) {
  if (!has_plain_rows(weight))
    return distances(weight, thresholds).gt(0).sum().item<std::int64_t>();
  const float* w = weight.data_ptr<float>();
  const float* t = thresholds.data_ptr<float>();
  std::vector<std::int32_t> kept(static_cast<std::size_t>(weight.size(0)));
  for_rows(weight, [&](std::int64_t row, std::int64_t begin, std::int64_t end) {
    const float limit = t[row];
    std::int32_t here = 0;
    for (std::int64_t i = begin; i < end; ++i) here += std::abs(w[i]) > limit ? 1 : 0;
    kept[static_cast<std::size_t>(row)] = here;
  });
  return std::accumulate(kept.begin(), kept.end(), std::int64_t{0});
}

/// max |w| of each row.
at::Tensor largest_by_row(const at::Tensor& weight) {
  if (!has_plain_rows(weight)) return weight.abs().reshape({weight.size(0), -1}).amax(1);
  at::Tensor largest = at::empty({weight.size(0)}, weight.options());
  const float* w = weight.data_ptr<float>();
  float* out = largest.data_ptr<float>();
  for_rows(weight, [=](std::int64_t row, std::int64_t begin, std::int64_t end) {
    float most = 0;
#pragma omp simd reduction(max : most)
    for (std::int64_t i = begin; i < end; ++i) most = std::max(most, std::abs(w[i]));
    out[row] = most;
  });
  return largest;
}

struct ThresholdedWeight : torch::autograd::Function<ThresholdedWeight> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& weight,
                            const at::Tensor& thresholds) {
    context->save_for_backward({weight, thresholds});
    if (has_plain_rows(weight)) return fused_masked(weight, thresholds);
    return at::mul(weight, distances(weight, thresholds).gt(0));
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const Gradients d = gradients_of(saved[0], saved[1], gradients[0]);
    return {d.weight, d.thresholds};
  }
};

}  // namespace

at::Tensor thresholded_weight(const at::Tensor& weight, const at::Tensor& thresholds) {
  return ThresholdedWeight::apply(weight, thresholds);
}

void DynamicSparseTraining::attach(const MethodContext& context) {
  LatentMethod::attach(context);
  if (1 - goal() > settings_.floor) return;
  throw Error(ErrorCode::Config,
              fmt::format("a sparsity of {} is out of reach: method.dst.floor={} opens every layer "
                          "that keeps no more than that",
                          goal(), settings_.floor),
              "lower method.dst.floor below what is to be kept");
}

void DynamicSparseTraining::add_latents() {
  for (const ParameterSlot* slot : weights()) {
    const at::Tensor weight = slot->value.detach();
    latents().add(slot->name, at::zeros({weight.size(0)}, weight.options()), /*decay=*/1);
  }
}

at::Tensor DynamicSparseTraining::effective(std::string_view name, const at::Tensor& weight) const {
  return thresholded_weight(weight, latents().at(name));
}

at::Tensor DynamicSparseTraining::margins(std::string_view name, const at::Tensor& weight) const {
  return distances(weight.detach(), latents().at(name).detach());
}

void DynamicSparseTraining::shift(double by) {
  for (ParameterSlot& slot : latents().slots()) slot.value.add_(by);
}

at::Tensor DynamicSparseTraining::final_weight(std::string_view, const at::Tensor& weight) const {
  return weight.detach().clone();
}

void DynamicSparseTraining::add_penalties() {
  for (ParameterSlot& slot : latents().slots()) {
    slot.gradient.sub_(at::neg(slot.value).exp_(), settings_.penalty);  // d/dt exp(-t)
  }
}

void DynamicSparseTraining::after_move() {
  for (const ParameterSlot* slot : weights()) {
    const at::Tensor weight = slot->value.detach();
    at::Tensor thresholds = latents().at(slot->name).detach();
    if (goal() > 0) {
      at::minimum_out(thresholds, thresholds, largest_by_row(weight).mul_(kMostOfRow));
      thresholds.clamp_min_(0);
    }
    const auto least =
        static_cast<std::int64_t>(settings_.floor * static_cast<double>(weight.numel()));
    if (count_kept(weight, thresholds) > least) continue;
    open(weight, thresholds, least + 1);
    ++resets_;
  }
}

// A layer that opens as a whole makes the controller close others in exchange, which then open in
// their turn. So where it is at work, the layer opens no further than it must.
void DynamicSparseTraining::open(const at::Tensor& weight, const at::Tensor& thresholds,
                                 std::int64_t kept) const {
  const std::int64_t pruned = weight.numel() - kept;
  if (goal() == 0 || pruned < 1) {
    thresholds.zero_();
    return;
  }
  const at::Tensor all[] = {distances(weight, thresholds)};
  thresholds.add_(shift_that_prunes(all, pruned));  // by a negative number
}

std::string DynamicSparseTraining::advice() const {
  return "lower method.dst.penalty, or set method.target_sparsity";
}

TensorMap DynamicSparseTraining::save() const {
  TensorMap state = LatentMethod::save();
  state.emplace("resets", count_tensor(resets_));
  return state;
}

void DynamicSparseTraining::load(const TensorMap& state) {
  LatentMethod::load(state);
  resets_ = read_count(state, "resets");
}

void declare_dst(ParameterTable& table) {
  const OnlyWith dst{"train.method", {"dst"}};
  table.add({.key = "method.dst.penalty",
             .fallback = 5e-6,
             .unit = "",
             .help = "What a threshold t adds to the loss, times exp(-t); more ends sparser where "
                     "no sparsity is aimed at.",
             .minimum = 0,
             .only_with = dst});
  table.add({.key = "method.dst.floor",
             .fallback = 0.01,
             .unit = "fraction",
             .help =
                 "A layer that keeps no more of its weights gets its thresholds set to 0; where "
                 "a sparsity is aimed at, lowered until it keeps one more.",
             .minimum = 0,
             .maximum = 1,
             .maximum_open = true,
             .only_with = dst});
  declare_double_decay(table, "dst");
}

std::unique_ptr<Method> make_dst(const Config& config) {
  return std::make_unique<DynamicSparseTraining>(
      DstSettings{.penalty = config.real("method.dst.penalty"),
                  .floor = config.real("method.dst.floor"),
                  .common = latent_settings(config, "dst")});
}

}  // namespace pollard
