#include "exec/torch_program.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>

#include "exec/fused_autograd.h"
#include "exec/shared_norm.h"
#include "pollard/error.h"

namespace pollard {
namespace {

using Parameters = std::map<std::string, at::Tensor, std::less<>>;

// What an operator sees: its values, and its parameters by position among the node's inputs.
struct Operands {
  const Graph& graph;
  const Node& node;
  std::vector<at::Tensor> values;
  Parameters& parameters;
  const RunContext& context;

  [[nodiscard]] at::Tensor& parameter(std::size_t input) const {
    return parameters.find(node.inputs[input])->second;
  }
  [[nodiscard]] at::Tensor optional_parameter(std::size_t input) const {
    return input < node.inputs.size() ? parameter(input) : at::Tensor();
  }
  // The one place where a method may put something else in a weight's place.
  [[nodiscard]] at::Tensor weight() const {
    const at::Tensor& own = parameter(1);
    if (context.effective == nullptr || !*context.effective) return own;
    if (!graph.find_parameter(node.inputs[1])->prunable()) return own;
    return (*context.effective)(node.inputs[1], own);
  }
};

at::Tensor padded(const at::Tensor& x, const std::array<std::int64_t, 4>& pads, float value) {
  const auto [top, left, bottom, right] = pads;
  return at::constant_pad_nd(x, {left, right, top, bottom}, value);
}

// Products in bfloat16 under AMP; an undefined tensor stays one.
at::Tensor factor(const at::Tensor& x, const Operands& in) {
  return in.context.amp && x.defined() ? x.to(at::kBFloat16) : x;
}

// LibTorch pads both sides alike; other paddings become explicit.
at::Tensor run(const Conv& op, const Operands& in) {
  const auto [top, left, bottom, right] = op.pads;
  const bool natively = top == bottom && left == right;
  const std::array<std::int64_t, 2> padding{natively ? top : 0, natively ? left : 0};
  const at::Tensor x = natively ? in.values[0] : padded(in.values[0], op.pads, 0);
  const at::Tensor y =
      at::conv2d(factor(x, in), factor(in.weight(), in), factor(in.optional_parameter(2), in),
                 op.strides, padding, op.dilations, op.groups);
  return in.context.amp ? y.to(at::kFloat) : y;
}

at::Tensor run(const BatchNormalization& op, const Operands& in) {
  if (in.context.training && in.context.batch_sums != nullptr) {
    return shared_batch_norm(in.values[0], in.parameter(1), in.parameter(2), in.parameter(3),
                             in.parameter(4), {.momentum = 1 - op.momentum, .epsilon = op.epsilon},
                             *in.context.batch_sums);
  }
  return at::batch_norm(in.values[0], in.parameter(1), in.parameter(2), in.parameter(3),
                        in.parameter(4), in.context.training || in.context.statistics_weight,
                        in.context.statistics_weight.value_or(1 - op.momentum), op.epsilon, false);
}

at::Tensor run(const Relu&, const Operands& in) { return at::relu(in.values[0]); }

at::Tensor run(const Clip& op, const Operands& in) {
  return at::clamp(in.values[0], op.minimum, op.maximum);
}

at::Tensor run(const Add&, const Operands& in) { return in.values[0] + in.values[1]; }

// LibTorch's pooling pads by half the kernel at most.
template <typename Pool>
bool pads_natively(const Pool& op) {
  const auto [top, left, bottom, right] = op.pads;
  return top == bottom && left == right && 2 * top <= op.kernel[0] && 2 * left <= op.kernel[1];
}

// With ceil_mode LibTorch cannot tell an explicit padding from the image, and adds windows that
// start in it. They are the last ones.
at::Tensor without_extra_windows(const at::Tensor& y, const Operands& in) {
  const Shape& shape = in.graph.shape(in.node.output);
  return y.narrow(2, 0, shape[2]).narrow(3, 0, shape[3]);
}

at::Tensor run(const MaxPool& op, const Operands& in) {
  const at::Tensor& x = in.values[0];
  const auto pool = [&](const at::Tensor& image, std::array<std::int64_t, 2> padding) {
    return at::max_pool2d(image, op.kernel, op.strides, padding, {1, 1}, op.ceil_mode);
  };
  if (pads_natively(op)) return pool(x, {op.pads[0], op.pads[1]});
  const float lowest = -std::numeric_limits<float>::infinity();
  return without_extra_windows(pool(padded(x, op.pads, lowest), {0, 0}), in);
}

at::Tensor run(const AveragePool& op, const Operands& in) {
  const at::Tensor& x = in.values[0];
  if (pads_natively(op)) {
    return at::avg_pool2d(x, op.kernel, op.strides, {op.pads[0], op.pads[1]}, op.ceil_mode,
                          op.count_include_pad);
  }
  // The sum of each window by the number of its pixels that count.
  const auto sum = [&](const at::Tensor& image) {
    const at::Tensor sums = at::avg_pool2d(image, op.kernel, op.strides, {0, 0}, op.ceil_mode,
                                           /*count_include_pad=*/true, /*divisor_override=*/1);
    return without_extra_windows(sums, in);
  };
  const at::Tensor ones = at::ones({1, 1, x.size(2), x.size(3)}, x.options());
  return sum(padded(x, op.pads, 0)) /
         sum(padded(ones, op.pads, op.count_include_pad ? 1.0F : 0.0F));
}

at::Tensor run(const GlobalAveragePool&, const Operands& in) {
  return in.values[0].mean({2, 3}, /*keepdim=*/true);
}

at::Tensor run(const Gemm&, const Operands& in) {
  const at::Tensor y = at::linear(factor(in.values[0], in), factor(in.weight(), in),
                                  factor(in.optional_parameter(2), in));
  return in.context.amp ? y.to(at::kFloat) : y;
}

at::Tensor run(const Flatten&, const Operands& in) { return in.values[0].flatten(1); }

at::Tensor run(const Pad& op, const Operands& in) {
  std::vector<std::int64_t> pads;  // LibTorch: begin, end of the last dimension first
  const std::size_t rank = op.pads.size() / 2;
  for (std::size_t d = rank; d-- > 0;) pads.insert(pads.end(), {op.pads[d], op.pads[rank + d]});
  return at::constant_pad_nd(in.values[0], pads, op.value);
}

at::Tensor run(const Slice& op, const Operands& in) {
  at::Tensor x = in.values[0];
  for (std::size_t i = 0; i < op.axes.size(); ++i) {
    // LibTorch takes very negative places for symbols of its own.
    const std::int64_t size = x.size(op.axes[i]);
    const auto place = [size](std::int64_t p) { return std::clamp(p, -size, size); };
    x = x.slice(op.axes[i], place(op.starts[i]), place(op.ends[i]), op.steps[i]);
  }
  return x;
}

at::Tensor run(const Concat& op, const Operands& in) { return at::cat(in.values, op.axis); }

at::Tensor run(const Dropout& op, const Operands& in) {
  const at::Tensor& x = in.values[0];
  if (!in.context.training || op.ratio == 0) return x;
  const at::Tensor keep = at::empty_like(x).bernoulli_(1 - op.ratio, in.context.dropout);
  return x * keep.div_(1 - op.ratio);
}

at::Tensor run(const Identity&, const Operands& in) { return in.values[0]; }

// The fused instruction, or its three parts where the kernels do not take the input.
FusedNormOutput run_fused(const BatchNormalization& op, const Operands& in, bool owns_gradient) {
  const at::Tensor& x = in.values[0];
  const at::Tensor residual = in.values.size() > 1 ? in.values[1] : at::Tensor();
  const bool shared = in.context.training && in.context.batch_sums != nullptr;
  if (!in.context.fused || in.context.statistics_weight || shared || !can_fuse_batch_norm(x)) {
    const at::Tensor y = run(op, in);
    const at::Tensor z = at::relu(residual.defined() ? y + residual : y);
    return {z, z};
  }
  if (in.context.training) {
    return fused_batch_norm(x, in.parameter(1), in.parameter(2), residual, in.parameter(3),
                            in.parameter(4),
                            {.momentum = 1 - op.momentum,
                             .epsilon = op.epsilon,
                             .relu = true,
                             .owns_gradient = owns_gradient});
  }
  const at::Tensor y = fused_batch_norm_eval(x, in.parameter(1), in.parameter(2), residual,
                                             in.parameter(3), in.parameter(4), op.epsilon, true);
  return {y, y};
}

template <typename T>
bool is(const Node& node) {
  return std::holds_alternative<T>(node.op);
}

}  // namespace

TorchProgram::TorchProgram(const Graph& graph) : graph_(&graph) { compile(); }

void TorchProgram::compile() {
  const std::vector<Node>& nodes = graph_->nodes();
  std::unordered_map<std::string, std::vector<const Node*>> readers;
  for (const Node& node : nodes) {
    for (const std::string& input : node.inputs) readers[input].push_back(&node);
  }
  readers[graph_->output()].push_back(nullptr);  // the caller reads it too
  const auto only_reader = [&](const Node& node) -> const Node* {
    const auto& all = readers[node.output];
    return all.size() == 1 ? all.front() : nullptr;
  };

  // ReLU, or Add and ReLU, right after a batch norm: the tail's last node stands for the whole.
  struct Fusion {
    const Node* norm;
    std::string residual;
  };
  std::unordered_map<const Node*, Fusion> fusions;
  std::unordered_set<const Node*> absorbed;
  for (const Node& norm : nodes) {
    if (!is<BatchNormalization>(norm)) continue;
    const Node* next = only_reader(norm);
    if (next == nullptr) continue;
    const Node* relu = next;
    std::string residual;
    if (is<Add>(*next) && next->inputs[0] != next->inputs[1] && !absorbed.contains(next)) {
      residual = next->inputs[next->inputs[0] == norm.output ? 1 : 0];
      relu = only_reader(*next);
    }
    if (relu == nullptr || !is<Relu>(*relu)) continue;
    fusions[relu] = {&norm, residual};
    absorbed.insert(&norm);
    if (next != relu) absorbed.insert(next);
  }

  std::unordered_map<std::string, std::size_t> numbers{{std::string(Graph::kInput), 0}};
  for (const Node& node : nodes) {
    if (absorbed.contains(&node)) continue;
    Instruction instruction;
    instruction.node = &node;
    if (const auto fusion = fusions.find(&node); fusion != fusions.end()) {
      instruction.node = fusion->second.norm;
      instruction.fused_relu = true;
      instruction.inputs.push_back(numbers.at(instruction.node->inputs[0]));
      if (!fusion->second.residual.empty()) {
        instruction.inputs.push_back(numbers.at(fusion->second.residual));
      }
    } else {
      for (const std::string& input : node.inputs) {
        if (const auto known = numbers.find(input); known != numbers.end()) {
          instruction.inputs.push_back(known->second);
        }
      }
    }
    instruction.output = numbers.size();
    numbers.emplace(node.output, instruction.output);
    instructions_.push_back(std::move(instruction));
  }
  values_ = numbers.size();
  output_ = numbers.at(graph_->output());
  give_twins();

  std::unordered_set<std::size_t> needed{output_};
  for (auto instruction = instructions_.rbegin(); instruction != instructions_.rend();
       ++instruction) {
    for (const std::size_t input : instruction->inputs) {
      if (needed.insert(input).second) instruction->release.push_back(input);
    }
  }
}

void TorchProgram::give_twins() {
  struct Reader {
    Instruction* instruction;
    std::size_t* input;
  };
  std::vector<std::vector<Reader>> readers(values_);
  for (Instruction& instruction : instructions_) {
    for (std::size_t& input : instruction.inputs) readers[input].push_back({&instruction, &input});
  }
  // What these hand back is theirs alone; an Add, say, gives one tensor to both its inputs.
  const auto hands_over = [](const Reader& reader) {
    return reader.instruction->fused_relu || is<Conv>(*reader.instruction->node);
  };
  for (Instruction& instruction : instructions_) {
    if (!instruction.fused_relu || instruction.output == output_) continue;
    const std::vector<Reader>& all = readers[instruction.output];
    instruction.owns_gradient = std::ranges::all_of(all, hands_over);
    if (all.size() != 2 || all[0].instruction == all[1].instruction) continue;
    instruction.twin = values_++;
    *all[1].input = instruction.twin;
  }
}

std::size_t TorchProgram::fused_count() const {
  return static_cast<std::size_t>(std::count_if(instructions_.begin(), instructions_.end(),
                                                [](const Instruction& i) { return i.fused_relu; }));
}

at::Tensor TorchProgram::run(at::Tensor x, Parameters& parameters,
                             const RunContext& context) const {
  std::vector<at::Tensor> values(values_);
  values[0] = std::move(x);
  for (const Instruction& instruction : instructions_) {
    Operands operands{*graph_, *instruction.node, {}, parameters, context};
    for (const std::size_t input : instruction.inputs) operands.values.push_back(values[input]);
    at::Tensor& output = values[instruction.output];
    if (instruction.fused_relu) {
      FusedNormOutput both = run_fused(std::get<BatchNormalization>(instruction.node->op), operands,
                                       instruction.owns_gradient);
      output = std::move(both.y);
      if (instruction.twin != 0) values[instruction.twin] = std::move(both.twin);
    } else {
      output = std::visit([&](const auto& op) { return pollard::run(op, operands); },
                          instruction.node->op);
    }
    for (const std::size_t done : instruction.release) values[done] = at::Tensor();
  }
  return values[output_];
}

}  // namespace pollard
