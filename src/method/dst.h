// DST, dynamic sparse training (Liu et al. 2020): every output neuron or filter o has a trained
// threshold t_o, from 0, and the network sees
//
//   w_hat = w m,   m = step(x),   x = |w| - t_o,   step(x) = 1 where x > 0
//
// loss += penalty * sum exp(-t_o). In place of the step's derivative stands
//
//   d(x) = 2 - 4 |x| where |x| <= 0.4,   0.4 where 0.4 < |x| <= 1,   0 beyond
//
// so that weights get a gradient on both ways and those that are pruned can come back:
//
//   d/dw = g (m + |w| d(x))      d/dt_o = -sum over the row of g w d(x)
//
// A layer that keeps no more than the fraction `floor` of its weights gets its thresholds set to 0.
//
// Where a sparsity is aimed at, every row takes its share: t_o stays within 0 .. 0.9 max |w| of its
// row. Rows far below 0 would be whole at any shift, and the others pay for them; rows that keep
// nothing have a constant output, at which batch norm multiplies gradients by 1 / sqrt(epsilon).
// And a layer at its floor opens by no more than one weight, not as a whole.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "core/parameters.h"
#include "method/latent_method.h"

namespace pollard {

struct DstSettings {
  double penalty = 5e-6;
  double floor = 0.01;
  LatentMethodSettings common = {};
};

/// The masked weight, in the weight's memory order; differentiable in the weight [O, ...] and the
/// thresholds [O]. Any device and floating type.
[[nodiscard]] at::Tensor thresholded_weight(const at::Tensor& weight, const at::Tensor& thresholds);

class DynamicSparseTraining final : public LatentMethod {
 public:
  explicit DynamicSparseTraining(const DstSettings& settings)
      : LatentMethod(settings.common), settings_(settings) {}
  [[nodiscard]] std::string_view name() const override { return "dst"; }
  /// Throws Error{Config} for a goal that keeps no more than the floor.
  void attach(const MethodContext& context) override;
  [[nodiscard]] TensorMap save() const override;
  void load(const TensorMap& state) override;
  /// How often a layer's thresholds were lowered so.
  [[nodiscard]] std::int64_t resets() const { return resets_; }

 private:
  void add_latents() override;
  [[nodiscard]] at::Tensor effective(std::string_view name,
                                     const at::Tensor& weight) const override;
  [[nodiscard]] at::Tensor margins(std::string_view name, const at::Tensor& weight) const override;
  void shift(double by) override;
  [[nodiscard]] at::Tensor final_weight(std::string_view name,
                                        const at::Tensor& weight) const override;
  void add_penalties() override;
  void after_move() override;
  [[nodiscard]] std::string advice() const override;

  void open(const at::Tensor& weight, const at::Tensor& thresholds, std::int64_t kept) const;

  DstSettings settings_;
  std::int64_t resets_ = 0;
};

void declare_dst(ParameterTable& table);
[[nodiscard]] std::unique_ptr<Method> make_dst(const Config& config);

}  // namespace pollard
