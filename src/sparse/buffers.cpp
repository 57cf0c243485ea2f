#include "sparse/buffers.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <variant>
#include <vector>

#include "sparse/lower.h"

namespace pollard::sparse {
namespace {

struct Spots {
  Spot* output;
  std::array<Spot*, 2> read;  // null: none
};

Spots spots_of(Op& op) {
  struct Find {
    Spots operator()(SumOp& op) const { return {&op.output, {&op.input, &op.add}}; }
    Spots operator()(PoolOp& op) const { return {&op.output, {&op.input, nullptr}}; }
    Spots operator()(ActivateOp& op) const { return {&op.output, {&op.input, &op.residual}}; }
    Spots operator()(CopyOp& op) const { return {&op.output, {&op.input, nullptr}}; }
    Spots operator()(FlattenOp& op) const { return {&op.output, {&op.input, nullptr}}; }
  };
  return std::visit(Find{}, op);
}

bool reads(const Spot* spot, int tensor) { return spot != nullptr && spot->tensor == tensor; }

struct Buffer {
  const Tensor* like;
  std::int64_t place;
  int freed = -1;  // by this op; -1: in use
};

class Placing {
 public:
  explicit Placing(Lowered& lowered)
      : lowered_(lowered),
        last_(lowered.tensors.size(), -1),
        buffer_(lowered.tensors.size(), kNone) {}

  void place() {
    find_last_uses();
    for (const int input : lowered_.inputs) take(input);
    for (op_ = 0; op_ < static_cast<int>(lowered_.ops.size()); ++op_) {
      const Spots spots = spots_of(lowered_.ops[static_cast<std::size_t>(op_)]);
      const int output = spots.output->tensor;
      if (buffer_of(output) == kNone && !take_over(spots)) take(output);
      for (std::size_t tensor = 0; tensor < last_.size(); ++tensor) {
        if (last_[tensor] == op_) buffers_[buffer_[tensor]].freed = op_;
      }
    }
    move_spots();
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  [[nodiscard]] std::size_t& buffer_of(int tensor) {
    return buffer_[static_cast<std::size_t>(tensor)];
  }
  [[nodiscard]] const Tensor& tensor(int index) const {
    return lowered_.tensors[static_cast<std::size_t>(index)];
  }

  // A tensor's last use is a read, or the write where nobody reads; the output is used in the end.
  void find_last_uses() {
    for (int op = 0; op < static_cast<int>(lowered_.ops.size()); ++op) {
      const Spots spots = spots_of(lowered_.ops[static_cast<std::size_t>(op)]);
      last_[static_cast<std::size_t>(spots.output->tensor)] = op;
      for (const Spot* spot : spots.read) {
        if (spot != nullptr && spot->there()) last_[static_cast<std::size_t>(spot->tensor)] = op;
      }
    }
    last_[static_cast<std::size_t>(lowered_.output)] = static_cast<int>(lowered_.ops.size());
  }

  // The buffer freed last, which the caches still know.
  void take(int index) {
    std::size_t best = kNone;
    for (std::size_t i = 0; i < buffers_.size(); ++i) {
      const Buffer& buffer = buffers_[i];
      if (buffer.freed < 0 || buffer.like->layout != tensor(index).layout ||
          buffer.like->fill != tensor(index).fill)
        continue;
      if (best == kNone || buffer.freed > buffers_[best].freed) best = i;
    }
    if (best == kNone) {
      best = buffers_.size();
      buffers_.push_back({&tensor(index), lowered_.size, 0});
      lowered_.size += tensor(index).layout.size;
    }
    buffers_[best].freed = -1;
    buffer_of(index) = best;
  }

  bool take_over(const Spots& spots) {
    const int output = spots.output->tensor;
    const Op& op = lowered_.ops[static_cast<std::size_t>(op_)];
    const bool sum = std::holds_alternative<SumOp>(op);
    if (!sum && !std::holds_alternative<ActivateOp>(op)) return false;
    for (std::size_t i = sum ? 1 : 0; i < 2; ++i) {  // a sum reads its input around the output
      const Spot* spot = spots.read[i];
      if (spot == nullptr || !spot->there() || (sum && reads(spots.read[0], spot->tensor)))
        continue;
      if (last_[static_cast<std::size_t>(spot->tensor)] != op_) continue;
      const Tensor &from = tensor(spot->tensor), &to = tensor(output);
      const bool straight = spot->at == spots.output->at && spot->row == spots.output->row &&
                            spot->vector == spots.output->vector;
      const bool all = !sum || std::get<SumOp>(op).add_first == 0;
      if (!straight || !all || from.layout != to.layout || from.fill != to.fill) continue;
      buffer_of(output) = buffer_of(spot->tensor);
      last_[static_cast<std::size_t>(spot->tensor)] = -1;  // its buffer goes on
      return true;
    }
    return false;
  }

  void move_spots() {
    for (std::size_t i = 0; i < buffer_.size(); ++i) {
      if (buffer_[i] != kNone) lowered_.tensors[i].place = buffers_[buffer_[i]].place;
    }
    for (Op& op : lowered_.ops) {
      const Spots spots = spots_of(op);
      spots.output->at += tensor(spots.output->tensor).place;
      for (Spot* spot : spots.read) {
        if (spot != nullptr && spot->there()) spot->at += tensor(spot->tensor).place;
      }
    }
  }

  Lowered& lowered_;
  std::vector<int> last_;
  std::vector<std::size_t> buffer_;  // of each tensor
  std::vector<Buffer> buffers_;
  int op_ = 0;
};

}  // namespace

void place_tensors(Lowered& lowered) { Placing(lowered).place(); }

}  // namespace pollard::sparse
