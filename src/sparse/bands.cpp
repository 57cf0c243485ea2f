#include "sparse/bands.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <variant>

namespace pollard::sparse {
namespace {

// What row y of an op's output needs of a tensor: rows first + step * y and on, `count` of them.
// Tensors that share memory have one layout, so that a place and a row tell what is the same.
struct Access {
  std::int64_t place = -1;  // -1: none
  std::int64_t first = 0, step = 1, count = 1;

  [[nodiscard]] std::int64_t begin(int y) const { return first + step * y; }
  [[nodiscard]] std::int64_t end(int rows_end) const {
    return first + step * (rows_end - 1) + count;
  }
};

struct OpRows {
  int op = 0;  // its place among the ops
  int rows = 0, done = 0;
  std::int64_t bytes = 0;   // of the larger of its maps
  std::int64_t output = 0;  // its place
  std::array<Access, 2> reads;
};

class Reads {
 public:
  explicit Reads(const Lowered& lowered) : lowered_(lowered) {}

  // None where rows of the output do not follow those of the input.
  [[nodiscard]] std::optional<OpRows> of(const Op& op) const {
    return std::visit([this](const auto& each) { return this->rows(each); }, op);
  }

 private:
  [[nodiscard]] const Tensor& tensor(const Spot& spot) const {
    return lowered_.tensors[static_cast<std::size_t>(spot.tensor)];
  }
  [[nodiscard]] Access access(const Spot& spot, std::int64_t from = 0, std::int64_t to = 0) const {
    if (!spot.there()) return {};
    const Tensor& read = tensor(spot);
    const auto row_of = [&](std::int64_t offset) {
      return (spot.at - read.place + offset) / read.layout.row - read.layout.halo.top;
    };
    return {read.place, row_of(from), spot.row / read.layout.row, row_of(to) - row_of(from) + 1};
  }

  [[nodiscard]] OpRows made(const Walk& walk, const Spot& input, const Spot& output,
                            const std::array<Access, 2>& reads) const {
    const std::int64_t floats = std::max(tensor(input).layout.size, tensor(output).layout.size);
    return {.rows = walk.rows,
            .bytes = floats * static_cast<std::int64_t>(sizeof(float)),
            .output = tensor(output).place,
            .reads = reads};
  }

  [[nodiscard]] std::optional<OpRows> rows(const SumOp& op) const {
    Access input = access(op.input);
    input.first -= op.conv.pad_top;
    input.count = std::int64_t{op.conv.kernel_height - 1} * op.conv.dilation_y + 1;
    return made(op.walk, op.input, op.output, {input, access(op.add)});
  }
  [[nodiscard]] std::optional<OpRows> rows(const PoolOp& op) const {
    const auto [least, most] = std::minmax_element(op.offsets.begin(), op.offsets.end());
    return made(op.walk, op.input, op.output, {access(op.input, *least, *most), Access{}});
  }
  [[nodiscard]] std::optional<OpRows> rows(const ActivateOp& op) const {
    return made(op.walk, op.input, op.output, {access(op.input), access(op.residual)});
  }
  template <typename Other>
  [[nodiscard]] std::optional<OpRows> rows(const Other&) const {
    return std::nullopt;
  }

  const Lowered& lowered_;
};

// Whether `op` may compute rows up to `end` before `earlier`, which comes before it, has done more.
bool may_pass(const OpRows& op, int end, const OpRows& earlier) {
  if (earlier.done == earlier.rows) return true;
  for (const Access& read : op.reads) {
    if (read.place == earlier.output && read.end(end) > earlier.done) return false;
  }
  if (op.output == earlier.output && end > earlier.done) return false;
  return std::none_of(earlier.reads.begin(), earlier.reads.end(), [&](const Access& read) {
    return read.place == op.output && read.begin(earlier.done) < end;
  });
}

// How far group[i] can go on: by a band, at the map's top and bottom by less of one.
int next_end(std::span<const OpRows> group, std::size_t i, int band) {
  const OpRows& op = group[i];
  const auto allowed = [&](int end) {
    return std::all_of(group.begin(), group.begin() + static_cast<std::ptrdiff_t>(i),
                       [&](const OpRows& earlier) { return may_pass(op, end, earlier); });
  };
  const int full = std::min(op.done + band, op.rows);
  if (op.done > 0) return allowed(full) ? full : op.done;
  int end = full;
  while (end > 0 && !allowed(end)) --end;
  return end;
}

// Always the last op that can go on, so that what was made is read as soon as can be.
void add_group(std::span<OpRows> group, int band, std::vector<Band>& bands) {
  for (std::size_t i = group.size(); i > 0;) {
    OpRows& op = group[i - 1];
    const int end = next_end(group, i - 1, band);
    if (end == op.done) {
      --i;
      continue;
    }
    bands.push_back({op.op, {op.done, end}});
    op.done = end;
    i = group.size();
  }
}

}  // namespace

std::vector<Band> bands_of(const Lowered& lowered, const Banding& banding) {
  const Reads reads(lowered);
  std::vector<Band> bands;
  std::vector<OpRows> group;
  const auto end_group = [&] {
    add_group(group, banding.rows, bands);
    group.clear();
  };
  for (int op = 0; op < static_cast<int>(lowered.ops.size()); ++op) {
    const Op& work = lowered.ops[static_cast<std::size_t>(op)];
    std::optional<OpRows> rows;
    if (banding.ops > 1) rows = reads.of(work);
    if (rows && rows->bytes >= banding.bytes) {
      rows->op = op;
      group.push_back(*rows);
      if (std::ssize(group) == banding.ops) end_group();
    } else {
      end_group();
      bands.push_back({op, {0, rows_of(work)}});
    }
  }
  end_group();
  return bands;
}

}  // namespace pollard::sparse
