#include "method/dpf.h"

#include "method/forward_masks.h"
#include "method/gmp.h"
#include "method/tensor_selection.h"
#include "pollard/selection.h"

namespace pollard {
namespace {

constexpr std::int64_t kEpochsBetweenUpdates = 1;  // of the sparsity

class Dpf final : public Method {
 public:
  explicit Dpf(std::int64_t interval) : interval_(interval) {}
  [[nodiscard]] std::string_view name() const override { return "dpf"; }

  void attach(const MethodContext& context) override {
    check_gmp_interval("dpf", kEpochsBetweenUpdates, context.epochs);
    goal_ = context.sparsity;
    epochs_ = context.epochs;
    masks_.attach(context.engine, MaskGradient::StraightThrough);
  }

  void after_step(const TrainingPosition& at) override {
    if (at.step % interval_ != 0) return;
    choose(gmp_sparsity(goal_, at.epoch, epochs_, kEpochsBetweenUpdates));
  }

  // The last mask, unless the last epoch was too short for one at the goal.
  [[nodiscard]] MaskSet finish() override {
    if (masks_.kept() != kept_at(masks_.size(), goal_)) choose(goal_);
    return masks_.finish();
  }

  // The mask is of an earlier step's weights.
  [[nodiscard]] TensorMap save() const override { return masks_.save(); }
  void load(const TensorMap& state) override { masks_.load(state); }

 private:
  void choose(double sparsity) {
    masks_.set(select_largest_entries(masks_.weights(), kept_at(masks_.size(), sparsity)));
  }

  std::int64_t interval_;
  double goal_ = 0;
  std::int64_t epochs_ = 0;
  ForwardMasks masks_;
};

}  // namespace

void declare_dpf(ParameterTable& table) {
  table.add({.key = "method.dpf.interval",
             .fallback = std::int64_t{16},
             .unit = "steps",
             .help = "Steps between two choices of the mask.",
             .minimum = 1,
             .maximum = 1 << 20,
             .only_with = OnlyWith{"train.method", {"dpf"}}});
}

std::unique_ptr<Method> make_dpf(std::int64_t interval) { return std::make_unique<Dpf>(interval); }

std::unique_ptr<Method> make_dpf(const Config& config) {
  return make_dpf(config.integer("method.dpf.interval"));
}

}  // namespace pollard
