#include "sparse/fuse.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace pollard::sparse {
namespace {

constexpr std::string_view kOutput = "output";  // what leaves, where no node stands for it

int to_int(std::int64_t size) { return static_cast<int>(size); }  // Graph keeps sizes below 2^31

// What a name in the graph stands for.
struct Operand {
  MapView view;
  bool flat = false;  // the view's elements in one dimension
  bool sole = true;   // whatever reads the view's source reads it under this name, once
};

class Fuser {
 public:
  explicit Fuser(const Graph& graph) : graph_(graph) {
    uses_[graph.output()] = 1;
    for (const Node& node : graph.nodes())
      for (const std::string& input : node.inputs) ++uses_[input];
    const std::string input(Graph::kInput);
    operands_[input] = made(input, new_value(map_shape(graph.shape(input))));
  }

  Steps fuse() {
    for (const Node& node : graph_.nodes()) {
      operands_[node.output] = std::visit([&](const auto& op) { return add(node, op); }, node.op);
    }
    Operand& output = operands_.at(graph_.output());
    output.flat = false;  // its elements leave in this order anyway
    result_.output = settled(output);
    // The input is read in its own time, an output has to be written.
    if (result_.output == 0) result_.output = copied(whole(0), std::string(kOutput));
    return std::move(result_);
  }

 private:
  int new_value(const MapShape& shape) {
    result_.values.push_back(shape);
    return to_int(std::ssize(result_.values)) - 1;
  }
  [[nodiscard]] MapView whole(int value) const { return view_of(value, shape_of(value)); }
  [[nodiscard]] const MapShape& shape_of(int value) const {
    return result_.values[static_cast<std::size_t>(value)];
  }
  [[nodiscard]] bool read_once(const std::string& name) const { return uses_.at(name) == 1; }

  [[nodiscard]] Operand made(const std::string& name, int value) const {
    const auto uses = uses_.find(name);
    return {whole(value), false, uses != uses_.end() && uses->second == 1};
  }
  [[nodiscard]] Operand& operand(const Node& node, std::size_t i) {
    return operands_.at(node.inputs[i]);
  }
  [[nodiscard]] bool plain(const Operand& operand) const {
    return !operand.flat && operand.view.whole(shape_of(operand.view.source));
  }
  /// The same value under another name.
  [[nodiscard]] Operand renamed(const Node& node, Operand operand) const {
    operand.sole = operand.sole && uses_.contains(node.output) && read_once(node.output);
    return operand;
  }

  int push(Step step, const MapShape& shape) {
    step.output = new_value(shape);
    result_.steps.push_back(std::move(step));
    return result_.steps.back().output;
  }
  int copied(const MapView& view, const std::string& name) {
    return push({.node = name, .work = CopyStep{.view = view}, .input = view.source}, view.shape);
  }
  /// The value itself, made if it was only a view up to now.
  int settled(Operand& operand, const std::string& name = std::string(kOutput)) {
    if (!operand.view.whole(shape_of(operand.view.source)))
      operand.view = whole(copied(operand.view, name));
    const MapShape& shape = operand.view.shape;
    if (operand.flat) {
      const int flat = shape.channels * shape.height * shape.width;
      operand.view = whole(
          push({.node = name, .work = FlattenStep{}, .input = operand.view.source}, {flat, 1, 1}));
      operand.flat = false;
    }
    return operand.view.source;
  }
  int settled(const Node& node, std::size_t i) { return settled(operand(node, i), node.name); }

  /// The step that makes a value, if what comes after may still become part of it.
  Step* open_step(const Operand& operand) {
    if (!operand.sole || !plain(operand)) return nullptr;
    for (Step& step : result_.steps) {
      if (step.output != operand.view.source) continue;
      return std::holds_alternative<SumStep>(step.work) ||
                     std::holds_alternative<ActivateStep>(step.work)
                 ? &step
                 : nullptr;
    }
    return nullptr;
  }
  static bool takes_addition(const Step* step) {
    if (step == nullptr || step->low != -kInfinity || step->high != kInfinity) return false;
    if (const auto* sum = std::get_if<SumStep>(&step->work)) return !sum->add.has_value();
    return std::get<ActivateStep>(step->work).residual < 0;
  }

  Operand add(const Node& node, const Conv& op) {
    const Shape& weight = graph_.shape(node.inputs[1]);
    const Convolution conv{.outputs = to_int(weight[0]),
                           .inputs = to_int(weight[1] * op.groups),
                           .kernel_height = to_int(weight[2]),
                           .kernel_width = to_int(weight[3]),
                           .stride_y = to_int(op.strides[0]),
                           .stride_x = to_int(op.strides[1]),
                           .pad_top = to_int(op.pads[0]),
                           .pad_left = to_int(op.pads[1]),
                           .dilation_y = to_int(op.dilations[0]),
                           .dilation_x = to_int(op.dilations[1]),
                           .groups = to_int(op.groups)};
    return add_sum(node, conv, settled(node, 0));
  }

  Operand add(const Node& node, const Gemm&) {
    Operand& input = operand(node, 0);
    const int outputs = to_int(graph_.shape(node.inputs[1])[0]);
    if (!input.flat) {
      const int value = settled(input, node.name);
      return add_sum(node, {.outputs = outputs, .inputs = shape_of(value).channels}, value);
    }
    Operand map = input;
    map.flat = false;
    const int value = settled(map, node.name);
    const MapShape& shape = shape_of(value);
    return add_sum(node,
                   {.outputs = outputs,
                    .inputs = shape.channels,
                    .kernel_height = shape.height,
                    .kernel_width = shape.width},
                   value);
  }

  Operand add_sum(const Node& node, const Convolution& conv, int input) {
    SumStep sum{.conv = conv, .weight = node.inputs[1], .bias = {}, .add = {}};
    if (node.inputs.size() > 2) sum.bias = node.inputs[2];
    return made(node.output, push({.node = node.name, .work = std::move(sum), .input = input},
                                  map_shape(graph_.shape(node.output))));
  }

  Operand add(const Node& node, const BatchNormalization& op) {
    ActivateStep activate{.norm = {node.inputs.begin() + 1, node.inputs.end()},
                          .epsilon = op.epsilon};
    return add_activation(node, std::move(activate));
  }
  Operand add_activation(const Node& node, ActivateStep activate) {
    const int input = settled(node, 0);
    return made(node.output, push({.node = node.name, .work = std::move(activate), .input = input},
                                  shape_of(input)));
  }

  Operand add(const Node& node, const Relu&) { return add_clip(node, 0, kInfinity); }
  Operand add(const Node& node, const Clip& op) { return add_clip(node, op.minimum, op.maximum); }
  Operand add_clip(const Node& node, float low, float high) {
    const auto clip = [&](Step& step) {
      step.low = std::clamp(step.low, low, high);
      step.high = std::clamp(step.high, low, high);
    };
    if (Step* step = open_step(operand(node, 0)); step != nullptr) {
      clip(*step);
      return renamed(node, operand(node, 0));
    }
    Operand result = add_activation(node, {});
    clip(result_.steps.back());
    return result;
  }

  Operand add(const Node& node, const Add&) {
    Step* steps[2] = {open_step(operand(node, 0)), open_step(operand(node, 1))};
    const bool takes[2] = {takes_addition(steps[0]), takes_addition(steps[1])};
    if (takes[0] || takes[1]) {
      // The later one; steps lie in one array.
      const std::size_t into = takes[0] && (!takes[1] || steps[0] > steps[1]) ? 0 : 1;
      return add_to(node, into, *steps[into]);
    }
    const int residual = settled(node, 1);
    return add_activation(node, {.norm = {}, .epsilon = 0, .residual = residual});
  }
  /// Adds the other operand in the step that makes operand `into`, which runs here then.
  Operand add_to(const Node& node, std::size_t into, const Step& step) {
    const int value = step.output;
    Operand& other = operand(node, 1 - into);
    const bool sum = std::holds_alternative<SumStep>(step.work);
    if (!sum || !readable_by_addition(other)) settled(other, node.name);
    const auto at = std::find_if(result_.steps.begin(), result_.steps.end(),
                                 [&](const Step& s) { return s.output == value; });
    std::rotate(at, at + 1, result_.steps.end());
    if (sum) {
      std::get<SumStep>(result_.steps.back().work).add = other.view;
    } else {
      std::get<ActivateStep>(result_.steps.back().work).residual = other.view.source;
    }
    return renamed(node, operand(node, into));
  }
  static bool readable_by_addition(const Operand& operand) {
    const MapView& view = operand.view;
    return !operand.flat && view.covered(1) && view.covered(2) && view.axes[0].step == 1 &&
           (view.fill == 0 || view.covered(0));
  }

  template <typename Pool>
  static PoolStep pool_step(const Pool& op) {
    return {.kernel_height = to_int(op.kernel[0]),
            .kernel_width = to_int(op.kernel[1]),
            .stride_y = to_int(op.strides[0]),
            .stride_x = to_int(op.strides[1]),
            .pad_top = to_int(op.pads[0]),
            .pad_left = to_int(op.pads[1]),
            .pad_bottom = to_int(op.pads[2]),
            .pad_right = to_int(op.pads[3])};
  }
  Operand add_pool(const Node& node, PoolStep pool) {
    const int input = settled(node, 0);
    return made(node.output, push({.node = node.name, .work = pool, .input = input},
                                  map_shape(graph_.shape(node.output))));
  }
  Operand add(const Node& node, const MaxPool& op) {
    PoolStep pool = pool_step(op);
    pool.maximum = true;
    return add_pool(node, pool);
  }
  Operand add(const Node& node, const AveragePool& op) {
    PoolStep pool = pool_step(op);
    pool.count_padding = op.count_include_pad;
    return add_pool(node, pool);
  }
  Operand add(const Node& node, const GlobalAveragePool&) {
    const Shape& shape = graph_.shape(node.inputs[0]);
    return add_pool(node, {.kernel_height = to_int(shape[2]), .kernel_width = to_int(shape[3])});
  }

  Operand add(const Node& node, const Flatten&) {
    Operand operand = renamed(node, this->operand(node, 0));
    const MapShape& shape = operand.view.shape;
    if (!operand.flat && (shape.height != 1 || shape.width != 1)) operand.flat = true;
    return operand;
  }

  Operand add(const Node& node, const Pad& op) {
    Operand& input = operand(node, 0);
    if (input.flat || (!input.view.covered() && input.view.fill != op.value))
      settled(input, node.name);
    Operand result = renamed(node, input);
    result.view.fill = op.value;
    const std::size_t rank = op.pads.size() / 2;
    for (std::size_t axis = 1; axis < rank; ++axis)
      result.view = padded(result.view, axis - 1, op.pads[axis], op.pads[rank + axis]);
    return result;
  }

  Operand add(const Node& node, const Slice& op) {
    Operand& input = operand(node, 0);
    if (input.flat) settled(input, node.name);
    Operand result = renamed(node, input);
    const Shape& from = graph_.shape(node.inputs[0]);
    const Shape& to = graph_.shape(node.output);
    for (std::size_t i = 0; i < op.axes.size(); ++i) {
      const auto axis =
          static_cast<std::size_t>(op.axes[i] + (op.axes[i] < 0 ? std::ssize(from) : 0));
      const std::int64_t start = std::clamp<std::int64_t>(
          op.starts[i] + (op.starts[i] < 0 ? from[axis] : 0), 0, from[axis]);
      result.view = sliced(result.view, axis - 1, start, op.steps[i], to[axis]);
    }
    return result;
  }

  Operand add(const Node& node, const Concat& op) {
    const Shape& shape = graph_.shape(node.output);
    const auto axis = static_cast<std::size_t>(op.axis + (op.axis < 0 ? std::ssize(shape) : 0));
    const int value = new_value(map_shape(shape));
    int place = 0;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      Operand& input = operand(node, i);
      if (input.flat) settled(input, node.name);
      CopyStep copy{.view = input.view};
      (axis == 1 ? copy.channel : axis == 2 ? copy.y : copy.x) = place;
      result_.steps.push_back(
          {.node = node.name, .work = copy, .input = input.view.source, .output = value});
      place += to_int(sizes_of(input.view.shape)[axis - 1]);
    }
    return made(node.output, value);
  }

  Operand add(const Node& node, const Dropout&) { return renamed(node, operand(node, 0)); }
  Operand add(const Node& node, const Identity&) { return renamed(node, operand(node, 0)); }

  const Graph& graph_;
  Steps result_;
  std::map<std::string, Operand> operands_;
  std::map<std::string, int> uses_;
};

}  // namespace

Convolution PoolStep::window(int channels) const {
  return {.outputs = channels,
          .inputs = channels,
          .kernel_height = kernel_height,
          .kernel_width = kernel_width,
          .stride_y = stride_y,
          .stride_x = stride_x,
          .pad_top = pad_top,
          .pad_left = pad_left,
          .groups = channels};
}

Steps fuse(const Graph& graph) { return Fuser(graph).fuse(); }

}  // namespace pollard::sparse
