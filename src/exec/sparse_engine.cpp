// Tensors of LibTorch at rest, sparse::Trainer for the work: it reads values and writes gradients
// in the slots' own memory.
#include "pollard/sparse_engine.h"

#include <ATen/ATen.h>

#include <utility>

#include "exec/batch_tensors.h"
#include "exec/parameter_store.h"
#include "pollard/error.h"
#include "sparse/trainer.h"

namespace pollard {
namespace {

std::span<float> floats(at::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

class SparseEngine final : public Engine {
 public:
  SparseEngine(const Graph& graph, const TensorMap& masks, const SparseEngineSettings& settings)
      : graph_(graph), settings_(settings), store_(graph_, at::kCPU, false) {
    for (const ParameterSlot& slot : store_.slots())
      gradients_.emplace(slot.name, at::zeros_like(slot.value.detach()));
    set_masks(masks);
    (void)trainer();  // what cannot be trained is said now
  }

  [[nodiscard]] std::string_view name() const override { return "sparse"; }
  [[nodiscard]] const Graph& graph() const override { return graph_; }
  [[nodiscard]] std::span<ParameterSlot> slots() override { return store_.slots(); }

  void forward_backward(const Batch& batch, const StepAddress& address) override {
    check_images(batch, graph_);
    check_labels(batch, graph_);
    // The trainer adds 32 bits of its own below.
    const std::int64_t step = address.step | static_cast<std::int64_t>(address.part) << 24;
    add(trainer().forward_backward(batch.images, batch.labels, {address.seed, address.epoch, step}),
        batch.count);
  }

  void observe_statistics(const Batch& batch, double weight) override {
    check_images(batch, graph_);
    trainer().observe_statistics(batch.images, batch.count, weight);
  }

  void evaluate(const Batch& batch) override {
    check_images(batch, graph_);
    check_labels(batch, graph_);
    add(trainer().evaluate(batch.images, batch.labels), batch.count);
  }

  [[nodiscard]] HostTensor predict(const Batch& batch) override {
    check_images(batch, graph_);
    HostTensor outputs = HostTensor::zeros(DType::F32, {batch.count, graph_.classes()});
    trainer().predict(batch.images, batch.count, outputs.f32());
    return outputs;
  }

  [[nodiscard]] Meters take_meters() override {
    const auto [sums, images] = std::exchange(sums_, {});
    if (images == 0) return {};
    const auto count = static_cast<double>(images);
    return {sums.loss / count, 100 * static_cast<double>(sums.top1) / count,
            100 * static_cast<double>(sums.top5) / count, images};
  }

  [[nodiscard]] TensorMap state() const override { return store_.state(); }
  void load_state(const TensorMap& state) override { store_.load_state(state); }
  [[nodiscard]] TensorMap velocity() const override { return store_.velocity(); }
  void load_velocity(const TensorMap& velocity) override { store_.load_velocity(velocity); }

  void set_masks(const TensorMap& masks) override {
    store_.set_masks(masks);
    TensorMap in_force;
    if (!masks.empty()) {
      for (const ParameterSlot& slot : store_.slots()) {
        if (slot.prunable) in_force.emplace(slot.name, masks.at(slot.name));
      }
    }
    if (in_force == masks_) return;
    masks_ = std::move(in_force);
    trainer_.reset();
  }

  void set_effective_weights(EffectiveWeights effective, ExtraLoss extra) override {
    if (!effective && !extra) return;
    throw Error(ErrorCode::Config,
                "the sparse engine computes with the weights that are left as they are: nothing "
                "can stand in for them, and nothing is added to the loss",
                "use the dense engine for this method");
  }

 private:
  // Masks are part of a trainer's layout: others need another trainer.
  [[nodiscard]] sparse::Trainer& trainer() {
    if (trainer_) return *trainer_;
    trainer_ = std::make_unique<sparse::Trainer>(
        graph_, masks_,
        sparse::TrainerOptions{.threads = settings_.threads,
                               .label_smoothing = settings_.label_smoothing});
    for (ParameterSlot& slot : store_.slots()) {
      slot.gradient = at::Tensor();
      if (!trainer_->depends_on(slot.name)) continue;
      slot.gradient = gradients_.at(slot.name).zero_();  // those of masked weights stay so
      trainer_->bind(slot.name, floats(slot.value), floats(slot.gradient));
    }
    for (const ParameterInfo& info : graph_.parameters()) {
      if (!info.trainable() && trainer_->depends_on(info.name))
        trainer_->bind(info.name, floats(store_.tensors().at(info.name)), {});
    }
    return *trainer_;
  }

  void add(const sparse::StepResult& result, std::int64_t count) {
    sums_.of.loss += result.loss;
    sums_.of.top1 += result.top1;
    sums_.of.top5 += result.top5;
    sums_.images += count;
  }

  struct Sums {
    sparse::StepResult of;
    std::int64_t images = 0;
  };

  Graph graph_;
  SparseEngineSettings settings_;
  ParameterStore store_;
  std::map<std::string, at::Tensor> gradients_;
  TensorMap masks_;  // that the trainer has
  std::unique_ptr<sparse::Trainer> trainer_;
  Sums sums_;
};

}  // namespace

std::unique_ptr<Engine> make_sparse_engine(const Graph& graph, const TensorMap& masks,
                                           const SparseEngineSettings& settings) {
  return std::make_unique<SparseEngine>(graph, masks, settings);
}

}  // namespace pollard
