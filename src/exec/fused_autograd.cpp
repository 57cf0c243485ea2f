// Backward of y = act(scale * xhat + shift (+ residual)), xhat = (x - mean) * inv, M rows, g = dy *
// [y > 0]:
//
//   d_shift = sum g          d_scale = sum g * xhat          d_residual = g
//   dx = scale * inv * (g - d_shift / M - xhat * d_scale / M)
#include "exec/fused_autograd.h"

#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <vector>

#include "exec/fused_norm.h"

namespace pollard {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

const float* floats(const at::Tensor& t) { return t.data_ptr<float>(); }
const float* floats_or_null(const at::Tensor& t) { return t.defined() ? floats(t) : nullptr; }

NormShape norm_shape(const at::Tensor& x) { return {x.numel() / x.size(1), x.size(1)}; }

at::Tensor channels_last(const at::Tensor& t) {
  return t.defined() ? t.contiguous(at::MemoryFormat::ChannelsLast) : t;
}

struct Affine {
  std::vector<float> factor, offset;
};

// scale * (x - mean) * inv + shift = factor * x + offset
Affine affine(std::int64_t channels, const float* mean, const float* variance, double epsilon,
              const float* scale, const float* shift) {
  Affine a;
  for (std::int64_t c = 0; c < channels; ++c) {
    const double factor = scale[c] / std::sqrt(static_cast<double>(variance[c]) + epsilon);
    a.factor.push_back(static_cast<float>(factor));
    a.offset.push_back(static_cast<float>(shift[c] - mean[c] * factor));
  }
  return a;
}

void update_running(at::Tensor& running, const std::vector<float>& batch, double correction,
                    double momentum) {
  float* values = running.data_ptr<float>();
  for (std::size_t c = 0; c < batch.size(); ++c) {
    values[c] = static_cast<float>((1 - momentum) * values[c] + momentum * correction * batch[c]);
  }
}

// Rows of the tensor of statistics, one value a channel each.
enum Row : std::int64_t { kMean, kInverse, kFactor, kOffset, kRows };

struct FusedBatchNorm : torch::autograd::Function<FusedBatchNorm> {
  static variable_list forward(AutogradContext* context, const at::Tensor& input,
                               const at::Tensor& scale, const at::Tensor& shift,
                               const c10::optional<at::Tensor>& residual_input,
                               at::Tensor running_mean, at::Tensor running_variance,
                               const FusedNormSettings& settings) {
    const at::Tensor x = channels_last(input);
    const at::Tensor residual = residual_input ? channels_last(*residual_input) : at::Tensor();
    const NormShape shape = norm_shape(x);
    const auto channels = static_cast<std::size_t>(shape.channels);
    std::vector<float> mean(channels), variance(channels);
    norm_statistics(shape, floats(x), mean.data(), variance.data());
    const Affine a = affine(shape.channels, mean.data(), variance.data(), settings.epsilon,
                            floats(scale), floats(shift));
    const at::Tensor y = at::empty_like(x);
    norm_apply(shape, floats(x), a.factor.data(), a.offset.data(), floats_or_null(residual),
               settings.relu, y.data_ptr<float>());

    const auto rows = static_cast<double>(shape.rows);
    update_running(running_mean, mean, 1, settings.momentum);
    update_running(running_variance, variance, rows > 1 ? rows / (rows - 1) : 1, settings.momentum);

    std::vector<float> inverse(channels);
    for (std::size_t c = 0; c < channels; ++c) {
      inverse[c] =
          static_cast<float>(1 / std::sqrt(static_cast<double>(variance[c]) + settings.epsilon));
    }
    at::Tensor statistics =
        at::empty({kRows, shape.channels}, x.options().memory_format(at::MemoryFormat::Contiguous));
    const std::vector<float>* const values[kRows] = {&mean, &inverse, &a.factor, &a.offset};
    float* row = statistics.data_ptr<float>();
    for (const auto* const each : values) row = std::copy(each->begin(), each->end(), row);

    // Without a residual the sign of y is that of factor * x + offset.
    const bool needs_y = settings.relu && residual.defined();
    context->save_for_backward({x, needs_y ? y : at::Tensor(), scale, statistics});
    context->saved_data["relu"] = settings.relu;
    context->saved_data["residual"] = residual.defined();
    context->saved_data["owns_gradient"] = settings.owns_gradient;
    context->set_materialize_grads(false);
    return {y, y.variable_data()};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &y = saved[1], &scale = saved[2], &statistics = saved[3];
    const bool has_residual = context->saved_data["residual"].toBool();
    if (!gradients[0].defined()) std::swap(gradients[0], gradients[1]);
    if (!gradients[0].defined()) return variable_list(kInputs);
    const at::Tensor dy = channels_last(gradients[0]), dy2 = channels_last(gradients[1]);
    const bool free = context->saved_data["owns_gradient"].toBool() || !dy.is_same(gradients[0]);

    const NormShape shape = norm_shape(x);
    const auto row = [&](Row r) { return floats(statistics) + r * shape.channels; };
    NormGradient gradient{floats(dy), floats_or_null(dy2), nullptr, nullptr, nullptr};
    if (y.defined()) {
      gradient.y = floats(y);
    } else if (context->saved_data["relu"].toBool()) {
      gradient.factor = row(kFactor);
      gradient.offset = row(kOffset);
    }

    // g is kept where it costs more to find again than to write: the residual's gradient is g.
    const bool keep = has_residual || dy2.defined();
    const at::Tensor g = keep && !free ? at::empty_like(x) : dy;
    at::Tensor d_scale = at::empty_like(scale), d_shift = at::empty_like(scale);
    float* sum_gx = d_scale.data_ptr<float>();
    float* sum_g = d_shift.data_ptr<float>();
    norm_backward_sums(shape, floats(x), gradient, row(kMean), keep ? g.data_ptr<float>() : nullptr,
                       sum_g, sum_gx);
    if (keep) gradient = {floats(g), nullptr, nullptr, nullptr, nullptr};

    std::vector<float> slope, constant;
    const auto rows = static_cast<double>(shape.rows);
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      const double inv = row(kInverse)[c], f = row(kFactor)[c];
      slope.push_back(static_cast<float>(-f * inv * inv * sum_gx[c] / rows));
      constant.push_back(static_cast<float>(-f * sum_g[c] / rows));
      sum_gx[c] = static_cast<float>(sum_gx[c] * inv);  // d_scale
    }
    const bool in_place = !has_residual && (keep || free);
    const at::Tensor dx = in_place ? g : at::empty_like(x);
    norm_backward_apply(shape, floats(x), gradient, row(kMean), row(kFactor), slope.data(),
                        constant.data(), dx.data_ptr<float>());
    variable_list results(kInputs);
    results[0] = dx;
    results[1] = d_scale;
    results[2] = d_shift;
    if (has_residual) results[3] = g;
    return results;
  }

  static constexpr std::size_t kInputs = 7;
};

}  // namespace

bool can_fuse_batch_norm(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 4 &&
         x.is_contiguous(at::MemoryFormat::ChannelsLast) && fused_norm_supports(x.size(1));
}

FusedNormOutput fused_batch_norm(const at::Tensor& x, const at::Tensor& scale,
                                 const at::Tensor& shift, const at::Tensor& residual,
                                 at::Tensor& running_mean, at::Tensor& running_variance,
                                 const FusedNormSettings& settings) {
  // An undefined tensor is no input that autograd takes; an empty optional is.
  const c10::optional<at::Tensor> added =
      residual.defined() ? c10::make_optional(residual) : c10::nullopt;
  variable_list outputs =
      FusedBatchNorm::apply(x, scale, shift, added, running_mean, running_variance, settings);
  return {outputs[0], outputs[1]};
}

at::Tensor fused_batch_norm_eval(const at::Tensor& x, const at::Tensor& scale,
                                 const at::Tensor& shift, const at::Tensor& residual,
                                 const at::Tensor& running_mean, const at::Tensor& running_variance,
                                 double epsilon, bool relu) {
  const at::Tensor input = channels_last(x), added = channels_last(residual);
  const NormShape shape = norm_shape(input);
  const Affine a = affine(shape.channels, floats(running_mean), floats(running_variance), epsilon,
                          floats(scale), floats(shift));
  at::Tensor y = at::empty_like(input);
  norm_apply(shape, floats(input), a.factor.data(), a.offset.data(), floats_or_null(added), relu,
             y.data_ptr<float>());
  return y;
}

}  // namespace pollard
