#include "sparse/reference_training.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "sparse/reference_map.h"

namespace pollard::test {
namespace {

class Step {
 public:
  Step(const Graph& graph, const std::map<std::string, Values>& parameters, bool training)
      : graph_(graph), parameters_(parameters), training_(training) {}

  ReferenceStep run(const std::vector<float>& images, const std::vector<Index>& labels,
                    double smoothing) {
    images_ = static_cast<Index>(labels.size());
    Map input(images_, graph_.shape(Graph::kInput));
    std::size_t from = 0;
    for (Index i = 0; i < input.n; ++i)
      for (Index y = 0; y < input.h; ++y)
        for (Index x = 0; x < input.w; ++x)
          for (Index k = 0; k < input.c; ++k) input(i, k, y, x) = images[from++];
    values_.emplace(Graph::kInput, input);
    for (const Node& node : graph_.nodes()) {
      values_.emplace(node.output, Map(images_, graph_.shape(node.output)));
      std::visit([&](const auto& op) { forward(node, op); }, node.op);
      result_.outputs[node.output] = values_.at(node.output).at;
    }
    loss(labels, smoothing);
    if (!training_) return result_;
    for (std::size_t i = graph_.nodes().size(); i-- > 0;) {
      const Node& node = graph_.nodes()[i];
      if (gradients_.contains(node.output))
        std::visit([&](const auto& op) { backward(node, op); }, node.op);
    }
    return result_;
  }

 private:
  [[nodiscard]] const Map& x(const Node& node, std::size_t i = 0) const {
    return values_.at(node.inputs[i]);
  }
  Map& y(const Node& node) { return values_.at(node.output); }
  [[nodiscard]] const Map& dy(const Node& node) const { return gradients_.at(node.output); }
  Map& dx(const Node& node, std::size_t i = 0) {
    return gradients_.try_emplace(node.inputs[i], images_, graph_.shape(node.inputs[i]))
        .first->second;
  }
  [[nodiscard]] const Values& parameter(const Node& node, std::size_t i) const {
    return parameters_.at(node.inputs[i]);
  }
  Values& gradient(const Node& node, std::size_t i) {
    Values& values = result_.gradients[node.inputs[i]];
    values.resize(parameter(node, i).size());
    return values;
  }

  void loss(const std::vector<Index>& labels, double smoothing) {
    const Map& logits = values_.at(graph_.output());
    Map& d = gradients_.try_emplace(graph_.output(), images_, graph_.shape(graph_.output()))
                 .first->second;
    for (Index i = 0; i < images_; ++i) {
      double sum = 0;
      for (Index k = 0; k < logits.c; ++k) sum += std::exp(logits(i, k, 0, 0));
      for (Index k = 0; k < logits.c; ++k) {
        const double log_p = logits(i, k, 0, 0) - std::log(sum);
        const bool own = k == labels[static_cast<std::size_t>(i)];
        const double target = (own ? 1 - smoothing : 0) + smoothing / static_cast<double>(logits.c);
        result_.loss -= target * log_p;
        d(i, k, 0, 0) = (std::exp(log_p) - target) / static_cast<double>(images_);
      }
    }
  }

  // ---- convolution and linear layers ------------------------------------------------------------

  // body(image, output, row, column, weight's index, input channel, input row, input column)
  template <typename Body>
  void for_products(const Node& node, const Conv& op, const Body& body) {
    const Shape& shape = graph_.shape(node.inputs[1]);
    const Map& in = x(node);
    const Index inputs = shape[1], outputs = shape[0] / op.groups;
    for_each(y(node), [&](Index i, Index o, Index row, Index column) {
      for (Index c = 0; c < inputs; ++c)
        for (Index ky = 0; ky < shape[2]; ++ky)
          for (Index kx = 0; kx < shape[3]; ++kx) {
            const Index iy = row * op.strides[0] - op.pads[0] + ky * op.dilations[0];
            const Index ix = column * op.strides[1] - op.pads[1] + kx * op.dilations[1];
            if (iy < 0 || ix < 0 || iy >= in.h || ix >= in.w) continue;
            const Index w = ((o * inputs + c) * shape[2] + ky) * shape[3] + kx;
            body(i, o, row, column, static_cast<std::size_t>(w), o / outputs * inputs + c, iy, ix);
          }
    });
  }
  template <typename Op>
  void forward_products(const Node& node, const Op& op) {
    Map& out = y(node);
    const Map& in = x(node);
    const Values& weight = parameter(node, 1);
    if (node.inputs.size() > 2) {
      const Values& bias = parameter(node, 2);
      for_each(out, [&](Index i, Index o, Index r, Index c) {
        out(i, o, r, c) = bias[static_cast<std::size_t>(o)];
      });
    }
    for_products(node, op,
                 [&](Index i, Index o, Index r, Index c, std::size_t w, Index k, Index iy,
                     Index ix) { out(i, o, r, c) += weight[w] * in(i, k, iy, ix); });
  }
  template <typename Op>
  void backward_products(const Node& node, const Op& op) {
    const Map &d = dy(node), &in = x(node);
    Map& back = dx(node);
    const Values& weight = parameter(node, 1);
    Values& dw = gradient(node, 1);
    for_products(
        node, op,
        [&](Index i, Index o, Index r, Index c, std::size_t w, Index k, Index iy, Index ix) {
          dw[w] += d(i, o, r, c) * in(i, k, iy, ix);
          back(i, k, iy, ix) += d(i, o, r, c) * weight[w];
        });
    if (node.inputs.size() < 3) return;
    Values& db = gradient(node, 2);
    for_each(d, [&](Index i, Index o, Index r, Index c) {
      db[static_cast<std::size_t>(o)] += d(i, o, r, c);
    });
  }
  template <typename Body>
  void for_products(const Node& node, const Gemm&, const Body& body) {
    const Shape& shape = graph_.shape(node.inputs[1]);
    for (Index i = 0; i < images_; ++i)
      for (Index o = 0; o < shape[0]; ++o)
        for (Index k = 0; k < shape[1]; ++k)
          body(i, o, Index{0}, Index{0}, static_cast<std::size_t>(o * shape[1] + k), k, Index{0},
               Index{0});
  }
  void forward(const Node& node, const Conv& op) { forward_products(node, op); }
  void backward(const Node& node, const Conv& op) { backward_products(node, op); }
  void forward(const Node& node, const Gemm& op) { forward_products(node, op); }
  void backward(const Node& node, const Gemm& op) { backward_products(node, op); }

  // ---- batch norm -------------------------------------------------------------------------------

  struct Moments {
    double mean = 0, variance = 0, count = 0;
  };
  // body(place) for the places of one channel.
  template <typename Body>
  static void for_channel(const Map& map, Index channel, const Body& body) {
    for (Index i = 0; i < map.n; ++i)
      for (Index r = 0; r < map.h; ++r)
        for (Index c = 0; c < map.w; ++c) body(i, channel, r, c);
  }
  static Moments moments(const Map& in, Index channel) {
    Moments m;
    for_channel(in, channel, [&](Index i, Index k, Index r, Index c) {
      m.mean += in(i, k, r, c), m.count += 1;
    });
    m.mean /= m.count;
    for_channel(in, channel, [&](Index i, Index k, Index r, Index c) {
      m.variance += std::pow(in(i, k, r, c) - m.mean, 2);
    });
    m.variance /= m.count;
    return m;
  }

  void forward(const Node& node, const BatchNormalization& op) {
    Map& out = y(node);
    const Map& in = x(node);
    const Values &scale = parameter(node, 1), &shift = parameter(node, 2);
    for (Index k = 0; k < out.c; ++k) {
      const auto c = static_cast<std::size_t>(k);
      Moments m = moments(in, k);
      if (training_) {
        for (const std::size_t i : {std::size_t{3}, std::size_t{4}})
          result_.moments.try_emplace(node.inputs[i], parameter(node, i));
        double& mean = result_.moments.at(node.inputs[3])[c];
        double& variance = result_.moments.at(node.inputs[4])[c];
        const double unbiased = m.count > 1 ? m.variance * m.count / (m.count - 1) : m.variance;
        mean = op.momentum * mean + (1 - op.momentum) * m.mean;
        variance = op.momentum * variance + (1 - op.momentum) * unbiased;
      } else {
        m = {parameter(node, 3)[c], parameter(node, 4)[c], 1};
      }
      const double inverse = 1 / std::sqrt(m.variance + op.epsilon);
      for_channel(out, k, [&](Index i, Index o, Index r, Index col) {
        const double value = in(i, o, r, col);
        result_.steepness = std::max(result_.steepness, std::abs(value) * inverse);
        out(i, o, r, col) = scale[c] * (value - m.mean) * inverse + shift[c];
      });
    }
  }
  void backward(const Node& node, const BatchNormalization& op) {
    const Map &d = dy(node), &in = x(node);
    Map& back = dx(node);
    const Values& scale = parameter(node, 1);
    for (Index k = 0; k < d.c; ++k) {
      const auto c = static_cast<std::size_t>(k);
      const Moments m = moments(in, k);
      const double inverse = 1 / std::sqrt(m.variance + op.epsilon);
      double sum = 0, sum_x = 0;
      for_channel(d, k, [&](Index i, Index o, Index r, Index col) {
        sum += d(i, o, r, col);
        sum_x += d(i, o, r, col) * (in(i, o, r, col) - m.mean) * inverse;
      });
      gradient(node, 1)[c] = sum_x;
      gradient(node, 2)[c] = sum;
      for_channel(d, k, [&](Index i, Index o, Index r, Index col) {
        const double normed = (in(i, o, r, col) - m.mean) * inverse;
        back(i, o, r, col) +=
            scale[c] * inverse * (d(i, o, r, col) - sum / m.count - normed * sum_x / m.count);
      });
    }
  }

  // ---- elementwise ------------------------------------------------------------------------------

  void note_kink(double distance) {
    if (distance != 0) result_.nearest_kink = std::min(result_.nearest_kink, std::abs(distance));
  }

  template <typename Value, typename Slope>
  void clip(const Node& node, bool back, const Value& value, const Slope& slope) {
    const std::vector<double>& in = x(node).at;
    if (!back) {
      std::ranges::transform(in, y(node).at.begin(), value);
      return;
    }
    const std::vector<double>& d = dy(node).at;
    std::vector<double>& out = dx(node).at;
    for (std::size_t i = 0; i < in.size(); ++i) out[i] += slope(in[i]) ? d[i] : 0;
  }
  void relu(const Node& node, bool back) {
    for (const double v : x(node).at) note_kink(v);
    clip(
        node, back, [](double v) { return std::max(v, 0.0); }, [](double v) { return v > 0; });
  }
  void forward(const Node& node, const Relu&) { relu(node, false); }
  void backward(const Node& node, const Relu&) { relu(node, true); }
  void clip(const Node& node, const Clip& op, bool back) {
    const double low = op.minimum, high = op.maximum;
    for (const double v : x(node).at) note_kink(v - low), note_kink(v - high);
    clip(
        node, back, [&](double v) { return std::clamp(v, low, high); },
        [&](double v) { return v >= low && v <= high; });
  }
  void forward(const Node& node, const Clip& op) { clip(node, op, false); }
  void backward(const Node& node, const Clip& op) { clip(node, op, true); }
  void forward(const Node& node, const Add&) {
    for (std::size_t i = 0; i < y(node).at.size(); ++i)
      y(node).at[i] = x(node, 0).at[i] + x(node, 1).at[i];
  }
  void backward(const Node& node, const Add&) {
    for (const std::size_t input : {std::size_t{0}, std::size_t{1}})
      for (std::size_t i = 0; i < dy(node).at.size(); ++i) dx(node, input).at[i] += dy(node).at[i];
  }
  void forward(const Node& node, const Identity&) { y(node).at = x(node).at; }
  void backward(const Node& node, const Identity&) { pass(node); }
  void forward(const Node& node, const Dropout&) { y(node).at = x(node).at; }
  void backward(const Node& node, const Dropout&) { pass(node); }
  void forward(const Node& node, const Flatten&) { y(node).at = x(node).at; }
  void backward(const Node& node, const Flatten&) { pass(node); }
  void pass(const Node& node) {
    for (std::size_t i = 0; i < dy(node).at.size(); ++i) dx(node).at[i] += dy(node).at[i];
  }

  // ---- pooling ----------------------------------------------------------------------------------

  template <typename Pool, typename Body>
  void for_window(const Pool& op, const Map& in, Index row, Index column, const Body& body) {
    for (Index ky = 0; ky < op.kernel[0]; ++ky)
      for (Index kx = 0; kx < op.kernel[1]; ++kx) {
        const Index iy = row * op.strides[0] - op.pads[0] + ky;
        const Index ix = column * op.strides[1] - op.pads[1] + kx;
        const bool inside = iy >= 0 && ix >= 0 && iy < in.h && ix < in.w;
        const bool padded = iy < in.h + op.pads[2] && ix < in.w + op.pads[3];
        body(iy, ix, inside, padded);
      }
  }
  void forward(const Node& node, const MaxPool& op) {
    for_each(y(node), [&](Index i, Index k, Index r, Index c) {
      double best = -std::numeric_limits<double>::infinity();
      for_window(op, x(node), r, c, [&](Index iy, Index ix, bool inside, bool) {
        if (inside) best = std::max(best, x(node)(i, k, iy, ix));
      });
      y(node)(i, k, r, c) = best;
      for_window(op, x(node), r, c, [&](Index iy, Index ix, bool inside, bool) {
        if (inside) note_kink(best - x(node)(i, k, iy, ix));
      });
    });
  }
  void backward(const Node& node, const MaxPool& op) {
    for_each(y(node), [&](Index i, Index k, Index r, Index c) {
      bool found = false;
      for_window(op, x(node), r, c, [&](Index iy, Index ix, bool inside, bool) {
        if (found || !inside || x(node)(i, k, iy, ix) != y(node)(i, k, r, c)) return;
        found = true;
        dx(node)(i, k, iy, ix) += dy(node)(i, k, r, c);
      });
    });
  }
  void average(const Node& node, const AveragePool& op, bool back) {
    for_each(y(node), [&](Index i, Index k, Index r, Index c) {
      double sum = 0, count = 0;
      for_window(op, x(node), r, c, [&](Index iy, Index ix, bool inside, bool padded) {
        if (inside) sum += x(node)(i, k, iy, ix);
        if (inside || (op.count_include_pad && padded)) count += 1;
      });
      if (!back) {
        y(node)(i, k, r, c) = sum / count;
        return;
      }
      for_window(op, x(node), r, c, [&](Index iy, Index ix, bool inside, bool) {
        if (inside) dx(node)(i, k, iy, ix) += dy(node)(i, k, r, c) / count;
      });
    });
  }
  void forward(const Node& node, const AveragePool& op) { average(node, op, false); }
  void backward(const Node& node, const AveragePool& op) { average(node, op, true); }
  [[nodiscard]] AveragePool whole(const Node& node) const {
    return {.kernel = {x(node).h, x(node).w}};
  }
  void forward(const Node& node, const GlobalAveragePool&) { average(node, whole(node), false); }
  void backward(const Node& node, const GlobalAveragePool&) { average(node, whole(node), true); }

  // ---- moves ------------------------------------------------------------------------------------

  // source(place) -> whether it is an input's, which input, and where.
  struct Source {
    bool inside = true;
    std::size_t input = 0;
    Index place[3] = {0, 0, 0};
  };
  template <typename Find>
  void move(const Node& node, bool back, double fill, const Find& find) {
    for_each(y(node), [&](Index i, Index k, Index r, Index c) {
      const Source from = find(k, r, c);
      const auto [p, q, s] = from.place;
      if (back) {
        if (from.inside) dx(node, from.input)(i, p, q, s) += dy(node)(i, k, r, c);
      } else {
        y(node)(i, k, r, c) = from.inside ? x(node, from.input)(i, p, q, s) : fill;
      }
    });
  }
  void pad(const Node& node, const Pad& op, bool back) {
    const std::size_t rank = op.pads.size() / 2;
    move(node, back, op.value, [&](Index k, Index r, Index c) {
      Source from{.place = {k - op.pads[1], r - (rank > 2 ? op.pads[2] : 0),
                            c - (rank > 2 ? op.pads[3] : 0)}};
      const Map& in = x(node);
      const Index sizes[] = {in.c, in.h, in.w};
      for (std::size_t d = 0; d < 3; ++d)
        from.inside = from.inside && from.place[d] >= 0 && from.place[d] < sizes[d];
      return from;
    });
  }
  void forward(const Node& node, const Pad& op) { pad(node, op, false); }
  void backward(const Node& node, const Pad& op) { pad(node, op, true); }
  void slice(const Node& node, const Slice& op, bool back) {
    move(node, back, 0, [&](Index k, Index r, Index c) {
      Source from{.place = {k, r, c}};
      const Index sizes[] = {x(node).c, x(node).h, x(node).w};
      for (std::size_t i = 0; i < op.axes.size(); ++i) {
        const auto axis = static_cast<std::size_t>(op.axes[i] - 1);
        const Index start = op.starts[i] < 0 ? op.starts[i] + sizes[axis] : op.starts[i];
        from.place[axis] =
            std::clamp(start, Index{0}, sizes[axis]) + op.steps[i] * from.place[axis];
      }
      return from;
    });
  }
  void forward(const Node& node, const Slice& op) { slice(node, op, false); }
  void backward(const Node& node, const Slice& op) { slice(node, op, true); }
  void concat(const Node& node, const Concat& op, bool back) {
    const auto axis = static_cast<std::size_t>(op.axis - 1);
    move(node, back, 0, [&](Index k, Index r, Index c) {
      Source from{.place = {k, r, c}};
      for (;; ++from.input) {
        const Map& in = x(node, from.input);
        const Index sizes[] = {in.c, in.h, in.w};
        if (from.place[axis] < sizes[axis]) return from;
        from.place[axis] -= sizes[axis];
      }
    });
  }
  void forward(const Node& node, const Concat& op) { concat(node, op, false); }
  void backward(const Node& node, const Concat& op) { concat(node, op, true); }

  const Graph& graph_;
  const std::map<std::string, Values>& parameters_;
  bool training_;
  Index images_ = 0;
  std::map<std::string, Map, std::less<>> values_, gradients_;
  ReferenceStep result_;
};

}  // namespace

ReferenceStep reference_step(const Graph& graph, const std::map<std::string, Values>& parameters,
                             const std::vector<float>& images,
                             const std::vector<std::int64_t>& labels, double smoothing,
                             bool training) {
  return Step(graph, parameters, training).run(images, labels, smoothing);
}

}  // namespace pollard::test
