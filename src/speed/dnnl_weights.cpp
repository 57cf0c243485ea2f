// The steps of a chain that have weights, and those that are made of convolutions.
//
// The shortcut of the CIFAR ResNets, every second pixel with zero channels around it, is a 1x1
// convolution with a single 1 a row: it stays in the blocked layout and costs some thousandths of
// the network.
#include <algorithm>
#include <optional>
#include <span>

#include "speed/dnnl_steps.h"

namespace pollard {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using Dims = memory::dims;

// The steps of a slice along height and width, if it does nothing else.
std::optional<std::array<std::int64_t, 2>> pixel_strides(const Slice& op, const Shape& shape) {
  std::array<std::int64_t, 2> strides{1, 1};
  for (std::size_t i = 0; i < op.axes.size(); ++i) {
    const std::int64_t axis = op.axes[i];
    if (axis != 2 && axis != 3) return std::nullopt;
    if (op.starts[i] != 0 || op.ends[i] < shape[static_cast<std::size_t>(axis)])
      return std::nullopt;
    strides[static_cast<std::size_t>(axis - 2)] = op.steps.empty() ? 1 : op.steps[i];
  }
  return strides;
}

// Whether it adds nothing but zero channels.
bool pads_channels(const Pad& op) {
  if (op.pads.size() != 8 || op.value != 0) return false;
  for (const std::size_t i : {0, 2, 3, 4, 6, 7}) {
    if (op.pads[i] != 0) return false;
  }
  return op.pads[1] >= 0 && op.pads[5] >= 0;
}

}  // namespace

// `shape` [O,I/groups,h,w]; with groups oneDNN counts them first.
void DnnlSteps::convolve(const FusedStep& step, const Conv& op, const Dims& shape,
                         std::span<const float> weight, std::span<const float> bias) {
  Dims weights = shape;
  if (op.groups > 1) {
    weights[0] /= op.groups;
    weights.insert(weights.begin(), op.groups);
  }
  const dnnl::convolution_forward::primitive_desc chosen(
      {kInference,
       algorithm::convolution_auto,
       any_layout(dims(step.inputs[0])),
       any_layout(weights),
       any_layout({shape[0]}),
       any_layout(dims(step.output)),
       {op.strides[0], op.strides[1]},
       {op.dilations[0] - 1, op.dilations[1] - 1},
       {op.pads[0], op.pads[1]},
       {op.pads[2], op.pads[3]}},
      after(step), tape_.engine());
  finish(
      step, dnnl::convolution_forward(chosen),
      {{DNNL_ARG_SRC, input_as(step, chosen.src_desc())},
       {DNNL_ARG_WEIGHTS, tape_.make_constant(row_major(weights), chosen.weights_desc(), weight)},
       {DNNL_ARG_BIAS, tape_.make_constant(row_major({shape[0]}), chosen.bias_desc(), bias)}},
      chosen.dst_desc());
}

void DnnlSteps::make(const FusedStep& step, const Conv& op) {
  convolve(step, op, network_.graph.shape(step.node->inputs[1]), parameter(step, 1), bias(step));
}

// What was flattened keeps its layout: the weights are those of its channels, rows and columns.
void DnnlSteps::make(const FusedStep& step, const Gemm&) {
  const std::int64_t outputs = network_.graph.shape(step.node->inputs[1])[0];
  Dims weights = input(step).desc.dims();
  const Dims sources = weights;
  weights[0] = outputs;
  const dnnl::inner_product_forward::primitive_desc chosen(
      {kInference, any_layout(sources), any_layout(weights), any_layout({outputs}),
       any_layout({batch_, outputs})},
      after(step), tape_.engine());
  finish(
      step, dnnl::inner_product_forward(chosen),
      {{DNNL_ARG_SRC, input_as(step, chosen.src_desc())},
       {DNNL_ARG_WEIGHTS,
        tape_.make_constant(row_major(weights), chosen.weights_desc(), parameter(step, 1))},
       {DNNL_ARG_BIAS, tape_.make_constant(row_major({outputs}), chosen.bias_desc(), bias(step))}},
      chosen.dst_desc());
}

// One that no convolution could take in: scale and shift are the two rows of one tensor.
void DnnlSteps::make(const FusedStep& step, const BatchNormalization& op) {
  const auto values = [&](std::size_t input) { return parameter(step, input); };
  const auto channels = static_cast<std::int64_t>(values(1).size());
  if (channels != input(step).desc.dims()[1]) beyond(step, "it normalises what was flattened");
  std::vector<float> both(values(1).begin(), values(1).end());
  both.insert(both.end(), values(2).begin(), values(2).end());
  using dnnl::normalization_flags;
  const dnnl::batch_normalization_forward::primitive_desc chosen(
      {kInference, input(step).desc, static_cast<float>(op.epsilon),
       normalization_flags::use_global_stats | normalization_flags::use_scale_shift},
      after(step), tape_.engine());
  const auto constant = [&](const Dims& shape, std::span<const float> content) {
    return tape_.make_constant(row_major(shape), row_major(shape), content);
  };
  finish(step, dnnl::batch_normalization_forward(chosen),
         {{DNNL_ARG_SRC, input(step)},
          {DNNL_ARG_SCALE_SHIFT, constant({2, channels}, both)},
          {DNNL_ARG_MEAN, constant({channels}, values(3))},
          {DNNL_ARG_VARIANCE, constant({channels}, values(4))}},
         chosen.dst_desc());
}

void DnnlSteps::select(const FusedStep& step, const std::array<std::int64_t, 2>& strides,
                       std::int64_t before) {
  const std::int64_t inputs = dims(step.inputs[0])[1], outputs = dims(step.output)[1];
  std::vector<float> weights(static_cast<std::size_t>(inputs * outputs));
  const std::vector<float> zeros(static_cast<std::size_t>(outputs));
  for (std::int64_t c = 0; c < inputs; ++c)
    weights[static_cast<std::size_t>((before + c) * inputs + c)] = 1;
  convolve(step, Conv{.strides = strides}, {outputs, inputs, 1, 1}, weights, zeros);
}

void DnnlSteps::make(const FusedStep& step, const Slice& op) {
  const auto strides = pixel_strides(op, network_.graph.shape(step.inputs[0]));
  if (!strides) beyond(step, "it does more than to leave out pixels");
  // A padding that follows is part of the same convolution.
  if (now_ + 1 < steps_.size()) {
    const FusedStep& next = steps_[now_ + 1];
    const auto* padding = std::get_if<Pad>(&next.node->op);
    if (padding != nullptr && pads_channels(*padding) && next.inputs[0] == step.output &&
        last_reader_.at(step.output) == now_ + 1) {
      steps_[now_ + 1].inputs = step.inputs;
      for (const std::string& value : step.inputs)
        last_reader_[value] = std::max(last_reader_[value], now_ + 1);
      strided_[next.output] = *strides;
      return;
    }
  }
  select(step, *strides, 0);
}

void DnnlSteps::make(const FusedStep& step, const Pad& op) {
  if (!pads_channels(op)) beyond(step, "it does more than to add zero channels");
  const auto strides = strided_.find(step.output);
  select(step, strides == strided_.end() ? std::array<std::int64_t, 2>{1, 1} : strides->second,
         op.pads[1]);
}

}  // namespace pollard
