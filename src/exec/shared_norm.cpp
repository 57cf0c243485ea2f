// With m rows here and M = sum m over the processes (a row: one place of one image),
//
//   mean = sum m mean_r / M        var = sum m (var_r + mean_r^2) / M - mean^2
//   y = scale * xhat + shift       xhat = (x - mean) * inv      inv = 1 / sqrt(var + eps)
//
// Backward. Each process differentiates the mean loss of its own images, and the loss of the batch
// is the mean of those, weighted by images or, what is the same, rows: L = sum m L_r / M. So g
// counts for m / M in what is summed over the processes, and the result is scaled back by M / m:
//
//   d_shift = sum_r g     d_scale = sum_r g * xhat              (the process's own; the gradients'
//                                                                reduction adds them up later)
//   dx = scale * inv * (g - (sum m d_shift) / (m M) - xhat * (sum m d_scale) / (m M))
#include "exec/shared_norm.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace pollard {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// All dimensions but the channels'.
std::vector<std::int64_t> row_dimensions(const at::Tensor& x) {
  std::vector<std::int64_t> dimensions = {0};
  for (std::int64_t d = 2; d < x.dim(); ++d) dimensions.push_back(d);
  return dimensions;
}

// One value a channel, to stand beside x.
at::Tensor beside(const at::Tensor& values, const at::Tensor& x) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[1] = values.numel();
  return values.view(shape);
}

// `first` and then `second`, on the host, times `factor`.
std::vector<double> packed(const at::Tensor& first, const at::Tensor& second, double factor) {
  const at::Tensor both = at::cat({first, second}).to(at::kCPU, at::kDouble).mul_(factor);
  const double* values = both.data_ptr<double>();
  return {values, values + both.numel()};
}

at::Tensor unpacked(std::span<const double> values, const at::Tensor& like) {
  return at::tensor(at::ArrayRef<double>(values.data(), values.size()),
                    at::TensorOptions().dtype(at::kDouble))
      .to(like.device(), at::kFloat);
}

struct SharedBatchNorm : torch::autograd::Function<SharedBatchNorm> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& scale,
                            const at::Tensor& shift, at::Tensor running_mean,
                            at::Tensor running_variance, const SharedNormSettings& settings,
                            const BatchSums* sum) {
    const auto channels = static_cast<std::size_t>(x.size(1));
    const auto own_rows = static_cast<double>(x.numel() / x.size(1));
    const auto [own_variance, own_mean] = at::var_mean(x, row_dimensions(x), /*unbiased=*/false);
    const at::Tensor wide = own_mean.to(at::kDouble);
    std::vector<double> sums =
        packed(wide, own_variance.to(at::kDouble).addcmul(wide, wide), own_rows);
    sums.push_back(own_rows);
    (*sum)(sums);

    const double rows = sums.back();
    std::vector<double> mean(channels), variance(channels), inverse(channels);
    for (std::size_t c = 0; c < channels; ++c) {
      mean[c] = sums[c] / rows;
      variance[c] = std::max(0.0, sums[channels + c] / rows - mean[c] * mean[c]);
      inverse[c] = 1 / std::sqrt(variance[c] + settings.epsilon);
    }
    const at::Tensor means = unpacked(mean, x), inverses = unpacked(inverse, x);
    const double correction = rows > 1 ? rows / (rows - 1) : 1;
    running_mean.mul_(1 - settings.momentum).add_(means, settings.momentum);
    running_variance.mul_(1 - settings.momentum)
        .add_(unpacked(variance, x), settings.momentum * correction);

    const at::Tensor factor = scale * inverses;
    const at::Tensor offset = shift - means * factor;
    context->save_for_backward({x, scale, means, inverses});
    context->saved_data["own_rows"] = own_rows;
    context->saved_data["rows"] = rows;
    // The engine owns it and outlives the pass.
    context->saved_data["sum"] = reinterpret_cast<std::int64_t>(sum);
    return (x * beside(factor, x)).add_(beside(offset, x));
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &scale = saved[1], &means = saved[2], &inverses = saved[3];
    const double own_rows = context->saved_data["own_rows"].toDouble();
    const double rows = context->saved_data["rows"].toDouble();
    const auto* sum =
        reinterpret_cast<const BatchSums*>(context->saved_data["sum"].toInt());  // NOLINT
    const at::Tensor& g = gradients[0];
    const auto channels = static_cast<std::size_t>(x.size(1));

    const at::Tensor normal = (x - beside(means, x)).mul_(beside(inverses, x));
    const at::Tensor d_shift = g.sum(row_dimensions(x));
    const at::Tensor d_scale = (g * normal).sum(row_dimensions(x));
    std::vector<double> sums = packed(d_shift, d_scale, own_rows);
    (*sum)(sums);
    for (double& each : sums) each /= own_rows * rows;
    const at::Tensor constant = unpacked(std::span(sums).first(channels), x);
    const at::Tensor slope = unpacked(std::span(sums).subspan(channels), x);
    const at::Tensor dx =
        (g - beside(constant, x)).sub_(normal * beside(slope, x)).mul_(beside(scale * inverses, x));
    variable_list results(kInputs);
    results[0] = dx;
    results[1] = d_scale;
    results[2] = d_shift;
    return results;
  }

  static constexpr std::size_t kInputs = 7;
};

}  // namespace

at::Tensor shared_batch_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                             at::Tensor& running_mean, at::Tensor& running_variance,
                             const SharedNormSettings& settings, const BatchSums& sum) {
  return SharedBatchNorm::apply(x, scale, shift, running_mean, running_variance, settings, &sum);
}

}  // namespace pollard
