// The contract of the engines that run a graph: the loop hands over a batch and gets loss, hits and
// gradients back, and does not know which engine runs.
//
// State at rest is a TensorMap of F32 tensors under the graph's parameter names, whatever the
// engine's device and layout, so engines share checkpoints.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pollard/batch.h"
#include "pollard/graph.h"
#include "pollard/tensor.h"

namespace pollard {

/// One trainable tensor with what belongs to it. The optimizer works on these and on nothing else.
/// `gradient`, `velocity` and `mask` have the sizes and strides of `value`.
struct ParameterSlot {
  std::string name;
  bool prunable = false;
  at::Tensor value;  // a leaf; never replaced, only written in place
  at::Tensor
      gradient;  // of the last forward_backward; undefined where the loss does not depend on it
  at::Tensor velocity;  // momentum; zeros at first
  at::Tensor mask;      // uint8, 1 = kept; undefined where nothing is masked
  double decay = 1;     // weight decay counts so many times for this one; 0: not at all
  bool weight = false;  // of a convolution or linear layer, prunable or not: decays in any case
};

/// Sums over the batches since the last reset.
struct Meters {
  double loss = 0;  // mean over images
  double top1 = 0;  // percent
  double top5 = 0;  // percent
  std::int64_t images = 0;
};

/// What the weights become on their way into the network: (name, parameter) -> effective weight,
/// differentiable. Asked for every prunable weight in every forward pass. Empty: the parameter
/// itself.
using EffectiveWeights =
    std::function<at::Tensor(std::string_view name, const at::Tensor& parameter)>;
/// A term added to the training loss, or an undefined tensor.
using ExtraLoss = std::function<at::Tensor()>;

/// Where a step stands, for randomness inside the network (dropout).
struct StepAddress {
  std::uint64_t seed = 0;
  std::uint32_t epoch = 0;
  std::int64_t step = 0;
  std::uint32_t part = 0;  // of the batch, where several processes share it
};

/// Told that the gradient of slots()[index] is final, while backward still works on others.
using GradientObserver = std::function<void(std::size_t index)>;
/// Sums each number over the processes that share a batch; all of them call it together.
using BatchSums = std::function<void(std::span<double>)>;

class Engine {
 public:
  virtual ~Engine() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual const Graph& graph() const = 0;

  /// Forward in training mode and backward: fills the slots' gradients, adds to the meters.
  virtual void forward_backward(const Batch& batch, const StepAddress& address) = 0;
  /// Forward with the batch's own batch-norm statistics and without dropout; the running statistics
  /// become (1 - weight) * running + weight * batch's. Nothing else changes.
  virtual void observe_statistics(const Batch& batch, double weight) = 0;
  /// Forward in evaluation mode: adds to the meters.
  virtual void evaluate(const Batch& batch) = 0;
  /// The outputs of a batch in evaluation mode, count x classes.
  [[nodiscard]] virtual HostTensor predict(const Batch& batch) = 0;

  /// Waits for the device. Loss and hits in percent since the last call; resets them.
  [[nodiscard]] virtual Meters take_meters() = 0;

  [[nodiscard]] virtual std::span<ParameterSlot> slots() = 0;

  /// Parameters and running statistics. load_state() takes what match_state() gave.
  [[nodiscard]] virtual TensorMap state() const = 0;
  virtual void load_state(const TensorMap& state) = 0;
  [[nodiscard]] virtual TensorMap velocity() const = 0;
  virtual void load_velocity(const TensorMap& velocity) = 0;
  /// U8 tensors under the parameters' names; an empty map removes all masks. Applies them to
  /// weights and velocity at once.
  virtual void set_masks(const TensorMap& masks) = 0;

  virtual void set_effective_weights(EffectiveWeights effective, ExtraLoss extra) = 0;

  // ---- for a batch that several processes share (src/train/data_parallel.h)

  /// An engine that cannot tell before backward is over never calls it.
  virtual void set_gradient_observer(GradientObserver) {}
  /// Training takes batch norm's statistics over the shared batch. Throws Error{Config} where an
  /// engine cannot; so does this one.
  virtual void set_batch_sums(BatchSums sums);
  /// Makes gradients of a method's own parameters, left by the last forward_backward(), those of
  /// the shared batch. Nothing to do where nothing is shared.
  virtual void share_gradients(std::span<ParameterSlot>) {}
};

}  // namespace pollard
