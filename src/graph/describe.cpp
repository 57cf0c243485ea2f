// The `inspect` view: a table of the nodes, then the totals. Where a state is given, entries that
// are not zero count as kept; theoretical speedup = dense multiply-adds / kept multiply-adds, each
// layer's multiply-adds shrinking with its density.

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <type_traits>

#include "pollard/error.h"
#include "pollard/graph.h"

namespace pollard {
namespace {

using Row = std::vector<std::string>;
constexpr std::size_t kTextColumns = 3;  // these align left, the numbers after them right

/// 848944 as "848,944".
std::string grouped(std::int64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t i = digits.size(); i > 3;) digits.insert(i -= 3, 1, ',');
  return digits;
}

std::string percent(std::int64_t part, std::int64_t whole) {
  const double fraction = whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  return fmt::format("{:.2f} %", 100 * fraction);
}

std::string image_text(const Shape& shape) {
  return fmt::format("{}", fmt::join(shape.begin() + (shape.empty() ? 0 : 1), shape.end(), "x"));
}

std::string window_text(std::int64_t height, std::int64_t width,
                        const std::array<std::int64_t, 2>& strides) {
  std::string text = fmt::format(" {}x{}", height, width);
  if (strides[0] != strides[1]) return text + fmt::format("/{}x{}", strides[0], strides[1]);
  return strides[0] == 1 ? text : text + fmt::format("/{}", strides[0]);
}

/// "Conv 3x3/2": kernel and stride where there are any.
std::string operator_text(const Graph& graph, const Node& node) {
  std::string text{operator_name(node.op)};
  if (const auto* conv = std::get_if<Conv>(&node.op)) {
    const Shape& weight = graph.shape(node.inputs[1]);
    text += window_text(weight[2], weight[3], conv->strides);
    if (conv->dilations != std::array<std::int64_t, 2>{1, 1}) {
      text += fmt::format(" dilated {}", fmt::join(conv->dilations, "x"));
    }
    if (conv->groups != 1) text += fmt::format(" groups {}", conv->groups);
  } else if (const auto* maximum = std::get_if<MaxPool>(&node.op)) {
    text += window_text(maximum->kernel[0], maximum->kernel[1], maximum->strides);
  } else if (const auto* average = std::get_if<AveragePool>(&node.op)) {
    text += window_text(average->kernel[0], average->kernel[1], average->strides);
  }
  return text;
}

bool holds_floats(DType type) {
  return type == DType::F64 || type == DType::F32 || type == DType::F16 || type == DType::BF16;
}

/// Elements that are not zero, of any type; -0.0 is zero.
std::int64_t count_nonzero(const HostTensor& tensor) {
  const std::size_t size = byte_size(tensor.dtype);
  const auto top_mask = holds_floats(tensor.dtype) ? std::byte{0x7F} : std::byte{0xFF};
  std::int64_t count = 0;
  for (std::size_t i = 0; i < tensor.bytes.size(); i += size) {
    std::byte any = tensor.bytes[i + size - 1] & top_mask;
    for (std::size_t j = 0; j + 1 < size; ++j) any |= tensor.bytes[i + j];
    count += any != std::byte{0} ? 1 : 0;
  }
  return count;
}

/// Kept entries of a weight, or nothing where the state does not hold it.
std::optional<std::int64_t> kept_weights(const ParameterInfo& weight, const TensorMap& state) {
  const auto found = state.find(weight.name);
  if (found == state.end()) return std::nullopt;
  if (found->second.shape != weight.shape) {
    throw Error(ErrorCode::Input,
                fmt::format("tensor '{}' has shape {}, expected {}", weight.name,
                            to_string(found->second.shape), to_string(weight.shape)));
  }
  return count_nonzero(found->second);
}

const ParameterInfo* weight_of(const Graph& graph, const Node& node) {
  for (const std::string& input : node.inputs) {
    const ParameterInfo* parameter = graph.find_parameter(input);
    if (parameter != nullptr && parameter->prunable()) return parameter;
  }
  return nullptr;
}

std::int64_t node_parameters(const Graph& graph, const Node& node) {
  std::int64_t count = 0;
  for (const std::string& input : node.inputs) {
    const ParameterInfo* parameter = graph.find_parameter(input);
    if (parameter != nullptr && parameter->trainable()) count += element_count(parameter->shape);
  }
  return count;
}

Row describe_node(const Graph& graph, const Node& node, const TensorMap* state) {
  const auto or_empty = [](std::int64_t number) { return number == 0 ? "" : grouped(number); };
  Row row{node.name, operator_text(graph, node), image_text(graph.shape(node.output)),
          or_empty(node_parameters(graph, node)), or_empty(multiply_adds(graph, node))};
  const ParameterInfo* weight = weight_of(graph, node);
  if (state == nullptr || weight == nullptr) return row;
  const std::int64_t size = element_count(weight->shape);
  const std::optional<std::int64_t> kept = kept_weights(*weight, *state);
  row.push_back(kept ? grouped(*kept) : "-");
  row.push_back(grouped(size));
  row.push_back(kept ? percent(*kept, size) : "-");
  return row;
}

std::string align(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += i < kTextColumns ? fmt::format("{:<{}}  ", row[i], widths[i])
                               : fmt::format("{:>{}}  ", row[i], widths[i]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

std::string sparsity_totals(const Graph& graph, const TensorMap& state) {
  std::int64_t kept = 0, missing = 0;
  for (const ParameterInfo& weight : graph.prunable_parameters()) {
    const std::optional<std::int64_t> here = kept_weights(weight, state);
    kept += here.value_or(0);
    if (!here) ++missing;
  }
  if (missing > 0) return fmt::format("sparsity unknown: {} weights are missing\n", missing);
  double kept_work = 0;
  for (const Node& node : graph.nodes()) {
    const std::int64_t work = multiply_adds(graph, node);
    if (work == 0) continue;
    const ParameterInfo& weight = *graph.find_parameter(node.inputs[1]);  // prunable or not
    const std::int64_t size = element_count(weight.shape);
    kept_work += static_cast<double>(work) *
                 static_cast<double>(kept_weights(weight, state).value_or(size)) /
                 static_cast<double>(size);
  }
  const std::int64_t size = graph.prunable_weights();
  const auto work = static_cast<double>(multiply_adds(graph));
  std::string speedup = "unbounded: nothing is left";
  if (work == 0) speedup = "1.00x";
  if (kept_work > 0) speedup = fmt::format("{:.2f}x", work / kept_work);
  return fmt::format("sparsity {} ({} of {} weights kept), theoretical speedup {}\n",
                     percent(size - kept, size), grouped(kept), grouped(size), speedup);
}

}  // namespace

std::string describe(const Graph& graph, const TensorMap* state) {
  Row head{"node", "operator", "output", "parameters", "multiply-adds"};
  if (state != nullptr) head.insert(head.end(), {"kept", "of", "density"});
  std::vector<Row> rows{head};
  for (const Node& node : graph.nodes()) rows.push_back(describe_node(graph, node, state));
  const ImageShape input = graph.input_shape();
  std::string text = fmt::format("{}: input {}x{}x{}, {} classes\n\n", graph.name(), input.channels,
                                 input.height, input.width, graph.classes());
  text += align(rows);
  text += fmt::format("\n{} parameters, {} of them prunable, {} multiply-adds\n",
                      grouped(graph.parameter_count()), grouped(graph.prunable_weights()),
                      grouped(multiply_adds(graph)));
  return state == nullptr ? text : text + sparsity_totals(graph, *state);
}

}  // namespace pollard
