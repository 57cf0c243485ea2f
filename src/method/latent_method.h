// What continuous sparsification, soft threshold reparameterisation and dynamic sparse training
// have in common: latent parameters trained beside the weights, a function of both in each weight's
// place, a margin that says which weights are kept, and the direct goal of sparsity_target.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/parameters.h"
#include "method/latents.h"
#include "pollard/method.h"

namespace pollard {

struct LatentMethodSettings {
  double target = 1;          // method.target_sparsity: 1 the context's, 0 none
  bool double_decay = false;  // the loss has a term decay / 2 * sum w^2 of its own: twice in all
};

/// Declares "method.NAME.double_decay".
void declare_double_decay(ParameterTable& table, std::string_view method);
/// From method.target_sparsity and "method.NAME.double_decay", which must be declared.
[[nodiscard]] LatentMethodSettings latent_settings(const Config& config, std::string_view method);

/// The engine holds a function that refers to this object from attach() to finish().
class LatentMethod : public Method {
 public:
  LatentMethod(const LatentMethod&) = delete;
  LatentMethod& operator=(const LatentMethod&) = delete;

  /// Throws Error{Config} for a goal that leaves no weight.
  void attach(const MethodContext& context) override;
  [[nodiscard]] std::span<ParameterSlot> parameters() final { return latents_.slots(); }
  void after_backward(const TrainingPosition& at) final;
  void after_step(const TrainingPosition& at) final;
  /// Throws Error{Numeric} if the method has left no weight at all.
  [[nodiscard]] MaskSet finish() final;
  [[nodiscard]] TensorMap save() const override;
  void load(const TensorMap& state) override;

  /// 0 where the method is left to itself.
  [[nodiscard]] double goal() const { return goal_; }
  /// By how much finish() had to shift the margins to land exactly.
  [[nodiscard]] double landing_shift() const { return landing_shift_; }
  /// The sparsity by the method's own rule, as it stands.
  [[nodiscard]] double present_sparsity() const;

 protected:
  explicit LatentMethod(const LatentMethodSettings& settings) : settings_(settings) {}

  // ---- what a method says of itself; `name` and `weight` are those of a prunable weight
  virtual void add_latents() = 0;
  /// What the network sees; differentiable, in the weight's memory order.
  [[nodiscard]] virtual at::Tensor effective(std::string_view name,
                                             const at::Tensor& weight) const = 0;
  /// Floats in the weight's memory order.
  [[nodiscard]] virtual at::Tensor margins(std::string_view name,
                                           const at::Tensor& weight) const = 0;
  /// Booleans: margin > 0, by the method's own arithmetic.
  [[nodiscard]] virtual at::Tensor keeps(std::string_view name, const at::Tensor& weight) const;
  /// All margins fall by so much.
  virtual void shift(double by) = 0;
  /// The value of a weight that is kept in the end; that of others does not count.
  [[nodiscard]] virtual at::Tensor final_weight(std::string_view name,
                                                const at::Tensor& weight) const;
  /// Terms of the loss in the latents alone: adds their gradients.
  virtual void add_penalties() {}
  /// After a move of the controller, which aims at `kept` weights in the end.
  virtual void after_control(std::int64_t /*kept*/) {}
  /// After the step and the controller's move.
  virtual void after_move() {}
  /// What a user can do where nothing is left.
  [[nodiscard]] virtual std::string advice() const = 0;

  [[nodiscard]] const std::vector<ParameterSlot*>& weights() const { return weights_; }
  [[nodiscard]] Latents& latents() { return latents_; }
  [[nodiscard]] const Latents& latents() const { return latents_; }
  /// The part of the training that is done, 0 to 1.
  [[nodiscard]] double progress() const;

 private:
  void control();
  [[nodiscard]] MaskSet land_on_goal();
  [[nodiscard]] MaskSet own_masks() const;

  LatentMethodSettings settings_;
  Engine* engine_ = nullptr;
  std::vector<ParameterSlot*> weights_;
  Latents latents_;
  double goal_ = 0;
  std::int64_t size_ = 0;  // prunable weights
  std::int64_t step_ = 0, steps_ = 0;
  double landing_shift_ = 0;
};

}  // namespace pollard
