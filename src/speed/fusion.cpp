#include "speed/fusion.h"

#include <algorithm>
#include <map>

namespace pollard {
namespace {

template <typename... Operators>
bool is_any_of(const Node& node) {
  return (std::holds_alternative<Operators>(node.op) || ...);
}

class Fusion {
 public:
  explicit Fusion(const Graph& graph) : graph_(graph) {}

  FusedSteps run() {
    for (const Node& node : graph_.nodes()) {
      if (is_any_of<Identity, Dropout, Flatten>(node)) names_[node.output] = name(node.inputs[0]);
    }
    for (const Node& node : graph_.nodes()) {
      if (names_.contains(node.output)) continue;
      for (const std::string& value : values_of(node)) ++readers_[value];
    }
    ++readers_[name(graph_.output())];
    for (const Node& node : graph_.nodes()) {
      if (!names_.contains(node.output)) take(node);
    }
    return {std::move(steps_), name(graph_.output())};
  }

 private:
  [[nodiscard]] std::string name(const std::string& value) const {
    const auto other = names_.find(value);
    return other == names_.end() ? value : other->second;
  }

  [[nodiscard]] std::vector<std::string> values_of(const Node& node) const {
    std::vector<std::string> values;
    for (const std::string& input : node.inputs) {
      if (graph_.find_parameter(input) == nullptr) values.push_back(name(input));
    }
    return values;
  }

  // The step that makes `value`, if nobody else reads it and it clips nothing yet.
  FusedStep* open_step(const std::string& value) {
    if (readers_[value] != 1) return nullptr;
    const auto made = std::ranges::find(steps_, value, &FusedStep::output);
    return made == steps_.end() || made->clips() ? nullptr : &*made;
  }

  // The step ends with `node`, and moves here: all it needs is made by now.
  void append(FusedStep& step, const Node& node) {
    step.output = node.output;
    const auto from = steps_.begin() + (&step - steps_.data());
    std::rotate(from, from + 1, steps_.end());
  }

  bool take_add(const Node& node) {
    const std::vector<std::string> values = values_of(node);
    for (const std::size_t sums : {std::size_t{0}, std::size_t{1}}) {
      FusedStep* step = open_step(values[sums]);
      if (step == nullptr || !is_any_of<Conv, Gemm>(*step->node)) continue;
      if (!step->residual.empty()) continue;
      step->residual = values[1 - sums];
      append(*step, node);
      return true;
    }
    return false;
  }

  bool take_clip(const Node& node, float low, float high) {
    FusedStep* step = open_step(name(node.inputs[0]));
    if (step == nullptr) return false;
    // No library clips in a batch norm at more than 0.
    const bool relu = low == 0 && high == std::numeric_limits<float>::infinity();
    const bool norm = is_any_of<BatchNormalization>(*step->node) && relu;
    if (!norm && !is_any_of<Conv, Gemm, Add>(*step->node)) return false;
    step->low = low;
    step->high = high;
    append(*step, node);
    return true;
  }

  void take(const Node& node) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    FusedStep step{.node = &node, .inputs = values_of(node), .residual = {}, .output = node.output};
    if (is_any_of<Add>(node) && take_add(node)) return;
    if (is_any_of<Relu>(node)) {
      if (take_clip(node, 0, infinity)) return;
      step.low = 0;
    }
    if (const auto* clip = std::get_if<Clip>(&node.op)) {
      if (take_clip(node, clip->minimum, clip->maximum)) return;
      step.low = clip->minimum;
      step.high = clip->maximum;
    }
    steps_.push_back(std::move(step));
  }

  const Graph& graph_;
  std::map<std::string, std::string> names_;
  std::map<std::string, int> readers_;
  std::vector<FusedStep> steps_;
};

}  // namespace

FusedSteps fuse_steps(const Graph& graph) { return Fusion(graph).run(); }

}  // namespace pollard
