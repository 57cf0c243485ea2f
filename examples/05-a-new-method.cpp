// A pruning method of your own: a class derived from pollard::Method, and a loop that trains with
// it.
//
// Build:  see README.md in this folder
// Run:    ./05-a-new-method
//
// The method is RigL (Evci et al., ICML 2020): a network that is sparse from its first step. Every
// `kInterval` steps each layer drops its weights of smallest magnitude and grows as many of those
// it did not have, where the gradient is largest. The share of its weights that moves falls from
// 30 % to none over three quarters of the training, of T steps:
//
//   share(t) = 0.3 / 2 * (1 + cos(pi t / (3/4 T)))
//
// LeNet-300-100 is trained for six epochs on 10,000 images of Debian's dataset-fashion-mnist, with
// 2 % of its weights: once with the random ones it starts with, once with RigL. Takes some
// 8 seconds on one core and prints
//
//   masks that stay   81 %   with exactly 5324 of 266200 weights
//   RigL              83 %   with as many
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <pollard/allocation.h>
#include <pollard/batches.h>
#include <pollard/dataset.h>
#include <pollard/error.h>
#include <pollard/masks.h>
#include <pollard/method.h>
#include <pollard/networks.h>
#include <pollard/random.h>
#include <pollard/schedule.h>
#include <pollard/selection.h>
#include <pollard/sgd.h>
#include <pollard/torch_engine.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <numbers>
#include <numeric>
#include <vector>

class RigL final : public pollard::Method {
 public:
  explicit RigL(double share) : share_(share) {}
  [[nodiscard]] std::string_view name() const override { return "rigl"; }

  void attach(const pollard::MethodContext& context) override {
    engine_ = &context.engine;
    last_update_ = context.epochs * context.steps_per_epoch * 3 / 4;
    const pollard::Graph& graph = engine_->graph();
    masks_ = pollard::MaskSet::dense(graph);
    const auto counts = pollard::layer_counts("erk", pollard::prunable_shapes(graph),
                                              pollard::kept_at(masks_.size(), context.sparsity));
    for (std::size_t layer = 0; layer < counts.size(); ++layer) {
      pollard::Mask& mask = masks_.masks()[layer];
      pollard::RandomStream random(context.seed, pollard::Purpose::RandomPruning, 0, layer);
      std::vector<float> scores(mask.keep.size());
      for (float& score : scores) score = random.uniform();
      select(scores, mask.keep, counts[layer]);
    }
    engine_->set_masks(masks_.to_tensors());
  }

  // The dense engine gives gradients of masked weights too.
  void after_backward(const pollard::TrainingPosition& at) override {
    if (at.step % kInterval != 0 || at.step >= last_update_) return;
    const double done = static_cast<double>(at.step) / static_cast<double>(last_update_);
    const double share = share_ / 2 * (1 + std::cos(std::numbers::pi * done));
    auto mask = masks_.masks().begin();  // in the order of the slots
    for (const pollard::ParameterSlot& slot : engine_->slots()) {
      if (slot.prunable) move(slot, (mask++)->keep, share);
    }
    // What was dropped is zero now. What has grown starts from zero, without momentum, in the step
    // that follows; the paper leaves that step out.
    engine_->set_masks(masks_.to_tensors());
  }

  [[nodiscard]] pollard::MaskSet finish() override { return masks_; }

  // With these two a training that was interrupted goes on as if it had not been.
  [[nodiscard]] pollard::TensorMap save() const override { return masks_.to_tensors(); }
  void load(const pollard::TensorMap& state) override {
    masks_ = pollard::MaskSet::from_tensors(engine_->graph(), state);
    engine_->set_masks(state);
  }

 private:
  static constexpr std::int64_t kInterval = 20;

  // Exactly `count` of the entries that `keep` has.
  static void select(std::span<const float> scores, std::span<std::uint8_t> keep,
                     std::int64_t count) {
    pollard::SelectionItem item{scores, keep};
    pollard::select_largest({&item, 1}, count);
  }

  static void move(const pollard::ParameterSlot& slot, std::vector<std::uint8_t>& keep,
                   double share) {
    std::vector<std::uint8_t> free(keep.size());
    for (std::size_t i = 0; i < keep.size(); ++i) free[i] = keep[i] == 0;
    const std::int64_t kept = std::ssize(keep) - std::accumulate(free.begin(), free.end(), 0LL);
    const auto count = std::min(static_cast<std::int64_t>(share * static_cast<double>(kept)),
                                std::ssize(keep) - kept);
    // Copies in row-major order, which a mask has; convolutions' weights may lie otherwise.
    const at::Tensor weight = slot.value.detach().contiguous();
    const at::Tensor gradient = slot.gradient.contiguous();
    select({weight.data_ptr<float>(), keep.size()}, keep, kept - count);
    select({gradient.data_ptr<float>(), keep.size()}, free, count);
    for (std::size_t i = 0; i < keep.size(); ++i) keep[i] |= free[i];
  }

  double share_;
  pollard::Engine* engine_ = nullptr;
  std::int64_t last_update_ = 0;
  pollard::MaskSet masks_;
};

// What `pollard` does for a method in each step, without its records and checkpoints.
pollard::MaskSet train(pollard::Engine& engine, pollard::Method& method,
                       pollard::BatchLoader& loader, std::int64_t epochs) {
  const pollard::SgdSettings sgd = {.momentum = 0.9, .weight_decay = 1e-4};
  const std::int64_t steps = loader.batches_per_epoch();
  const auto rates = pollard::dense_rates({.kind = "cosine", .rate = 0.05}, epochs, steps).rates;
  method.attach({engine, epochs, steps, 1, 0.98, sgd});
  for (std::int64_t epoch = 0, step = 0; epoch < epochs; ++epoch) {
    loader.start(static_cast<std::uint32_t>(epoch));
    for (pollard::Batch batch; loader.next(batch); ++step) {
      engine.forward_backward(batch,
                              {.epoch = static_cast<std::uint32_t>(epoch), .step = batch.index});
      const double rate = rates[static_cast<std::size_t>(step)];
      method.after_backward({epoch, step + 1, rate});
      pollard::sgd_step(engine.slots(), sgd, rate);
      pollard::sgd_step(method.parameters(), sgd, rate);  // RigL has none
      method.after_step({epoch, step + 1, rate});
    }
    method.after_epoch({epoch + 1, step, rates[static_cast<std::size_t>(step - 1)]});
  }
  return method.finish();
}

int run() {
  at::set_num_threads(1);
  const pollard::DataSplits data = pollard::load_dataset("fashion-mnist", "", 10'000);
  const auto normalization = pollard::normalization("fashion-mnist", 1);
  pollard::BatchLoader train_loader(
      *data.train,
      {.batch_size = 64, .shuffle = true, .augmentation = {}, .normalization = normalization});
  pollard::BatchLoader test_loader(
      *data.test, {.batch_size = 1000, .augmentation = {}, .normalization = normalization});
  const pollard::Graph graph =
      pollard::build_network("lenet-300-100", data.train->image_shape(), 10);

  for (const double share : {0.0, 0.3}) {
    const auto engine = pollard::make_torch_engine(graph, {});
    engine->load_state(pollard::initialize(graph, 1, pollard::Initialization::Kaiming));
    RigL method(share);
    const pollard::MaskSet masks = train(*engine, method, train_loader, 6);
    (void)engine->take_meters();  // of the training
    test_loader.start(0);
    for (pollard::Batch batch; test_loader.next(batch);) engine->evaluate(batch);
    std::printf("%-16s  %.1f %%   %lld of %lld weights\n", share > 0 ? "RigL" : "masks that stay",
                engine->take_meters().top1, static_cast<long long>(masks.kept()),
                static_cast<long long>(masks.size()));
  }
  return 0;
}

int main() {
  try {
    return run();
  } catch (const pollard::Error& error) {
    std::cerr << pollard::one_line(error) << '\n';
    return pollard::exit_status(error.code());
  }
}
