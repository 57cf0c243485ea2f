// Pooling, forward and backward. The maximum's gradient goes to the first of equals, as in PyTorch;
// a NaN counts as the largest.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "sparse/train_plain_ops.h"

namespace pollard::sparse {
namespace {

struct Window {
  int kernel[2], stride[2], pads[4];
};

template <typename Pool>
Window window_of(const Pool& op) {
  Window window{};
  for (std::size_t i = 0; i < 2; ++i) {
    window.kernel[i] = static_cast<int>(op.kernel[i]);
    window.stride[i] = static_cast<int>(op.strides[i]);
  }
  for (std::size_t i = 0; i < 4; ++i) window.pads[i] = static_cast<int>(op.pads[i]);
  return window;
}

struct Range {
  int begin, end;  // within the image
  int padded;      // places, padding included
};

Range range_of(const Window& window, int axis, int at, int size) {
  const int begin = at * window.stride[axis] - window.pads[axis];
  const int end = begin + window.kernel[axis];
  return {std::max(begin, 0), std::min(end, size),
          std::min(end, size + window.pads[2 + axis]) - begin};
}

// body(y, x, rows, columns) for every output pixel.
template <typename Body>
void for_windows(const Window& window, const MapShape& in, const MapShape& out, const Body& body) {
  for (int y = 0; y < out.height; ++y)
    for (int x = 0; x < out.width; ++x)
      body(y, x, range_of(window, 0, y, in.height), range_of(window, 1, x, in.width));
}

template <typename Body>
void for_blocks(TrainSite& site, const Body& body) {
  site.share([&](int, Share blocks) {
    for (std::int64_t block = blocks.begin; block < blocks.end; ++block) body(block);
  });
}

float* pixel(const Plane& plane, int c, int y, int x) {
  return plane.at + c * plane.channel + y * plane.row + x * plane.vector;
}

class MaxPooling final : public PlainOp {
 public:
  explicit MaxPooling(const MaxPool& op) : window_(window_of(op)) {}

  void forward(TrainSite& site, const std::vector<const TrainTensor*>& inputs,
               const TrainTensor& out, const TrainTensor*, const DrawAddress&) const override {
    for_blocks(site, [&](std::int64_t block) {
      const Plane x = inputs[0]->plane(block), y = out.plane(block);
      for_maxima(site.lanes(), inputs[0]->extent, out.extent, x,
                 [&](int c, int row, int column, int lane, float value, const float*) {
                   pixel(y, c, row, column)[lane] = value;
                 });
    });
  }

  void backward(TrainSite& site, const std::vector<const TrainTensor*>& inputs, const TrainTensor*,
                const TrainTensor& g,
                const std::vector<const TrainTensor*>& gradients) const override {
    if (gradients[0] == nullptr) return;
    for_blocks(site, [&](std::int64_t block) {
      const Plane x = inputs[0]->plane(block), dy = g.plane(block), dx = gradients[0]->plane(block);
      std::fill_n(dx.at, gradients[0]->block_size(), 0.0F);
      for_maxima(site.lanes(), inputs[0]->extent, g.extent, x,
                 [&](int c, int row, int column, int lane, float, const float* at) {
                   dx.at[at - x.at + lane] += pixel(dy, c, row, column)[lane];
                 });
    });
  }

 private:
  // body(channel, row, column, lane, maximum, its pixel)
  template <typename Body>
  void for_maxima(int lanes, const MapShape& in, const MapShape& out, const Plane& x,
                  const Body& body) const {
    for (int c = 0; c < in.channels; ++c) {
      for_windows(window_, in, out,
                  [&](int row, int column, const Range& rows, const Range& columns) {
                    std::array<float, kMostLanes> best;
                    std::array<const float*, kMostLanes> where;
                    best.fill(-std::numeric_limits<float>::infinity());
                    where.fill(pixel(x, c, rows.begin, columns.begin));
                    for (int i = rows.begin; i < rows.end; ++i)
                      for (int j = columns.begin; j < columns.end; ++j) {
                        const float* at = pixel(x, c, i, j);
                        for (std::size_t l = 0; l < static_cast<std::size_t>(lanes); ++l) {
                          const bool larger = at[l] > best[l] || std::isnan(at[l]);
                          best[l] = larger ? at[l] : best[l];
                          where[l] = larger ? at : where[l];
                        }
                      }
                    for (int l = 0; l < lanes; ++l) {
                      const auto i = static_cast<std::size_t>(l);
                      body(c, row, column, l, best[i], where[i]);
                    }
                  });
    }
  }

  static constexpr std::size_t kMostLanes = 16;
  Window window_;
};

// Average of each window; with a window over the whole image, the global one.
class AveragePooling final : public PlainOp {
 public:
  AveragePooling(const Window& window, bool count_padding)
      : window_(window), count_padding_(count_padding) {}

  void forward(TrainSite& site, const std::vector<const TrainTensor*>& inputs,
               const TrainTensor& out, const TrainTensor*, const DrawAddress&) const override {
    const int lanes = site.lanes();
    for_blocks(site, [&](std::int64_t block) {
      const Plane x = inputs[0]->plane(block), y = out.plane(block);
      for (int c = 0; c < out.extent.channels; ++c) {
        for_windows(window_, inputs[0]->extent, out.extent,
                    [&](int row, int column, const Range& rows, const Range& columns) {
                      float* to = pixel(y, c, row, column);
                      std::fill_n(to, lanes, 0.0F);
                      for (int i = rows.begin; i < rows.end; ++i)
                        for (int j = columns.begin; j < columns.end; ++j) {
                          const float* at = pixel(x, c, i, j);
                          for (int l = 0; l < lanes; ++l) to[l] += at[l];
                        }
                      const float factor = factor_of(rows, columns);
                      for (int l = 0; l < lanes; ++l) to[l] *= factor;
                    });
      }
    });
  }

  void backward(TrainSite& site, const std::vector<const TrainTensor*>& inputs, const TrainTensor*,
                const TrainTensor& g,
                const std::vector<const TrainTensor*>& gradients) const override {
    if (gradients[0] == nullptr) return;
    const int lanes = site.lanes();
    for_blocks(site, [&](std::int64_t block) {
      const Plane dy = g.plane(block), dx = gradients[0]->plane(block);
      std::fill_n(dx.at, gradients[0]->block_size(), 0.0F);
      for (int c = 0; c < g.extent.channels; ++c) {
        for_windows(window_, inputs[0]->extent, g.extent,
                    [&](int row, int column, const Range& rows, const Range& columns) {
                      const float* from = pixel(dy, c, row, column);
                      const float factor = factor_of(rows, columns);
                      for (int i = rows.begin; i < rows.end; ++i)
                        for (int j = columns.begin; j < columns.end; ++j) {
                          float* at = pixel(dx, c, i, j);
                          for (int l = 0; l < lanes; ++l) at[l] += factor * from[l];
                        }
                    });
      }
    });
  }

 private:
  [[nodiscard]] float factor_of(const Range& rows, const Range& columns) const {
    const int count = count_padding_ ? rows.padded * columns.padded
                                     : (rows.end - rows.begin) * (columns.end - columns.begin);
    return 1.0F / static_cast<float>(count);
  }

  Window window_;
  bool count_padding_;
};

}  // namespace

std::unique_ptr<PlainOp> make_pooling(const Graph& graph, const Node& node) {
  if (const auto* op = std::get_if<MaxPool>(&node.op)) return std::make_unique<MaxPooling>(*op);
  if (const auto* op = std::get_if<AveragePool>(&node.op))
    return std::make_unique<AveragePooling>(window_of(*op), op->count_include_pad);
  if (!std::holds_alternative<GlobalAveragePool>(node.op)) return nullptr;
  const Shape& shape = graph.shape(node.inputs[0]);
  const int height = static_cast<int>(shape[2]), width = static_cast<int>(shape[3]);
  return std::make_unique<AveragePooling>(Window{{height, width}, {1, 1}, {0, 0, 0, 0}}, false);
}

}  // namespace pollard::sparse
