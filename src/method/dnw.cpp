#include "method/dnw.h"

#include <vector>

#include "method/forward_masks.h"
#include "method/tensor_selection.h"
#include "pollard/allocation.h"
#include "pollard/selection.h"

namespace pollard {
namespace {

class Dnw final : public Method {
 public:
  explicit Dnw(DnwScope scope) : scope_(scope) {}
  [[nodiscard]] std::string_view name() const override { return "dnw"; }

  void attach(const MethodContext& context) override {
    masks_.attach(context.engine, MaskGradient::StraightThrough);
    kept_ = kept_at(masks_.size(), context.sparsity);
    shares_ = layer_counts("uniform", prunable_shapes(context.engine.graph()), kept_);
    choose();
  }

  void after_step(const TrainingPosition&) override { choose(); }

  // The mask in force is that of the weights as they are.
  [[nodiscard]] MaskSet finish() override { return masks_.finish(); }
  void load(const TensorMap&) override { choose(); }

 private:
  void choose() {
    const std::vector<at::Tensor> weights = masks_.weights();
    if (scope_ == DnwScope::Global) return masks_.set(select_largest_entries(weights, kept_));
    std::vector<at::Tensor> masks;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      masks.push_back(select_largest_entries(std::span(&weights[i], 1), shares_[i]).front());
    }
    masks_.set(masks);
  }

  DnwScope scope_;
  std::int64_t kept_ = 0;
  std::vector<std::int64_t> shares_;  // of kept_, for each layer
  ForwardMasks masks_;
};

}  // namespace

void declare_dnw(ParameterTable& table) {
  table.add({.key = "method.dnw.scope",
             .fallback = std::string("global"),
             .unit = "",
             .help = "global: one threshold for all weights; layer: each layer keeps its share.",
             .choices = {"global", "layer"},
             .only_with = OnlyWith{"train.method", {"dnw"}}});
}

std::unique_ptr<Method> make_dnw(DnwScope scope) { return std::make_unique<Dnw>(scope); }

std::unique_ptr<Method> make_dnw(const Config& config) {
  return make_dnw(config.text("method.dnw.scope") == "layer" ? DnwScope::Layer : DnwScope::Global);
}

}  // namespace pollard
