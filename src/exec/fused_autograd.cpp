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

struct FusedBatchNorm : torch::autograd::Function<FusedBatchNorm> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& scale, const at::Tensor& shift,
                            const c10::optional<at::Tensor>& residual_input,
                            at::Tensor running_mean, at::Tensor running_variance, double momentum,
                            double epsilon, bool relu) {
    const at::Tensor x = channels_last(input);
    const at::Tensor residual = residual_input ? channels_last(*residual_input) : at::Tensor();
    const NormShape shape = norm_shape(x);
    const auto channels = static_cast<std::size_t>(shape.channels);
    std::vector<float> mean(channels), variance(channels);
    norm_statistics(shape, floats(x), mean.data(), variance.data());
    const Affine a =
        affine(shape.channels, mean.data(), variance.data(), epsilon, floats(scale), floats(shift));
    at::Tensor y = at::empty_like(x);
    norm_apply(shape, floats(x), a.factor.data(), a.offset.data(), floats_or_null(residual), relu,
               y.data_ptr<float>());

    const auto rows = static_cast<double>(shape.rows);
    update_running(running_mean, mean, 1, momentum);
    update_running(running_variance, variance, rows > 1 ? rows / (rows - 1) : 1, momentum);

    at::Tensor statistics =
        at::empty({2, shape.channels}, x.options().memory_format(at::MemoryFormat::Contiguous));
    std::copy(mean.begin(), mean.end(), statistics.data_ptr<float>());
    for (std::size_t c = 0; c < channels; ++c) {
      statistics.data_ptr<float>()[channels + c] =
          static_cast<float>(1 / std::sqrt(static_cast<double>(variance[c]) + epsilon));
    }
    context->save_for_backward({x, relu ? y : at::Tensor(), scale, statistics});
    context->saved_data["relu"] = relu;
    context->saved_data["residual"] = residual.defined();
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &y = saved[1], &scale = saved[2], &statistics = saved[3];
    const bool relu = context->saved_data["relu"].toBool();
    const bool has_residual = context->saved_data["residual"].toBool();
    const at::Tensor dy = channels_last(gradients[0]);
    const NormShape shape = norm_shape(x);
    const float* mean = floats(statistics);
    const float* inverse = mean + shape.channels;

    at::Tensor d_scale = at::empty_like(scale), d_shift = at::empty_like(scale);
    float* sum_gx = d_scale.data_ptr<float>();
    float* sum_g = d_shift.data_ptr<float>();
    norm_backward_sums(shape, floats(x), floats_or_null(y), floats(dy), mean, relu, sum_g, sum_gx);

    std::vector<float> factor, slope, constant;
    const auto rows = static_cast<double>(shape.rows);
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      const double inv = inverse[c], f = floats(scale)[c] * inv;
      factor.push_back(static_cast<float>(f));
      slope.push_back(static_cast<float>(-f * inv * inv * sum_gx[c] / rows));
      constant.push_back(static_cast<float>(-f * sum_g[c] / rows));
      sum_gx[c] = static_cast<float>(sum_gx[c] * inv);  // d_scale
    }
    at::Tensor dx = at::empty_like(x);
    at::Tensor d_residual = has_residual ? at::empty_like(x) : at::Tensor();
    norm_backward_apply(shape, floats(x), floats_or_null(y), floats(dy), mean, factor.data(),
                        slope.data(), constant.data(), relu, dx.data_ptr<float>(),
                        has_residual ? d_residual.data_ptr<float>() : nullptr);
    return {dx, d_scale, d_shift, d_residual, {}, {}, {}, {}, {}};
  }
};

}  // namespace

bool can_fuse_batch_norm(const at::Tensor& x) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 4 &&
         x.is_contiguous(at::MemoryFormat::ChannelsLast) && fused_norm_supports(x.size(1));
}

at::Tensor fused_batch_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                            const at::Tensor& residual, at::Tensor& running_mean,
                            at::Tensor& running_variance, double momentum, double epsilon,
                            bool relu) {
  // An undefined tensor is no input that autograd takes; an empty optional is.
  const c10::optional<at::Tensor> added =
      residual.defined() ? c10::make_optional(residual) : c10::nullopt;
  return FusedBatchNorm::apply(x, scale, shift, added, running_mean, running_variance, momentum,
                               epsilon, relu);
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
