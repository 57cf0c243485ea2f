// STR, soft threshold reparameterisation (Kusupati et al. 2020): the network sees
//
//   w_hat = sign(w) max(|w| - h, 0),   h = sigmoid(s_l)
//
// with one trained s_l a layer (or one for all), kept in float32 and decayed like a weight: that is
// what moves it where it starts so low that its gradient vanishes. Kept in the end: |w| > h, with
// the value w_hat.
//
//   d/dw = g where |w| > h, else 0      d/ds = -sigmoid'(s) sum over |w| > h of sign(w) g
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "core/parameters.h"
#include "method/latent_method.h"

namespace pollard {

struct StrSettings {
  double start = -10;        // s_l
  bool one_for_all = false;  // a single threshold
  LatentMethodSettings common = {};
};

/// The soft-thresholded weight, in the weight's memory order; differentiable in the weight and in
/// `s`, a single number. Any device and floating type.
[[nodiscard]] at::Tensor soft_threshold(const at::Tensor& weight, const at::Tensor& s);

class SoftThresholds final : public LatentMethod {
 public:
  explicit SoftThresholds(const StrSettings& settings)
      : LatentMethod(settings.common), settings_(settings) {}
  [[nodiscard]] std::string_view name() const override { return "str"; }
  /// h of the layer whose weight is called so.
  [[nodiscard]] float threshold(std::string_view weight) const;

 private:
  [[nodiscard]] const at::Tensor& latent_of(std::string_view weight) const;
  void add_latents() override;
  [[nodiscard]] at::Tensor effective(std::string_view name,
                                     const at::Tensor& weight) const override;
  /// log(|w| / (1 - |w|)) - s_l: positive where |w| > h, and linear in s_l.
  [[nodiscard]] at::Tensor margins(std::string_view name, const at::Tensor& weight) const override;
  [[nodiscard]] at::Tensor keeps(std::string_view name, const at::Tensor& weight) const override;
  void shift(double by) override;
  [[nodiscard]] at::Tensor final_weight(std::string_view name,
                                        const at::Tensor& weight) const override;
  [[nodiscard]] std::string advice() const override;

  StrSettings settings_;
};

void declare_str(ParameterTable& table);
[[nodiscard]] std::unique_ptr<Method> make_str(const Config& config);

}  // namespace pollard
