// Each operator is a function from values of one image to values of one image, with the shapes that
// the graph inferred. (The batch dimension is 1 in all of them.)
#include "sparse/reference.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <variant>

namespace pollard::sparse {
namespace {

using Values = std::vector<double>;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

struct Map {
  const Values* values;
  std::int64_t channels, height, width;

  [[nodiscard]] bool has(std::int64_t y, std::int64_t x) const {
    return y >= 0 && y < height && x >= 0 && x < width;
  }
  [[nodiscard]] double operator()(std::int64_t c, std::int64_t y, std::int64_t x) const {
    return has(y, x) ? (*values)[at((c * height + y) * width + x)] : 0.0;
  }
};

// What a node sees: its inputs' values and shapes, parameters among them.
struct Operands {
  std::vector<const Values*> values;
  std::vector<Shape> shapes;
  Shape output;

  [[nodiscard]] Map map(std::size_t i) const {
    return {values[i], shapes[i][1], shapes[i][2], shapes[i][3]};
  }
  [[nodiscard]] Values result() const { return Values(at(element_count(output))); }
};

Values compute(const Conv& op, const Operands& in) {
  const Map x = in.map(0);
  const Shape& weight = in.shapes[1];
  const std::int64_t group_inputs = weight[1], group_outputs = weight[0] / op.groups;
  Values y = in.result();
  std::size_t out = 0;
  for (std::int64_t o = 0; o < weight[0]; ++o) {
    for (std::int64_t row = 0; row < in.output[2]; ++row) {
      for (std::int64_t column = 0; column < in.output[3]; ++column) {
        double sum = in.values.size() > 2 ? (*in.values[2])[at(o)] : 0.0;
        std::int64_t k = o * group_inputs * weight[2] * weight[3];
        for (std::int64_t c = 0; c < group_inputs; ++c) {
          for (std::int64_t ky = 0; ky < weight[2]; ++ky) {
            for (std::int64_t kx = 0; kx < weight[3]; ++kx) {
              sum += (*in.values[1])[at(k++)] *
                     x(o / group_outputs * group_inputs + c,
                       row * op.strides[0] + ky * op.dilations[0] - op.pads[0],
                       column * op.strides[1] + kx * op.dilations[1] - op.pads[1]);
            }
          }
        }
        y[out++] = sum;
      }
    }
  }
  return y;
}

Values compute(const Gemm&, const Operands& in) {
  const std::int64_t inputs = in.shapes[1][1];
  Values y = in.result();
  for (std::size_t o = 0; o < y.size(); ++o) {
    double sum = in.values.size() > 2 ? (*in.values[2])[o] : 0.0;
    for (std::int64_t k = 0; k < inputs; ++k)
      sum += (*in.values[1])[o * at(inputs) + at(k)] * (*in.values[0])[at(k)];
    y[o] = sum;
  }
  return y;
}

Values compute(const BatchNormalization& op, const Operands& in) {
  Values y = *in.values[0];
  const std::size_t map = y.size() / at(in.shapes[0][1]);
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t c = i / map;
    y[i] = (y[i] - (*in.values[3])[c]) / std::sqrt((*in.values[4])[c] + op.epsilon) *
               (*in.values[1])[c] +
           (*in.values[2])[c];
  }
  return y;
}

Values compute(const Relu&, const Operands& in) {
  Values y = *in.values[0];
  for (double& value : y) value = std::max(value, 0.0);
  return y;
}

Values compute(const Clip& op, const Operands& in) {
  Values y = *in.values[0];
  for (double& value : y) value = std::clamp(value, double{op.minimum}, double{op.maximum});
  return y;
}

Values compute(const Add&, const Operands& in) {
  Values y = *in.values[0];
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += (*in.values[1])[i];
  return y;
}

// Calls take(c, y, x) for the pixels of each window, padding included, and give(whole) after it.
template <typename Pool, typename Begin, typename Take, typename Give>
void for_each_window(const Pool& op, const Operands& in, Begin begin, Take take, Give give) {
  for (std::int64_t c = 0; c < in.output[1]; ++c) {
    for (std::int64_t row = 0; row < in.output[2]; ++row) {
      for (std::int64_t column = 0; column < in.output[3]; ++column) {
        begin();
        for (std::int64_t ky = 0; ky < op.kernel[0]; ++ky)
          for (std::int64_t kx = 0; kx < op.kernel[1]; ++kx)
            take(c, row * op.strides[0] + ky - op.pads[0],
                 column * op.strides[1] + kx - op.pads[1]);
        give();
      }
    }
  }
}

Values compute(const MaxPool& op, const Operands& in) {
  const Map x = in.map(0);
  Values result;
  double best = 0;
  for_each_window(
      op, in, [&] { best = -std::numeric_limits<double>::infinity(); },
      [&](std::int64_t c, std::int64_t row, std::int64_t column) {
        if (x.has(row, column)) best = std::max(best, x(c, row, column));
      },
      [&] { result.push_back(best); });
  return result;
}

Values compute(const AveragePool& op, const Operands& in) {
  const Map x = in.map(0);
  Values result;
  double sum = 0;
  int count = 0;
  for_each_window(
      op, in, [&] { sum = count = 0; },
      [&](std::int64_t c, std::int64_t row, std::int64_t column) {
        sum += x(c, row, column);
        // What ceil_mode adds beyond the padding counts in no case.
        const bool padded = row < x.height + op.pads[2] && column < x.width + op.pads[3];
        if (op.count_include_pad ? padded : x.has(row, column)) ++count;
      },
      [&] { result.push_back(sum / count); });
  return result;
}

Values compute(const GlobalAveragePool&, const Operands& in) {
  Values y = in.result();
  const std::size_t map = in.values[0]->size() / y.size();
  for (std::size_t i = 0; i < in.values[0]->size(); ++i) y[i / map] += (*in.values[0])[i];
  for (double& value : y) value /= static_cast<double>(map);
  return y;
}

// For operators that move values: the element of the input that element `index` of the output is,
// or -1. `from(axis, i)` tells where index i of an axis comes from, or -1.
template <typename From>
std::int64_t source_of(std::int64_t index, const Shape& output, const Shape& input, From from) {
  std::int64_t source = 0, stride = 1;
  for (std::size_t axis = output.size(); axis-- > 0;) {
    const std::int64_t i = from(axis, index % output[axis]);
    if (i < 0 || i >= input[axis]) return -1;
    index /= output[axis];
    source += i * stride;
    stride *= input[axis];
  }
  return source;
}

Values compute(const Pad& op, const Operands& in) {
  Values y(at(element_count(in.output)), op.value);
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::int64_t source =
        source_of(static_cast<std::int64_t>(i), in.output, in.shapes[0],
                  [&](std::size_t axis, std::int64_t k) { return k - op.pads[axis]; });
    if (source >= 0) y[i] = (*in.values[0])[at(source)];
  }
  return y;
}

Values compute(const Slice& op, const Operands& in) {
  const Shape& shape = in.shapes[0];
  std::vector<std::pair<std::int64_t, std::int64_t>> axes(shape.size(), {0, 1});  // start, step
  for (std::size_t i = 0; i < op.axes.size(); ++i) {
    const std::size_t axis = at(op.axes[i] + (op.axes[i] < 0 ? std::ssize(shape) : 0));
    const std::int64_t start = op.starts[i] + (op.starts[i] < 0 ? shape[axis] : 0);
    axes[axis] = {std::clamp<std::int64_t>(start, 0, shape[axis]), op.steps[i]};
  }
  Values y = in.result();
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] = (*in.values[0])[at(source_of(static_cast<std::int64_t>(i), in.output, shape,
                                        [&](std::size_t axis, std::int64_t k) {
                                          return axes[axis].first + k * axes[axis].second;
                                        }))];
  }
  return y;
}

Values compute(const Concat& op, const Operands& in) {
  const std::size_t axis = at(op.axis + (op.axis < 0 ? std::ssize(in.output) : 0));
  Values y = in.result();
  std::int64_t begin = 0;
  for (std::size_t part = 0; part < in.values.size(); ++part) {
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::int64_t source =
          source_of(static_cast<std::int64_t>(i), in.output, in.shapes[part],
                    [&](std::size_t a, std::int64_t k) { return a == axis ? k - begin : k; });
      if (source >= 0) y[i] = (*in.values[part])[at(source)];
    }
    begin += in.shapes[part][axis];
  }
  return y;
}

Values compute(const Flatten&, const Operands& in) { return *in.values[0]; }
Values compute(const Dropout&, const Operands& in) { return *in.values[0]; }
Values compute(const Identity&, const Operands& in) { return *in.values[0]; }

Values compute(const Graph& graph, const Node& node, const std::map<std::string, Values>& values) {
  Operands operands;
  for (const std::string& input : node.inputs) {
    operands.values.push_back(&values.at(input));
    operands.shapes.push_back(graph.shape(input));
  }
  operands.output = graph.shape(node.output);
  return std::visit([&](const auto& op) { return compute(op, operands); }, node.op);
}

}  // namespace

std::vector<double> reference_outputs(const Graph& graph, const TensorMap& state,
                                      std::span<const float> images, std::int64_t count) {
  std::map<std::string, Values> values;
  for (const ParameterInfo& parameter : graph.parameters()) {
    const std::span<const float> floats = state.at(parameter.name).f32();
    values[parameter.name].assign(floats.begin(), floats.end());
  }
  const std::size_t size = images.size() / at(count);
  std::vector<double> outputs;
  for (std::int64_t image = 0; image < count; ++image) {
    const std::span<const float> pixels = images.subspan(at(image) * size, size);
    values[std::string(Graph::kInput)].assign(pixels.begin(), pixels.end());
    for (const Node& node : graph.nodes()) values[node.output] = compute(graph, node, values);
    const Values& result = values.at(graph.output());
    outputs.insert(outputs.end(), result.begin(), result.end());
  }
  return outputs;
}

}  // namespace pollard::sparse
