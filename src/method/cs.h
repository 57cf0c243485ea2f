// CS, continuous sparsification (Savarese et al. 2020): every weight w has a score s, and the
// network sees
//
//   w_hat = w * sigmoid(b s) / sigmoid(s0),   b = beta^(t / T)
//
// so that the gates harden towards 0 and 1 as training goes on; loss += penalty * sum sigmoid(b s).
// s starts at s0 and is not decayed. Kept in the end: s > 0, with the value w_hat at b = beta.
//
// A short training moves s too little for beta = 200: its gates would be half open to the end. So
// where a sparsity is aimed at, beta gives way to hardness / u where that is more, with u the |s|
// below which lie a quarter as many gates as are to be kept, measured anew at each control.
//
//   d/dw = g sigmoid(b s) / sigmoid(s0)      d/ds = g w b sigmoid'(b s) / sigmoid(s0)
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "core/parameters.h"
#include "method/latent_method.h"

namespace pollard {

struct CsSettings {
  double start = 0;       // s0
  double beta = 200;      // the last temperature
  double penalty = 1e-8;  // of the loss, per open gate
  double hardness = 5;    // b u in the end, or more; 0: beta as it is
  LatentMethodSettings common = {};
};

/// `weight` times its gates; differentiable in weight and scores, which have the same sizes. The
/// result is in the weight's memory order. Any device and floating type.
[[nodiscard]] at::Tensor gated_weight(const at::Tensor& weight, const at::Tensor& scores,
                                      double temperature, double start);

class ContinuousSparsification final : public LatentMethod {
 public:
  explicit ContinuousSparsification(const CsSettings& settings)
      : LatentMethod(settings.common), settings_(settings), last_(settings.beta) {}
  [[nodiscard]] std::string_view name() const override { return "cs"; }
  /// b of the next forward pass: 1 in the first step, beta or what is in its place after the last.
  [[nodiscard]] double temperature() const;
  [[nodiscard]] TensorMap save() const override;
  void load(const TensorMap& state) override;

 private:
  void add_latents() override;
  [[nodiscard]] at::Tensor effective(std::string_view name,
                                     const at::Tensor& weight) const override;
  [[nodiscard]] at::Tensor margins(std::string_view name, const at::Tensor& weight) const override;
  void shift(double by) override;
  void add_penalties() override;
  void after_control(std::int64_t kept) override;
  [[nodiscard]] std::string advice() const override;

  CsSettings settings_;
  double last_;  // the temperature that the end will have
};

void declare_cs(ParameterTable& table);
[[nodiscard]] std::unique_ptr<Method> make_cs(const Config& config);

}  // namespace pollard
