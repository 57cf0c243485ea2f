// What only moves values: Flatten, Pad, Slice, Concat. A list says for each value of the output
// which value of which input it is.
#include <algorithm>
#include <array>
#include <cstring>

#include "sparse/train_plain_ops.h"

namespace pollard::sparse {
namespace {

using Place = std::array<std::int64_t, 3>;  // channel, row, column

// In the blocked layout, in vectors.
std::int64_t position(const MapShape& extent, const Place& place) {
  return (place[1] * extent.channels + place[0]) * extent.width + place[2];
}

struct Move {
  int input;          // -1: the padding's value
  std::int64_t from;  // vector of the input
};

class Moves final : public PlainOp {
 public:
  Moves(std::vector<Move> moves, float fill) : moves_(std::move(moves)), fill_(fill) {}

  void forward(TrainSite& site, const std::vector<const TrainTensor*>& inputs,
               const TrainTensor& out, const TrainTensor*, const DrawAddress&) const override {
    const int lanes = site.lanes();
    site.share([&](int, Share blocks) {
      for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
        float* to = out.plane(block).at;
        for (const Move& move : moves_) {
          if (move.input < 0) {
            std::fill_n(to, lanes, fill_);
          } else {
            const TrainTensor& input = *inputs[static_cast<std::size_t>(move.input)];
            copy(input.plane(block).at + move.from * lanes, to, lanes);
          }
          to += lanes;
        }
      }
    });
  }

  void backward(TrainSite& site, const std::vector<const TrainTensor*>&, const TrainTensor*,
                const TrainTensor& g,
                const std::vector<const TrainTensor*>& gradients) const override {
    const int lanes = site.lanes();
    site.share([&](int, Share blocks) {
      for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
        for (const TrainTensor* gradient : gradients) {
          if (gradient != nullptr)
            std::fill_n(gradient->plane(block).at, gradient->block_size(), 0.0F);
        }
        const float* from = g.plane(block).at;
        for (const Move& move : moves_) {
          const TrainTensor* to =
              move.input < 0 ? nullptr : gradients[static_cast<std::size_t>(move.input)];
          if (to != nullptr) copy(from, to->plane(block).at + move.from * lanes, lanes);
          from += lanes;
        }
      }
    });
  }

 private:
  static void copy(const float* from, float* to, int lanes) {
    std::memcpy(to, from, static_cast<std::size_t>(lanes) * sizeof(float));
  }

  std::vector<Move> moves_;
  float fill_;
};

// source(place of the output) -> Move, in the output's layout.
template <typename Source>
std::unique_ptr<PlainOp> moves_of(const MapShape& out, const Source& source, float fill = 0) {
  std::vector<Move> moves;
  moves.reserve(static_cast<std::size_t>(out.size()));
  for (std::int64_t y = 0; y < out.height; ++y)
    for (std::int64_t c = 0; c < out.channels; ++c)
      for (std::int64_t x = 0; x < out.width; ++x) moves.push_back(source(Place{c, y, x}));
  return std::make_unique<Moves>(std::move(moves), fill);
}

std::size_t axis_of(std::int64_t axis, const Shape& shape) {
  const auto rank = static_cast<std::int64_t>(shape.size());
  return static_cast<std::size_t>((axis < 0 ? axis + rank : axis) - 1);  // less the batch
}

std::unique_ptr<PlainOp> flatten(const MapShape& in, const MapShape& out) {
  return moves_of(out, [&](const Place& to) {
    const std::int64_t pixels = std::int64_t{in.height} * in.width, pixel = to[0] % pixels;
    return Move{0, position(in, {to[0] / pixels, pixel / in.width, pixel % in.width})};
  });
}

std::unique_ptr<PlainOp> pad(const Pad& op, const MapShape& in, const MapShape& out) {
  const std::size_t rank = op.pads.size() / 2;
  return moves_of(
      out,
      [&](const Place& to) {
        Place from = to;
        for (std::size_t d = 1; d < rank; ++d) from[d - 1] -= op.pads[d];
        const Place size{in.channels, in.height, in.width};
        for (std::size_t d = 0; d < 3; ++d) {
          if (from[d] < 0 || from[d] >= size[d]) return Move{-1, 0};
        }
        return Move{0, position(in, from)};
      },
      op.value);
}

std::unique_ptr<PlainOp> slice(const Slice& op, const Shape& shape, const MapShape& in,
                               const MapShape& out) {
  return moves_of(out, [&](const Place& to) {
    Place from = to;
    for (std::size_t i = 0; i < op.axes.size(); ++i) {
      const std::size_t axis = axis_of(op.axes[i], shape);
      const std::int64_t size = shape[axis + 1];
      const std::int64_t start = op.starts[i] < 0 ? op.starts[i] + size : op.starts[i];
      from[axis] = std::clamp<std::int64_t>(start, 0, size) + op.steps[i] * to[axis];
    }
    return Move{0, position(in, from)};
  });
}

std::unique_ptr<PlainOp> concat(const Concat& op, const std::vector<Shape>& shapes,
                                const MapShape& out) {
  const std::size_t axis = axis_of(op.axis, shapes[0]);
  return moves_of(out, [&](const Place& to) {
    Place from = to;
    std::size_t input = 0;
    while (from[axis] >= shapes[input][axis + 1]) from[axis] -= shapes[input++][axis + 1];
    return Move{static_cast<int>(input), position(map_shape(shapes[input]), from)};
  });
}

}  // namespace

std::unique_ptr<PlainOp> make_moves(const Graph& graph, const Node& node) {
  const Shape& shape = graph.shape(node.inputs[0]);
  const MapShape in = map_shape(shape), out = map_shape(graph.shape(node.output));
  if (std::holds_alternative<Flatten>(node.op)) return flatten(in, out);
  if (const auto* op = std::get_if<Pad>(&node.op)) return pad(*op, in, out);
  if (const auto* op = std::get_if<Slice>(&node.op)) return slice(*op, shape, in, out);
  if (const auto* op = std::get_if<Concat>(&node.op)) {
    std::vector<Shape> shapes;
    for (const std::string& input : node.inputs) shapes.push_back(graph.shape(input));
    return concat(*op, shapes, out);
  }
  return nullptr;
}

}  // namespace pollard::sparse
