// An engine that another can take the place of while a loop, or a method that only sets masks,
// holds it: it passes everything on to the one in force.
#pragma once

#include <memory>

#include "pollard/engine.h"

namespace pollard {

class ReplaceableEngine final : public Engine {
 public:
  explicit ReplaceableEngine(std::unique_ptr<Engine> engine);

  /// `engine` has the state, velocity and masks that go on; neither has functions in the weights'
  /// place, and nobody observes gradients. slots() before are gone.
  void replace(std::unique_ptr<Engine> engine);
  /// The last that set_masks() was given, to this engine or before to one that it replaced.
  [[nodiscard]] const TensorMap& masks() const { return masks_; }

  [[nodiscard]] std::string_view name() const override { return engine_->name(); }
  [[nodiscard]] const Graph& graph() const override { return engine_->graph(); }
  void forward_backward(const Batch& batch, const StepAddress& address) override {
    engine_->forward_backward(batch, address);
  }
  void observe_statistics(const Batch& batch, double weight) override {
    engine_->observe_statistics(batch, weight);
  }
  void evaluate(const Batch& batch) override { engine_->evaluate(batch); }
  [[nodiscard]] HostTensor predict(const Batch& batch) override { return engine_->predict(batch); }
  [[nodiscard]] Meters take_meters() override { return engine_->take_meters(); }
  [[nodiscard]] std::span<ParameterSlot> slots() override { return engine_->slots(); }
  [[nodiscard]] TensorMap state() const override { return engine_->state(); }
  void load_state(const TensorMap& state) override { engine_->load_state(state); }
  [[nodiscard]] TensorMap velocity() const override { return engine_->velocity(); }
  void load_velocity(const TensorMap& velocity) override { engine_->load_velocity(velocity); }
  void set_masks(const TensorMap& masks) override;
  void set_effective_weights(EffectiveWeights effective, ExtraLoss extra) override {
    engine_->set_effective_weights(std::move(effective), std::move(extra));
  }
  void set_gradient_observer(GradientObserver observer) override {
    engine_->set_gradient_observer(std::move(observer));
  }
  void set_batch_sums(BatchSums sums) override { engine_->set_batch_sums(std::move(sums)); }
  void share_gradients(std::span<ParameterSlot> slots) override { engine_->share_gradients(slots); }

 private:
  std::unique_ptr<Engine> engine_;
  TensorMap masks_;
};

}  // namespace pollard
