#include "sparse/program.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>
#include <variant>

#include "sparse/images.h"
#include "sparse/thread_pool.h"

namespace pollard::sparse {
namespace {

constexpr std::size_t kAlignment = 64;

void set_values(SumOp& op, const LayerWeights& weights) {
  if (!op.taps.first.empty()) gather_weights(op.taps, weights.weight);
  if (!op.packed.empty()) pack_dense(op.conv, weights.weight, nullptr, op.packed);
  if (weights.bias.empty()) {
    op.bias.assign(static_cast<std::size_t>(op.conv.outputs), 0.0F);
  } else {
    op.bias.assign(weights.bias.begin(), weights.bias.end());
  }
}
void set_values(ActivateOp& op, const LayerWeights& weights) {
  op.scale = weights.scale;
  op.shift = weights.shift;
}
template <typename Other>
void set_values(Other&, const LayerWeights&) {}

template <typename T>
std::int64_t bytes_of(const std::vector<T>& values) {
  return static_cast<std::int64_t>(values.capacity() * sizeof(T));
}

}  // namespace

void Arena::Free::operator()(float* memory) const { std::free(memory); }

Arena::Arena(const Lowered& lowered) : size_(lowered.size) {
  const auto bytes = static_cast<std::size_t>(size_) * sizeof(float);  // layouts end with a line
  memory_.reset(static_cast<float*>(std::aligned_alloc(kAlignment, bytes)));
  if (memory_ == nullptr) throw std::bad_alloc();
  for (const Tensor& tensor : lowered.tensors)
    std::fill_n(memory_.get() + tensor.place, tensor.layout.size, tensor.fill);
}

Program::Program(const Steps& steps, const std::vector<LayerWeights>& weights,
                 const Kernels& kernels, int images, const NetworkOptions& options)
    : kernels_(kernels), images_(images), lowered_(lower(steps, kernels, images)) {
  Chooser chooser(kernels, options.path, options.measure);
  const Arena arena = options.measure ? new_arena() : Arena();
  decisions_.resize(lowered_.ops.size());
  for (std::size_t i = 0; i < lowered_.ops.size(); ++i) {
    const LayerWeights& layer = weights[static_cast<std::size_t>(lowered_.steps[i])];
    if (auto* sum = std::get_if<SumOp>(&lowered_.ops[i]))
      choose(*sum, layer, chooser, arena, decisions_[i]);
    std::visit([&](auto& op) { set_values(op, layer); }, lowered_.ops[i]);
  }
  set_banding(options.banding.value_or(kBandings[0]));
}

void Program::choose(SumOp& op, const LayerWeights& weights, Chooser& chooser, const Arena& arena,
                     Decision& decision) {
  const bool dense = chooser.wants_dense(op, weights.density);
  op.taps = make_taps(op.conv, op.offsets, op.input.channel, weights.kept);
  if (dense) op.packed.resize(static_cast<std::size_t>(op.conv.groups * packed_size(op.conv)));
  set_values(op, weights);
  decision = chooser.choose(op, weights.density, arena.data());
  op.choice = decision.choice;
  if (op.choice.sparse) {
    op.packed = {};
    op.offsets = {};
  } else {
    op.taps = {};
  }
}

void Program::set_banding(const Banding& banding) {
  banding_ = banding;
  bands_ = bands_of(lowered_, banding);
}

void Program::set_weights(const std::vector<LayerWeights>& weights) {
  for (std::size_t i = 0; i < lowered_.ops.size(); ++i) {
    const LayerWeights& layer = weights[static_cast<std::size_t>(lowered_.steps[i])];
    std::visit([&](auto& op) { set_values(op, layer); }, lowered_.ops[i]);
  }
}

std::int64_t Program::weight_bytes() const {
  std::int64_t bytes = 0;
  for (const Op& op : lowered_.ops) {
    const auto* sum = std::get_if<SumOp>(&op);
    if (sum == nullptr) continue;
    bytes += bytes_of(sum->taps.first) + bytes_of(sum->taps.taps) + bytes_of(sum->taps.source) +
             bytes_of(sum->packed) + bytes_of(sum->offsets) + bytes_of(sum->bias);
  }
  return bytes;
}

void Program::load(const Arena& arena, const float* images, std::int64_t count,
                   ImageOrder order) const {
  for (const int input : lowered_.inputs) {
    const Tensor& tensor = lowered_.tensors[static_cast<std::size_t>(input)];
    load_images(images, count, order, tensor.layout, arena.data() + tensor.place);
  }
}

void Program::run_op(std::size_t index, const Arena& arena, int thread, int threads) const {
  const Op& op = lowered_.ops[index];
  const Share share = share_of(rows_of(op), thread, threads);
  run(kernels_, op, arena.data(), {static_cast<int>(share.begin), static_cast<int>(share.end)});
}

void Program::run_band(const Band& band, const Arena& arena) const {
  run(kernels_, lowered_.ops[static_cast<std::size_t>(band.op)], arena.data(), band.rows);
}

void Program::store(const Arena& arena, std::int64_t count, float* values) const {
  const Tensor& tensor = lowered_.tensors[static_cast<std::size_t>(lowered_.output)];
  store_images(tensor.layout, arena.data() + tensor.place, count, values);
}

}  // namespace pollard::sparse
