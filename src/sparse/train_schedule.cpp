#include "sparse/train_schedule.h"

#include <algorithm>
#include <cmath>

#include "sparse/train_buffers.h"

namespace pollard::sparse {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A gradient: the tensor itself, or what a norm makes of it.
struct Gradient {
  int tensor = -1;
  int norm = -1;
};

class Scheduler {
 public:
  Scheduler(const Graph& graph, const TrainPlan& plan)
      : graph_(graph),
        plan_(plan),
        tensor_of_(plan.values.size(), -1),
        final_(plan.values.size(), -1),
        pending_(plan.values.size()),
        layer_of_(plan.steps.size(), -1),
        saved_of_(plan.steps.size(), -1),
        copied_by_(plan.steps.size(), -1) {}

  Schedule schedule() {
    for (std::size_t v = 0; v < plan_.values.size(); ++v) {
      if (plan_.values[v].kept) tensor_of_[v] = new_tensor(plan_.values[v].extent);
    }
    schedule_.input = tensor(plan_.input);
    schedule_.output = tensor(plan_.output);
    for (std::size_t s = 0; s < plan_.steps.size(); ++s)
      std::visit([&](const auto& step) { forward(static_cast<int>(s), step); }, plan_.steps[s]);
    if (value(plan_.output).trains) {
      schedule_.output_gradient = new_tensor(value(plan_.output).extent);
      pending(plan_.output).push_back({schedule_.output_gradient});
      for (std::size_t s = plan_.steps.size(); s-- > 0;)
        std::visit([&](const auto& step) { backward(static_cast<int>(s), step); }, plan_.steps[s]);
    }
    assign_buffers(schedule_);
    return std::move(schedule_);
  }

 private:
  [[nodiscard]] const PlannedValue& value(int v) const {
    return plan_.values[static_cast<std::size_t>(v)];
  }
  [[nodiscard]] int tensor(int v) const { return tensor_of_[static_cast<std::size_t>(v)]; }
  [[nodiscard]] int z_of(int norm) const {
    return norm < 0 ? -1 : tensor(plan_.norms[static_cast<std::size_t>(norm)].z);
  }
  std::vector<Gradient>& pending(int v) { return pending_[static_cast<std::size_t>(v)]; }

  int new_tensor(const MapShape& extent) {
    schedule_.tensors.push_back({extent});
    return static_cast<int>(schedule_.tensors.size()) - 1;
  }

  // A view of values as one of tensors.
  [[nodiscard]] View on_tensors(View view) const {
    view.z = tensor(view.z);
    if (view.residual >= 0) view.residual = tensor(view.residual);
    return view;
  }
  // How to read a value: where it is kept, or else what it is made of.
  [[nodiscard]] View reading(int v) const {
    return value(v).kept ? View{.z = tensor(v)} : on_tensors(*value(v).view);
  }

  // The first step that reads v; with `gradients`, the first that gives it a gradient.
  [[nodiscard]] int first_reader(int v, bool gradients) const {
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
      if (gradients && std::holds_alternative<NormStep>(plan_.steps[s])) continue;
      const std::vector<int> read = values_read(plan_, plan_.steps[s]);
      if (std::ranges::find(read, v) != read.end()) return static_cast<int>(s);
    }
    return -1;
  }

  // ---- forward ----------------------------------------------------------------------------------

  void forward(int s, const ConvStep& step) {
    const auto index = static_cast<std::size_t>(s);
    layer_of_[index] = static_cast<int>(schedule_.layers.size());
    schedule_.layers.push_back(step.node);
    const bool copies = copied_by_[index] >= 0;
    schedule_.forward.emplace_back(
        RunConv{.layer = layer_of_[index],
                .x = copies ? on_tensors(*value(step.x).view) : reading(step.x),
                .copy = copies ? tensor(step.x) : -1,
                .add = step.add >= 0 ? tensor(step.add) : -1,
                .out = tensor(step.out),
                .norm = step.norm});
  }

  void forward(int, const NormStep& step) {
    const PlannedNorm& norm = plan_.norms[static_cast<std::size_t>(step.norm)];
    schedule_.forward.emplace_back(RunNorm{step.norm, norm.summed ? -1 : z_of(step.norm)});
  }

  // The first convolution that reads a view keeps it, where nobody else wants it before.
  void forward(int, const ViewStep& step) {
    if (!value(step.value).kept) return;
    const int reader = first_reader(step.value, false);
    if (reader >= 0) {
      const auto index = static_cast<std::size_t>(reader);
      const auto* conv = std::get_if<ConvStep>(&plan_.steps[index]);
      if (conv != nullptr && conv->x == step.value && conv->add != step.value && is_conv(*conv)) {
        copied_by_[index] = step.value;
        return;
      }
    }
    schedule_.forward.emplace_back(
        MakeView{on_tensors(*value(step.value).view), tensor(step.value)});
  }

  void forward(int s, const PlainStep& step) {
    RunPlain action{.node = step.node, .inputs = tensors(step.inputs), .out = tensor(step.out)};
    const bool keeps = std::holds_alternative<Dropout>(node(step.node).op);
    if (keeps) action.saved = new_tensor(value(step.out).extent);
    saved_of_[static_cast<std::size_t>(s)] = action.saved;
    schedule_.forward.emplace_back(std::move(action));
  }

  [[nodiscard]] const Node& node(int n) const {
    return graph_.nodes()[static_cast<std::size_t>(n)];
  }
  [[nodiscard]] bool is_conv(const ConvStep& step) const {
    return std::holds_alternative<Conv>(node(step.node).op);
  }
  [[nodiscard]] std::vector<int> tensors(const std::vector<int>& values) const {
    std::vector<int> result;
    for (const int v : values) result.push_back(tensor(v));
    return result;
  }

  // ---- backward ---------------------------------------------------------------------------------

  // The sum of all gradients that v has got, as one.
  Gradient total(int v, bool may_be_of_norm) {
    std::vector<Gradient>& all = pending(v);
    if (may_be_of_norm && all.size() == 1) return all[0];
    int sum = -1;
    for (const Gradient& gradient : all) {
      if (gradient.norm >= 0) continue;
      if (sum < 0) {
        sum = gradient.tensor;
      } else {
        const int out = new_tensor(value(v).extent);
        schedule_.backward.emplace_back(Pass{sum, gradient.tensor, {}, out});
        sum = out;
      }
    }
    for (const Gradient& gradient : all) {
      if (gradient.norm < 0) continue;
      const int out = new_tensor(value(v).extent);
      schedule_.backward.emplace_back(
          SpreadNorm{gradient.norm, z_of(gradient.norm), gradient.tensor, sum, out});
      sum = out;
    }
    return {sum};
  }

  [[nodiscard]] Passage passage_of(int v) const {
    Passage passage;
    if (!value(v).view) return passage;
    const View& view = *value(v).view;
    passage.norm = view.norm;
    passage.z = z_of(view.norm);
    if (!view.clips()) return passage;
    passage.gate = view.residual >= 0 ? tensor(v) : tensor(view.z);
    passage.gate_norm = view.residual >= 0 ? -1 : view.norm;
    passage.low = view.edges_pass ? std::nextafter(view.low, -kInfinity) : view.low;
    passage.high = view.edges_pass ? std::nextafter(view.high, kInfinity) : view.high;
    return passage;
  }

  // The gradient of v is whole and has passed its view.
  void finish(int v, int gradient) {
    if (!value(v).view) {
      pending(v) = {{gradient}};
      return;
    }
    final_[static_cast<std::size_t>(v)] = gradient;
    if (const int norm = value(v).view->norm; norm >= 0)
      schedule_.backward.emplace_back(FinishNorm{norm});
  }

  void backward(int s, const ConvStep& step) {
    if (pending(step.out).empty()) return;
    const bool balanced =
        std::ranges::all_of(pending(step.out), [](const Gradient& g) { return g.norm >= 0; });
    const Gradient g = total(step.out, is_conv(step) && step.add < 0);
    if (step.add >= 0 && value(step.add).trains) pending(step.add).push_back(g);
    BackConv action{.layer = layer_of_[static_cast<std::size_t>(s)],
                    .x = reading(step.x),
                    .g = g.tensor,
                    .norm = g.norm,
                    .z = z_of(g.norm),
                    .balanced = balanced};
    const bool wanted = value(step.x).trains;
    const bool last = wanted && first_reader(step.x, true) == s;
    if (last) {
      action.add = pending(step.x).empty() ? -1 : total(step.x, false).tensor;
      action.passage = passage_of(step.x);
    }
    if (wanted) action.out = new_tensor(value(step.x).extent);
    schedule_.backward.emplace_back(action);
    if (last) {
      finish(step.x, action.out);
    } else if (wanted) {
      pending(step.x).push_back({action.out});
    }
  }

  void backward(int, const NormStep&) {}

  void backward(int, const ViewStep& step) {
    const int v = step.value;
    if (!value(v).trains) return;
    if (final_[static_cast<std::size_t>(v)] < 0) pass_into_view(v);
    const int g = final_[static_cast<std::size_t>(v)];
    if (g < 0) return;  // the loss does not depend on it
    const View& view = *value(v).view;
    if (view.residual_norm >= 0) {
      schedule_.backward.emplace_back(SumForNorm{view.residual_norm, z_of(view.residual_norm), g});
      schedule_.backward.emplace_back(FinishNorm{view.residual_norm});
    }
    if (value(view.z).trains) pending(view.z).push_back({g, view.norm});
    if (view.residual >= 0 && value(view.residual).trains)
      pending(view.residual).push_back({g, view.residual_norm});
  }

  void pass_into_view(int v) {
    std::vector<Gradient>& all = pending(v);
    if (all.empty()) return;
    Pass pass{.passage = passage_of(v)};
    const bool two = all.size() == 2 && all[0].norm < 0 && all[1].norm < 0;
    pass.sum = two ? all[0].tensor : total(v, false).tensor;
    if (two) pass.add = all[1].tensor;
    if (!two && pass.passage.is_free()) return finish(v, pass.sum);
    pass.out = new_tensor(value(v).extent);
    schedule_.backward.emplace_back(pass);
    finish(v, pass.out);
  }

  void backward(int s, const PlainStep& step) {
    if (pending(step.out).empty()) return;
    BackPlain action{.node = step.node,
                     .inputs = tensors(step.inputs),
                     .out = tensor(step.out),
                     .saved = saved_of_[static_cast<std::size_t>(s)],
                     .g = total(step.out, false).tensor};
    for (const int input : step.inputs)
      action.gradients.push_back(value(input).trains ? new_tensor(value(input).extent) : -1);
    schedule_.backward.emplace_back(action);
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      if (action.gradients[i] >= 0) pending(step.inputs[i]).push_back({action.gradients[i]});
    }
  }

  const Graph& graph_;
  const TrainPlan& plan_;
  Schedule schedule_;
  std::vector<int> tensor_of_;                  // of each value
  std::vector<int> final_;                      // of each view: its gradient behind the clip
  std::vector<std::vector<Gradient>> pending_;  // of each value
  std::vector<int> layer_of_, saved_of_;        // of each step
  std::vector<int> copied_by_;                  // of each step: the value it keeps
};

}  // namespace

Schedule schedule_training(const Graph& graph, const TrainPlan& plan) {
  return Scheduler(graph, plan).schedule();
}

}  // namespace pollard::sparse
