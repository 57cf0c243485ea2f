#include "sparse/train_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "pollard/error.h"

namespace pollard::sparse {
namespace {

[[noreturn]] void refuse(const Node& node, std::string_view why) {
  throw Error(ErrorCode::Config, fmt::format("{}: {}", node.name, why),
              "this network needs the other engine: retrain.engine=torch");
}

MapShape extent_of(const Node& node, const Shape& shape) {
  if (shape.size() == 2 || shape.size() == 4) return map_shape(shape);
  refuse(node, "values of " + std::to_string(shape.size()) + " dimensions are not supported");
}

class Planner {
 public:
  explicit Planner(const Graph& graph) : graph_(graph) { find_live(); }

  TrainPlan plan() {
    const ImageShape shape = graph_.input_shape();
    plan_.input = new_value(std::string(Graph::kInput),
                            {static_cast<int>(shape.channels), static_cast<int>(shape.height),
                             static_cast<int>(shape.width)},
                            false);
    count_readers();
    for (std::size_t i = 0; i < graph_.nodes().size(); ++i) {
      const Node& node = graph_.nodes()[i];
      if (!live_.contains(node.output)) continue;
      node_ = static_cast<int>(i);
      std::visit([&](const auto& op) { add(node, op); }, node.op);
    }
    plan_.output = value(graph_.output());
    keep(plan_.output);
    std::erase_if(plan_.steps, [&](const PlannedStep& step) {
      const ViewStep* view = std::get_if<ViewStep>(&step);
      return view != nullptr && absorbed_.contains(view->value);
    });
    return std::move(plan_);
  }

 private:
  // ---- what reads what --------------------------------------------------------------------------

  [[nodiscard]] std::vector<std::string> data_inputs(const Node& node) const {
    std::vector<std::string> values;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const bool is_parameter = graph_.find_parameter(node.inputs[i]) != nullptr;
      const bool takes_parameters = std::holds_alternative<Conv>(node.op) ||
                                    std::holds_alternative<Gemm>(node.op) ||
                                    std::holds_alternative<BatchNormalization>(node.op);
      if (is_parameter != (takes_parameters && i > 0))
        refuse(node, "parameters must be weights, biases or batch norms', and these parameters");
      if (!is_parameter) values.push_back(node.inputs[i]);
    }
    return values;
  }

  void find_live() {
    live_.insert(graph_.output());
    for (std::size_t i = graph_.nodes().size(); i-- > 0;) {
      const Node& node = graph_.nodes()[i];
      if (!live_.contains(node.output)) continue;
      for (const std::string& input : data_inputs(node)) live_.insert(input);
    }
  }

  // Nodes whose output is their input: nothing happens in them.
  [[nodiscard]] bool is_alias(const Node& node) const {
    if (std::holds_alternative<Identity>(node.op)) return true;
    if (const auto* dropout = std::get_if<Dropout>(&node.op)) return dropout->ratio == 0;
    if (!std::holds_alternative<Flatten>(node.op)) return false;
    const MapShape extent = extent_of(node, graph_.shape(node.inputs[0]));
    return extent.height * extent.width == 1;
  }

  void count_readers() {
    std::unordered_map<std::string, std::string> root;
    const auto root_of = [&](const std::string& name) {
      const auto found = root.find(name);
      return found == root.end() ? name : found->second;
    };
    for (const Node& node : graph_.nodes()) {
      if (!live_.contains(node.output)) continue;
      if (is_alias(node)) {
        root[node.output] = root_of(node.inputs[0]);
        continue;
      }
      for (const std::string& input : data_inputs(node)) ++readers_[root_of(input)];
    }
    ++readers_[root_of(graph_.output())];
  }

  // ---- values -----------------------------------------------------------------------------------

  int new_value(std::string name, MapShape extent, bool trains, std::optional<View> view = {}) {
    const int number = static_cast<int>(plan_.values.size());
    by_name_[name] = number;
    producer_.push_back(static_cast<int>(plan_.steps.size()));
    plan_.values.push_back({std::move(name), extent, trains, !view, view});
    return number;
  }
  int new_output(const Node& node, bool trains, std::optional<View> view = {}) {
    return new_value(node.output, extent_of(node, graph_.shape(node.output)), trains, view);
  }
  [[nodiscard]] int value(const std::string& name) const { return by_name_.at(name); }
  [[nodiscard]] PlannedValue& at(int value) {
    return plan_.values[static_cast<std::size_t>(value)];
  }
  int keep(int value) {
    at(value).kept = true;
    return value;
  }
  [[nodiscard]] int readers(int value) { return readers_[at(value).name]; }

  // The convolution that makes this value, if one does and nobody else reads it.
  ConvStep* sole_conv(int value) {
    if (at(value).view || readers(value) != 1) return nullptr;
    return conv_of(value);
  }
  ConvStep* conv_of(int value) {
    const auto step = static_cast<std::size_t>(producer_[static_cast<std::size_t>(value)]);
    if (at(value).view || step >= plan_.steps.size()) return nullptr;
    ConvStep* conv = std::get_if<ConvStep>(&plan_.steps[step]);
    return conv != nullptr && conv->out == value ? conv : nullptr;
  }

  // A view that another view may take over: nobody else reads it and it does not clip.
  [[nodiscard]] bool is_open(int value) {
    return at(value).view && readers(value) == 1 && !at(value).view->clips();
  }
  View take_over(int value) {
    absorbed_.insert(value);
    return *at(value).view;
  }
  int add_view(const Node& node, const View& view) {
    const bool trains =
        at(view.z).trains || view.norm >= 0 ||
        (view.residual >= 0 && (at(view.residual).trains || view.residual_norm >= 0));
    const int out = new_output(node, trains, view);
    // With a residual the clip's gate is the value itself.
    at(out).kept = readers(out) > 1 || view.residual >= 0;
    plan_.steps.emplace_back(ViewStep{out});
    return out;
  }

  // ---- operators --------------------------------------------------------------------------------

  void add(const Node& node, const Conv&) {
    const int x = value(node.inputs[0]);
    const int out = new_output(node, true);
    plan_.steps.emplace_back(ConvStep{node_, x, out});
  }

  void add(const Node& node, const Gemm&) {
    const int x = keep(value(node.inputs[0]));
    const int out = new_output(node, true);
    plan_.steps.emplace_back(ConvStep{node_, x, out});
  }

  void add(const Node& node, const BatchNormalization&) {
    const int z = keep(value(node.inputs[0]));
    PlannedNorm norm{node_, z};
    const int number = static_cast<int>(plan_.norms.size());
    if (ConvStep* conv = sole_conv(z)) {
      conv->norm = number;
      norm.owns_z = norm.summed = true;
    }
    plan_.norms.push_back(norm);
    plan_.steps.emplace_back(NormStep{number});
    add_view(node, {.z = z, .norm = number});
  }

  void add_clip(const Node& node, float low, float high, bool edges_pass) {
    const int x = value(node.inputs[0]);
    // Where the edges pass, the value after the clip does not tell the gate.
    const bool takes = is_open(x) && !(edges_pass && at(x).view->residual >= 0);
    View view = takes ? take_over(x) : View{.z = keep(x)};
    view.low = low;
    view.high = high;
    view.edges_pass = edges_pass;
    add_view(node, view);
  }
  void add(const Node& node, const Relu&) {
    add_clip(node, 0, std::numeric_limits<float>::infinity(), false);
  }
  void add(const Node& node, const Clip& op) { add_clip(node, op.minimum, op.maximum, true); }

  void add(const Node& node, const Add&) {
    const int a = value(node.inputs[0]), b = value(node.inputs[1]);
    if (add_to_conv(node, a, b) || add_to_conv(node, b, a)) return;
    const auto takes = [&](int v) { return is_open(v) && at(v).view->residual < 0; };
    if (!takes(a) && takes(b)) return add_sum(node, b, a, false);
    add_sum(node, a, b, takes(a) && takes(b));
  }

  void add_sum(const Node& node, int first, int second, bool both) {
    const bool takes = is_open(first) && at(first).view->residual < 0;
    View view = takes ? take_over(first) : View{.z = keep(first)};
    if (both) {
      const View other = take_over(second);
      view.residual = other.z;
      view.residual_norm = other.norm;
    } else {
      view.residual = keep(second);
    }
    add_view(node, view);
  }

  // As part of the convolution that makes `out`, if `older` is there before it.
  bool add_to_conv(const Node& node, int out, int older) {
    ConvStep* conv = sole_conv(out);
    if (conv == nullptr || conv->add >= 0 || conv->norm >= 0 || older == out) return false;
    if (producer_[static_cast<std::size_t>(older)] >= producer_[static_cast<std::size_t>(out)])
      return false;
    conv->add = keep(older);
    readers_[at(out).name] = readers_[node.output];
    by_name_[node.output] = out;
    return true;
  }

  void add_plain(const Node& node) {
    std::vector<int> inputs;
    bool trains = false;
    for (const std::string& name : data_inputs(node)) {
      inputs.push_back(keep(value(name)));
      trains = trains || at(inputs.back()).trains;
    }
    const int out = new_output(node, trains);
    plan_.steps.emplace_back(PlainStep{node_, std::move(inputs), out});
  }

  template <typename Op>
  void add(const Node& node, const Op&) {
    if (is_alias(node)) {
      by_name_[node.output] = value(node.inputs[0]);
    } else {
      add_plain(node);
    }
  }

  const Graph& graph_;
  TrainPlan plan_;
  int node_ = -1;
  std::unordered_set<std::string> live_;
  std::unordered_map<std::string, int> by_name_;
  std::unordered_map<std::string, int> readers_;
  std::vector<int> producer_;  // of each value: the number of its step
  std::unordered_set<int> absorbed_;
};

}  // namespace

TrainPlan plan_training(const Graph& graph) {
  (void)graph.classes();  // throws where there is no output
  TrainPlan plan = Planner(graph).plan();
  const PlannedValue& output = plan.values[static_cast<std::size_t>(plan.output)];
  if (output.extent.height * output.extent.width != 1) {
    throw Error(ErrorCode::Config,
                fmt::format("{}: the output has {} x {} pixels, expected one value a class",
                            output.name, output.extent.height, output.extent.width));
  }
  return plan;
}

std::vector<int> values_read(const TrainPlan& plan, const PlannedStep& step) {
  std::vector<int> read;
  const auto note = [&](int value) {
    if (value >= 0) read.push_back(value);
  };
  if (const auto* conv = std::get_if<ConvStep>(&step)) {
    note(conv->x);
    note(conv->add);
  } else if (const auto* view = std::get_if<ViewStep>(&step)) {
    const View& of = *plan.values[static_cast<std::size_t>(view->value)].view;
    note(of.z);
    note(of.residual);
  } else if (const auto* plain = std::get_if<PlainStep>(&step)) {
    for (const int input : plain->inputs) note(input);
  } else if (const auto* norm = std::get_if<NormStep>(&step)) {
    note(plan.norms[static_cast<std::size_t>(norm->norm)].z);
  }
  return read;
}

}  // namespace pollard::sparse
