#include "train/data_parallel.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "core/hash.h"
#include "pollard/error.h"
#include "train/gradient_buckets.h"

namespace pollard {
namespace {

std::string hash_of(const TensorMap& tensors) {
  Hasher hasher;
  for (const auto& [name, tensor] : tensors) hasher.add(name).add(tensor.bytes);
  return hasher.hex();
}

void broadcast(ProcessGroup& group, TensorMap& tensors, const std::string& what) {
  for (auto& [name, tensor] : tensors) group.broadcast(tensor.bytes, what);
}

class DataParallelEngine final : public Engine {
 public:
  DataParallelEngine(std::unique_ptr<Engine> engine, ProcessGroup& group,
                     const DataParallelSettings& settings)
      : engine_(std::move(engine)),
        group_(group),
        sync_(settings.sync_batch_norm),
        buckets_(group, engine_->slots()) {
    engine_->set_gradient_observer([this](std::size_t index) { buckets_.ready(index); });
    if (sync_) {
      engine_->set_batch_sums(
          [this](std::span<double> values) { group_.sum(values, "statistics of batch norm"); });
    }
  }

  [[nodiscard]] std::string_view name() const override { return engine_->name(); }
  [[nodiscard]] const Graph& graph() const override { return engine_->graph(); }
  [[nodiscard]] std::span<ParameterSlot> slots() override { return engine_->slots(); }

  void forward_backward(const Batch& batch, const StepAddress& address) override {
    own_images_ = static_cast<double>(batch.count);
    buckets_.begin(batch.count);
    if (batch.count > 0) {
      StepAddress own = address;
      own.part = static_cast<std::uint32_t>(group_.rank());
      engine_->forward_backward(batch, own);
    }
    all_images_ = buckets_.finish();
    statistics_differ_ = !sync_;
  }

  void share_gradients(std::span<ParameterSlot> more) override {
    if (more.empty()) return;
    const at::NoGradGuard no_grad;
    std::vector<at::Tensor> flat;
    for (const ParameterSlot& slot : more) flat.push_back(slot.gradient.reshape({-1}));
    // What is 0 times infinity on a process without images must not spread.
    at::Tensor all =
        own_images_ > 0 ? at::cat(flat).mul_(own_images_) : at::zeros_like(at::cat(flat));
    group_.start_sum(all, "gradients of the method's parameters")->wait();
    all.div_(all_images_);
    std::int64_t from = 0;
    for (ParameterSlot& slot : more) {
      slot.gradient = all.narrow(0, from, slot.gradient.numel()).view(slot.gradient.sizes());
      from += slot.gradient.numel();
    }
  }

  // Every process has the whole batch, and comes to the same statistics.
  void observe_statistics(const Batch& batch, double weight) override {
    share_statistics();
    engine_->observe_statistics(batch, weight);
  }

  void evaluate(const Batch& batch) override {
    share_statistics();
    if (batch.count > 0) engine_->evaluate(batch);
  }

  [[nodiscard]] HostTensor predict(const Batch& batch) override { return engine_->predict(batch); }

  [[nodiscard]] Meters take_meters() override {
    const Meters own = engine_->take_meters();
    const auto images = static_cast<double>(own.images);
    std::array<double, 4> sums = {own.loss * images, own.top1 * images, own.top5 * images, images};
    group_.sum(sums, "losses");
    if (sums[3] == 0) return {};
    return {sums[0] / sums[3], sums[1] / sums[3], sums[2] / sums[3],
            static_cast<std::int64_t>(sums[3])};
  }

  [[nodiscard]] TensorMap state() const override { return engine_->state(); }
  void load_state(const TensorMap& state) override {
    group_.require_same(hash_of(state), "weights");
    engine_->load_state(state);
    statistics_differ_ = false;
  }
  [[nodiscard]] TensorMap velocity() const override { return engine_->velocity(); }
  void load_velocity(const TensorMap& velocity) override {
    group_.require_same(hash_of(velocity), "momentum");
    engine_->load_velocity(velocity);
  }
  void set_masks(const TensorMap& masks) override {
    engine_->set_masks(share_masks(group_, masks));
  }
  void set_effective_weights(EffectiveWeights effective, ExtraLoss extra) override {
    engine_->set_effective_weights(std::move(effective), std::move(extra));
  }

 private:
  // Running statistics become rank 0's.
  void share_statistics() {
    if (!std::exchange(statistics_differ_, false)) return;
    std::set<std::string> trained;
    for (const ParameterSlot& slot : engine_->slots()) trained.insert(slot.name);
    TensorMap state = engine_->state(), statistics;
    for (auto& [name, tensor] : state) {
      if (!trained.contains(name)) statistics.emplace(name, std::move(tensor));
    }
    if (statistics.empty()) return;
    broadcast(group_, statistics, "running statistics of batch norm");
    for (auto& [name, tensor] : statistics) state.at(name) = std::move(tensor);
    engine_->load_state(state);
  }

  std::unique_ptr<Engine> engine_;
  ProcessGroup& group_;
  bool sync_;
  GradientBuckets buckets_;
  bool statistics_differ_ = false;
  double own_images_ = 0, all_images_ = 0;  // of the last step
};

}  // namespace

std::unique_ptr<Engine> make_data_parallel(std::unique_ptr<Engine> engine, ProcessGroup& group,
                                           const DataParallelSettings& settings) {
  return std::make_unique<DataParallelEngine>(std::move(engine), group, settings);
}

TensorMap share_masks(ProcessGroup& group, TensorMap masks) {
  group.require_same(hash_of(masks), "masks");
  broadcast(group, masks, "masks");
  return masks;
}

void require_full_shares(std::int64_t images, std::int64_t batch_size, int processes) {
  const std::int64_t rest = images % batch_size;
  const std::int64_t smallest = rest == 0 ? batch_size : std::min(rest, batch_size);
  if (std::min(smallest, images) >= processes) return;
  throw Error(ErrorCode::Config,
              fmt::format("{} images in batches of {}: the last batch has {}, too few for {} "
                          "processes with train.sync_batch_norm=true",
                          images, batch_size, smallest, processes),
              "choose another train.batch_size, or train.sync_batch_norm=false");
}

}  // namespace pollard
