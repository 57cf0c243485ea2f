#include "sparse/ops.h"

#include <algorithm>

namespace pollard::sparse {
namespace {

template <typename P>
P moved(P plane, int rows, std::int64_t floats) {
  plane.at += rows * plane.row + floats;
  return plane;
}

Epilogue epilogue_of(const SumOp& op, const float* arena, int row, std::int64_t floats) {
  Epilogue epilogue{.bias = op.bias.data(),
                    .add_first = op.add_first,
                    .add_end = op.add_end,
                    .low = op.low,
                    .high = op.high,
                    .tail = op.walk.tail};
  if (op.add.there()) epilogue.add = moved(op.add.plane(arena), row, floats);
  return epilogue;
}

void run_sparse(const Kernels& kernels, const SumOp& op, float* arena, Rows rows) {
  for (int part = 0; part < op.walk.parts; ++part) {
    const std::int64_t floats = std::int64_t{part} * kernels.lanes;
    const SumJob job{
        .lists = op.taps.lists(),
        .rows = rows.end - rows.begin,
        .vectors = op.walk.vectors,
        .input = moved(op.input.plane(static_cast<const float*>(arena)), rows.begin, floats),
        .output = moved(op.output.plane(arena), rows.begin, floats),
        .tile_rows = op.choice.tile_rows,
        .tile_vectors = op.choice.tile_vectors};
    const Epilogue epilogue = epilogue_of(op, arena, rows.begin, floats);
    op.point ? kernels.dots(job, epilogue) : kernels.sum(job, epilogue);
  }
}

void run_dense(const Kernels& kernels, const SumOp& op, float* arena, Rows rows) {
  const int outputs = op.conv.group_outputs();
  for (int part = 0; part < op.walk.parts; ++part) {
    const std::int64_t floats = std::int64_t{part} * kernels.lanes;
    for (int group = 0; group < op.conv.groups; ++group) {
      const int first = group * outputs;
      DenseSumJob job{
          .weights = op.packed.data() + group * packed_size(op.conv),
          .offsets = op.offsets.data(),
          .taps = static_cast<int>(op.offsets.size()),
          .outputs = outputs,
          .rows = rows.end - rows.begin,
          .vectors = op.walk.vectors,
          .input = moved(op.input.plane(static_cast<const float*>(arena)), rows.begin, floats),
          .output = moved(op.output.plane(arena), rows.begin, floats)};
      job.input.at += group * op.conv.group_inputs() * job.input.channel;
      job.output.at += first * job.output.channel;
      Epilogue epilogue = epilogue_of(op, arena, rows.begin, floats);
      epilogue.bias += first;
      if (op.add.there()) {  // the range may begin before this group
        epilogue.add_first = std::max(op.add_first - first, 0);
        epilogue.add_end = op.add_end - first;
        epilogue.add.at += std::max(first - op.add_first, 0) * epilogue.add.channel;
      }
      op.point ? kernels.dense_dots(job, epilogue) : kernels.dense_sum(job, epilogue);
    }
  }
}

void run_op(const Kernels& kernels, const SumOp& op, float* arena, Rows rows) {
  op.choice.sparse ? run_sparse(kernels, op, arena, rows) : run_dense(kernels, op, arena, rows);
}

void run_op(const Kernels& kernels, const PoolOp& op, float* arena, Rows rows) {
  for (int part = 0; part < op.walk.parts; ++part) {
    const std::int64_t floats = std::int64_t{part} * kernels.lanes;
    PoolJob job{
        .offsets = op.offsets.data(),
        .taps = static_cast<int>(op.offsets.size()),
        .channels = op.channels,
        .rows = rows.end - rows.begin,
        .vectors = op.walk.vectors,
        .input = moved(op.input.plane(static_cast<const float*>(arena)), rows.begin, floats),
        .output = moved(op.output.plane(arena), rows.begin, floats),
        .maximum = op.maximum,
        .across = op.across,
        .tail = op.walk.tail};
    if (!op.factors.empty())
      job.factors = op.factors.data() + std::int64_t{rows.begin} * op.walk.vectors * kernels.lanes;
    kernels.pool(job);
  }
}

void run_op(const Kernels& kernels, const ActivateOp& op, float* arena, Rows rows) {
  const float* values = arena;
  ActivateJob job{.channels = op.channels,
                  .rows = rows.end - rows.begin,
                  .vectors = op.walk.vectors,
                  .z = moved(op.input.plane(values), rows.begin, 0),
                  .low = op.low,
                  .high = op.high,
                  .out = moved(op.output.plane(arena), rows.begin, 0),
                  .tail = op.walk.tail};
  if (!op.scale.empty()) {
    job.scale = op.scale.data();
    job.shift = op.shift.data();
  }
  if (op.residual.there()) job.residual = moved(op.residual.plane(values), rows.begin, 0);
  kernels.activate(job);
}

// One row of one channel of a view. `from` is column 0 of the source's row, or null for a row of
// nothing but fill.
void copy_row(const CopyOp& op, const float* from, float* to, int c, int y) {
  const Axis& axis = op.view.axes[2];
  const auto images = static_cast<std::int64_t>(op.from.images);
  const std::int64_t begin = from != nullptr ? axis.begin : 0;
  const std::int64_t end = from != nullptr ? axis.begin + axis.count : 0;
  const auto column = [&](std::int64_t x) {
    return to + op.to.at(c, y, op.x + static_cast<int>(x));
  };
  for (std::int64_t x = 0; x < begin; ++x) std::fill_n(column(x), images, op.view.fill);
  for (std::int64_t x = end; x < op.view.shape.width; ++x)
    std::fill_n(column(x), images, op.view.fill);
  if (begin == end) return;
  const float* x = from + axis.start * images;
  if (axis.step == 1 && op.to.phases == 1) {
    std::copy_n(x, axis.count * images, column(begin));
    return;
  }
  for (std::int64_t i = begin; i < end; ++i, x += axis.step * images)
    std::copy_n(x, images, column(i));
}

void run_op(const Kernels& kernels, const CopyOp& op, float* arena, Rows rows) {
  if (op.split) {
    kernels.split({.channels = op.from.shape.channels,
                   .rows = rows.end - rows.begin,
                   .width = op.from.shape.width,
                   .input = moved(op.input.plane(static_cast<const float*>(arena)), rows.begin, 0),
                   .output = moved(op.output.plane(arena), rows.begin, 0),
                   .phase = op.to.phase});
    return;
  }
  const auto source = [](const Axis& axis, std::int64_t i) -> std::int64_t {
    return i < axis.begin || i >= axis.begin + axis.count
               ? -1
               : axis.start + (i - axis.begin) * axis.step;
  };
  const int first = std::max(rows.begin - op.y, 0);
  const int end = std::min(rows.end - op.y, op.view.shape.height);
  for (int y = first; y < end; ++y) {
    const std::int64_t from_y = source(op.view.axes[1], y);
    for (int c = 0; c < op.view.shape.channels; ++c) {
      const std::int64_t from_c = source(op.view.axes[0], c);
      const float* from = nullptr;
      if (from_y >= 0 && from_c >= 0)
        from = arena + op.input.at + from_c * op.input.channel + from_y * op.input.row;
      copy_row(op, from, arena + op.output.at - op.to.origin, op.channel + c, op.y + y);
    }
  }
}

void run_op(const Kernels&, const FlattenOp& op, float* arena, Rows rows) {
  if (rows.begin == rows.end) return;
  const MapShape& shape = op.from.shape;
  const float* from = arena + op.input.at - op.from.origin;
  float* to = arena + op.output.at;
  for (int c = 0; c < shape.channels; ++c)
    for (int y = 0; y < shape.height; ++y)
      for (int x = 0; x < shape.width; ++x, to += op.output.channel)
        std::copy_n(from + op.from.at(c, y, x), op.from.images, to);
}

struct RowsOf {
  int operator()(const SumOp& op) const { return op.walk.rows; }
  int operator()(const PoolOp& op) const { return op.walk.rows; }
  int operator()(const ActivateOp& op) const { return op.walk.rows; }
  int operator()(const CopyOp& op) const { return op.to.shape.height; }
  int operator()(const FlattenOp&) const { return 1; }
};

}  // namespace

Spot spot(int tensor, const Layout& layout) {
  return {tensor, layout.origin, layout.channel, layout.row, layout.lanes};
}

int rows_of(const Op& op) { return std::visit(RowsOf{}, op); }

void run(const Kernels& kernels, const Op& op, float* arena, Rows rows) {
  if (rows.begin == rows.end) return;
  std::visit([&](const auto& each) { run_op(kernels, each, arena, rows); }, op);
}

}  // namespace pollard::sparse
