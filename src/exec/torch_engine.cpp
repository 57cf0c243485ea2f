#include "pollard/torch_engine.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/generated/variable_factories.h>
#include <torch/csrc/autograd/variable.h>
#include <torch/cuda.h>

#include "exec/batch_tensors.h"
#include "exec/host_tensors.h"
#include "exec/meters.h"
#include "exec/parameter_store.h"
#include "exec/torch_program.h"
#include "pollard/error.h"
#include "pollard/random.h"

namespace pollard {
namespace {

at::Device parse_device(const std::string& text) {
  at::Device device(at::kCPU);
  try {
    device = at::Device(text);
  } catch (const c10::Error&) {
    throw Error(ErrorCode::Config, "device='" + text + "' is not a device",
                "use cpu, cuda or cuda:N");
  }
  const bool known = device.is_cuda() || (device.is_cpu() && device.index() <= 0);
  if (!known) {
    throw Error(ErrorCode::Config, "device='" + text + "' is not supported",
                "use cpu, cuda or cuda:N");
  }
  if (device.is_cuda() &&
      (!torch::cuda::is_available() ||
       (device.has_index() && device.index() >= static_cast<int>(torch::cuda::device_count())))) {
    throw Error(ErrorCode::Config,
                "device='" + text + "' is not there: LibTorch sees " +
                    std::to_string(torch::cuda::device_count()) + " CUDA device(s)",
                "use device=cpu, or a LibTorch built with CUDA");
  }
  return device;
}

const Graph& with_output(const Graph& graph) {
  (void)graph.classes();  // throws where there is none
  return graph;
}

// Runs after autograd has put a leaf's gradient in its place.
class AfterGradient final : public torch::autograd::FunctionPostHook {
 public:
  explicit AfterGradient(std::function<void()> call) : call_(std::move(call)) {}
  torch::autograd::variable_list operator()(const torch::autograd::variable_list& outputs,
                                            const torch::autograd::variable_list&) override {
    call_();
    return outputs;
  }

 private:
  std::function<void()> call_;
};

class TorchEngine final : public Engine {
 public:
  TorchEngine(const Graph& graph, const TorchEngineSettings& settings)
      : graph_(with_output(graph)),
        settings_(settings),
        device_(parse_device(settings.device)),
        store_(graph_, device_, settings.channels_last),
        program_(graph_),
        generator_(at::globalContext().defaultGenerator(device_).clone()),
        meters_(device_) {
    // LibTorch chooses its number of threads at its first parallel loop; what ran before that would
    // not repeat bit for bit.
    (void)at::get_num_threads();
  }

  [[nodiscard]] std::string_view name() const override { return "torch"; }
  [[nodiscard]] const Graph& graph() const override { return graph_; }
  [[nodiscard]] std::span<ParameterSlot> slots() override { return store_.slots(); }

  void forward_backward(const Batch& batch, const StepAddress& address) override {
    seed_dropout(address);
    const at::Tensor labels = label_tensor(batch, graph_, device_);
    const RunContext context{.training = true,
                             .fused = settings_.fused,
                             .dropout = generator_,
                             .effective = &effective_,
                             .amp = settings_.amp,
                             .batch_sums = batch_sums_ ? &batch_sums_ : nullptr};
    const at::Tensor logits = program_.run(images_of(batch), store_.tensors(), context);
    const at::Tensor loss = cross_entropy(logits, labels);
    at::Tensor total = loss;
    if (extra_) {
      if (const at::Tensor extra = extra_(); extra.defined()) total = total + extra;
    }
    for (ParameterSlot& slot : store_.slots()) slot.value.mutable_grad() = at::Tensor();
    total.backward();
    for (ParameterSlot& slot : store_.slots()) slot.gradient = slot.value.grad();
    meters_.add(loss.detach(), logits.detach(), labels);
  }

  void observe_statistics(const Batch& batch, double weight) override {
    const at::NoGradGuard no_grad;
    const RunContext context{.fused = settings_.fused,
                             .dropout = generator_,
                             .effective = &effective_,
                             .statistics_weight = weight};
    (void)program_.run(images_of(batch), store_.tensors(), context);
  }

  void evaluate(const Batch& batch) override {
    const at::NoGradGuard no_grad;
    const at::Tensor labels = label_tensor(batch, graph_, device_);
    const at::Tensor logits = forward_eval(batch);
    meters_.add(cross_entropy(logits, labels), logits, labels);
  }

  [[nodiscard]] HostTensor predict(const Batch& batch) override {
    const at::NoGradGuard no_grad;
    return to_host(forward_eval(batch));
  }

  [[nodiscard]] Meters take_meters() override { return meters_.take(); }

  [[nodiscard]] TensorMap state() const override { return store_.state(); }
  void load_state(const TensorMap& state) override { store_.load_state(state); }
  [[nodiscard]] TensorMap velocity() const override { return store_.velocity(); }
  void load_velocity(const TensorMap& velocity) override { store_.load_velocity(velocity); }
  void set_masks(const TensorMap& masks) override { store_.set_masks(masks); }

  void set_effective_weights(EffectiveWeights effective, ExtraLoss extra) override {
    effective_ = std::move(effective);
    extra_ = std::move(extra);
  }

  void set_gradient_observer(GradientObserver observer) override {
    observer_ = std::move(observer);
    if (!accumulators_.empty()) return;
    const std::span<ParameterSlot> all = slots();
    for (std::size_t i = 0; i < all.size(); ++i) {
      accumulators_.push_back(torch::autograd::impl::grad_accumulator(all[i].value));
      accumulators_.back()->add_post_hook(std::make_unique<AfterGradient>([this, i] {
        if (!observer_) return;
        ParameterSlot& slot = slots()[i];
        slot.gradient = slot.value.grad();
        observer_(i);
      }));
    }
  }
  void set_batch_sums(BatchSums sums) override { batch_sums_ = std::move(sums); }

 private:
  [[nodiscard]] at::Tensor images_of(const Batch& batch) const {
    const at::Tensor images = image_tensor(batch, graph_, device_);
    return settings_.channels_last ? images : images.contiguous();
  }

  [[nodiscard]] at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& labels) const {
    return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Mean, -100,
                                  settings_.label_smoothing);
  }

  [[nodiscard]] at::Tensor forward_eval(const Batch& batch) {
    const RunContext context{
        .fused = settings_.fused, .dropout = generator_, .effective = &effective_};
    return program_.run(images_of(batch), store_.tensors(), context);
  }

  // The generator starts anew at every step, from the step's address: a resumed run drops the same,
  // and each part of a shared batch something else.
  void seed_dropout(const StepAddress& address) {
    RandomStream stream(
        address.seed, Purpose::Dropout, address.epoch,
        static_cast<std::uint64_t>(address.step) | static_cast<std::uint64_t>(address.part) << 48);
    const std::uint64_t high = stream.next_u32();
    generator_.set_current_seed(high << 32 | stream.next_u32());
  }

  Graph graph_;
  TorchEngineSettings settings_;
  at::Device device_;
  ParameterStore store_;
  TorchProgram program_;
  at::Generator generator_;
  MeterSums meters_;
  EffectiveWeights effective_;
  ExtraLoss extra_;
  GradientObserver observer_;
  // Held here, for a leaf knows its own only weakly.
  std::vector<std::shared_ptr<torch::autograd::Node>> accumulators_;
  BatchSums batch_sums_;
};

}  // namespace

std::unique_ptr<Engine> make_torch_engine(const Graph& graph, const TorchEngineSettings& settings) {
  return std::make_unique<TorchEngine>(graph, settings);
}

}  // namespace pollard
