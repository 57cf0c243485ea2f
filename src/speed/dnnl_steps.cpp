// The shortcut of the CIFAR ResNets, every second pixel with zero channels around, is a 1x1
// convolution with a single 1 a row here: it stays in the blocked layout and costs some thousandths
// of the network.
#include "speed/dnnl_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "pollard/error.h"

namespace pollard {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using Dims = memory::dims;
using Desc = memory::desc;

}  // namespace

DnnlSteps::DnnlSteps(const Graph& graph, const TensorMap& state, std::int64_t batch, DnnlTape& tape)
    : network_(fold_batch_norm(graph, state)), batch_(batch), tape_(tape) {
  FusedSteps fused = fuse_steps(network_.graph);
  steps_ = std::move(fused.steps);
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    for (const std::string& value : steps_[i].inputs) last_reader_[value] = i;
    if (!steps_[i].residual.empty()) last_reader_[steps_[i].residual] = i;
  }
  last_reader_[fused.output] = steps_.size();
  const std::string input(Graph::kInput);
  values_[input] = tape_.make_outside_value(row_major(dims(input)));
  const DnnlValue output =
      tape_.make_outside_value(row_major({batch_, element_count(graph.shape(graph.output()))}));
  for (now_ = 0; now_ < steps_.size(); ++now_) take(steps_[now_]);
  now_ = steps_.size() - 1;
  const DnnlValue& last = values_.at(fused.output);
  const DnnlValue result{row_major(last.desc.dims()), output.slot};
  tape_.add(now_, dnnl::reorder({tape_.engine(), last.desc, tape_.engine(), result.desc}),
            {{DNNL_ARG_FROM, last}, {DNNL_ARG_TO, result}});
}

std::vector<std::string> DnnlSteps::names() const {
  std::vector<std::string> names;
  for (const FusedStep& step : steps_) names.push_back(step.node->name);
  return names;
}

void DnnlSteps::take(const FusedStep& step) {
  temporaries_.clear();
  try {
    std::visit([&](const auto& op) { make(step, op); }, step.node->op);
  } catch (const dnnl::error& error) {
    beyond(step, error.what());
  }
  for (const DnnlValue& value : temporaries_) tape_.release(value);
  for (const auto& [value, reader] : last_reader_) {
    if (reader == now_ && values_.contains(value)) tape_.release(values_.at(value));
  }
}

void DnnlSteps::beyond(const FusedStep& step, const std::string& why) {
  throw Error(ErrorCode::Config, fmt::format("oneDNN cannot run node '{}' ({}): {}",
                                             step.node->name, operator_name(step.node->op), why));
}

memory::dims DnnlSteps::dims(const std::string& value) const {
  Dims dims = network_.graph.shape(value);
  dims[0] = batch_;
  return dims;
}

std::span<const float> DnnlSteps::parameter(const FusedStep& step, std::size_t input) const {
  return network_.state.at(step.node->inputs[input]).f32();
}

std::vector<float> DnnlSteps::bias(const FusedStep& step) const {
  if (step.node->inputs.size() > 2) {
    const std::span<const float> values = parameter(step, 2);
    return {values.begin(), values.end()};
  }
  return std::vector<float>(
      static_cast<std::size_t>(network_.graph.shape(step.node->inputs[1])[0]));
}

bool DnnlSteps::read_later(const std::string& value) const { return last_reader_.at(value) > now_; }

DnnlValue DnnlSteps::input_as(const FusedStep& step, const Desc& wanted) {
  const DnnlValue& value = input(step);
  DnnlValue result = tape_.reordered(now_, value, wanted);
  if (result.slot != value.slot) temporaries_.push_back(result);
  return result;
}

dnnl::primitive_attr DnnlSteps::after(const FusedStep& step) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  dnnl::post_ops after;
  if (!step.residual.empty()) after.append_sum();
  if (step.low == 0 && step.high == infinity) {
    after.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
  } else if (step.clips()) {
    after.append_eltwise(1, algorithm::eltwise_clip, step.low, step.high);
  }
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(after);
  return attributes;
}

// Sums go onto the residual itself where nobody reads it later and its layout is the right one.
DnnlValue DnnlSteps::target(const FusedStep& step, const Desc& wanted) {
  if (step.residual.empty()) return tape_.make_value(wanted);
  const DnnlValue residual = values_.at(step.residual);
  const bool ours = !read_later(step.residual) && step.residual != Graph::kInput;
  if (ours && residual.desc == wanted) {
    values_.erase(step.residual);
    return residual;
  }
  const DnnlValue copy = tape_.make_value(wanted);
  tape_.add(now_, dnnl::reorder({tape_.engine(), residual.desc, tape_.engine(), wanted}),
            {{DNNL_ARG_FROM, residual}, {DNNL_ARG_TO, copy}});
  return copy;
}

void DnnlSteps::finish(const FusedStep& step, dnnl::primitive primitive,
                       DnnlTape::Arguments arguments, const Desc& result) {
  const DnnlValue value = target(step, result);
  arguments.emplace_back(DNNL_ARG_DST, value);
  tape_.add(now_, std::move(primitive), std::move(arguments));
  values_[step.output] = value;
}

// ---- operators without weights -----------------------------------------------------------------

void DnnlSteps::make(const FusedStep& step, const Add&) {
  const DnnlValue first = input(step);
  DnnlValue second = tape_.reordered(now_, input(step, 1), first.desc);
  if (second.slot != input(step, 1).slot) temporaries_.push_back(second);
  const dnnl::binary::primitive_desc chosen(
      {algorithm::binary_add, first.desc, second.desc, first.desc}, after(step), tape_.engine());
  finish(step, dnnl::binary(chosen), {{DNNL_ARG_SRC_0, first}, {DNNL_ARG_SRC_1, second}},
         chosen.dst_desc());
}

// The clip is the step's own.
void DnnlSteps::activate(const FusedStep& step) {
  const DnnlValue& x = input(step);
  const dnnl::eltwise_forward::primitive_desc chosen(
      {kInference, algorithm::eltwise_clip, x.desc, step.low,
       std::min(step.high, std::numeric_limits<float>::max())},
      tape_.engine());
  finish(step, dnnl::eltwise_forward(chosen), {{DNNL_ARG_SRC, x}}, chosen.dst_desc());
}

void DnnlSteps::make(const FusedStep& step, const Concat& op) {
  std::vector<Desc> sources;
  DnnlTape::Arguments arguments;
  for (std::size_t i = 0; i < step.inputs.size(); ++i) {
    sources.push_back(input(step, i).desc);
    arguments.emplace_back(DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i), input(step, i));
  }
  const dnnl::concat::primitive_desc chosen(static_cast<int>(op.axis), sources, tape_.engine());
  finish(step, dnnl::concat(chosen), std::move(arguments), chosen.dst_desc());
}

void DnnlSteps::pool(const FusedStep& step, algorithm kind, const Dims& kernel, const Dims& strides,
                     const Dims& before, const Dims& after) {
  const DnnlValue& x = input(step);
  const dnnl::pooling_forward::primitive_desc chosen(
      {kInference, kind, x.desc, any_layout(dims(step.output)), strides, kernel, before, after},
      tape_.engine());
  finish(step, dnnl::pooling_forward(chosen), {{DNNL_ARG_SRC, x}}, chosen.dst_desc());
}

// With ceil_mode the last window reaches beyond the padding: more padding, which an average must
// not count.
template <typename Pool>
void DnnlSteps::pool(const FusedStep& step, const Pool& op, algorithm kind) {
  const Dims in = dims(step.inputs[0]), out = dims(step.output);
  Dims after{op.pads[2], op.pads[3]};
  for (std::size_t i : {0, 1}) {
    const std::int64_t reach = (out[i + 2] - 1) * op.strides[i] + op.kernel[i];
    const std::int64_t missing = reach - in[i + 2] - op.pads[i] - after[i];
    if (missing > 0 && kind == algorithm::pooling_avg_include_padding)
      beyond(step, "a window beyond the padding that counts the padding");
    after[i] += std::max<std::int64_t>(missing, 0);
  }
  pool(step, kind, {op.kernel[0], op.kernel[1]}, {op.strides[0], op.strides[1]},
       {op.pads[0], op.pads[1]}, after);
}

void DnnlSteps::make(const FusedStep& step, const MaxPool& op) {
  pool(step, op, algorithm::pooling_max);
}

void DnnlSteps::make(const FusedStep& step, const AveragePool& op) {
  pool(step, op,
       op.count_include_pad ? algorithm::pooling_avg_include_padding
                            : algorithm::pooling_avg_exclude_padding);
}

void DnnlSteps::make(const FusedStep& step, const GlobalAveragePool&) {
  const Dims size = dims(step.inputs[0]);
  pool(step, algorithm::pooling_avg_exclude_padding, {size[2], size[3]}, {1, 1}, {0, 0}, {0, 0});
}

}  // namespace pollard
