// What all the actions of a training step work on: tensors in the blocked layout, layers, norms,
// and a place of its own for each thread.
//
// A batch is cut into blocks of `lanes` images, [block][row][channel][x][lane]; a thread has the
// same blocks in every action. The last block may have lanes without an image: they hold numbers
// without meaning that no sum over the batch takes in, and their gradients are zero.
#pragma once

#include <span>
#include <vector>

#include "sparse/kernels.h"
#include "sparse/thread_pool.h"
#include "sparse/train_layer.h"
#include "sparse/train_memory.h"
#include "sparse/train_schedule.h"

namespace pollard::sparse {

enum class TrainMode {
  Train,
  Observe,  // the batch's statistics, no dropout
  Evaluate
};

struct DrawAddress;

struct TrainTensor {
  float* data = nullptr;
  MapShape extent;
  int lanes = 0;

  [[nodiscard]] std::int64_t block_size() const { return extent.size() * lanes; }
  [[nodiscard]] std::int64_t channel() const { return std::int64_t{extent.width} * lanes; }
  [[nodiscard]] std::int64_t row() const { return channel() * extent.channels; }
  [[nodiscard]] Plane plane(std::int64_t block, int row_number = 0) const {
    return {data + block * block_size() + row_number * row(), channel(), row(), lanes};
  }
};

inline ConstPlane constant(const Plane& plane) {
  return {plane.at, plane.channel, plane.row, plane.vector};
}

/// A batch norm. Moments are those of z as it is kept, which may be less `offset`.
struct TrainedNorm {
  int channels = 0;
  MapShape extent;                   // of z
  double epsilon = 0, momentum = 0;  // momentum: the batch's weight
  bool owns_z = false;
  const float *gamma = nullptr, *beta = nullptr;
  float *gamma_gradient = nullptr, *beta_gradient = nullptr;
  float *running_mean = nullptr, *running_variance = nullptr;

  std::vector<float> offset, mean, scale, shift;  // norm(z) = scale * z + shift
  std::vector<float> a, b, constant;              // gradient of z = a * g + b * (z - mean) + c
  std::vector<double> inverse;                    // 1 / deviation
  std::vector<double> sums;                       // [thread][channel][2]
};

/// Of one thread.
struct TrainWorker {
  AlignedFloats x, g;               // windows of rows
  AlignedFloats lanes, bias_lanes;  // of ChannelSums
  AlignedFloats partials;           // of linear layers
  std::vector<std::int32_t> first;
};

struct TrainSite {
  const Kernels* kernels = nullptr;
  ThreadPool* pool = nullptr;
  TrainMode mode = TrainMode::Train;
  std::vector<TrainTensor> tensors;
  std::vector<TrainedLayer> layers;
  std::vector<TrainedNorm> norms;
  std::vector<TrainWorker> workers;
  double statistics_weight = 0;  // in Observe: of the batch
  std::int64_t images = 0, blocks = 0;
  int live = 0;                   // images in the last block
  std::int64_t stream_above = 0;  // floats of a tensor that will not stay in the caches

  [[nodiscard]] int lanes() const { return kernels->lanes; }
  [[nodiscard]] int threads() const { return pool->size(); }
  [[nodiscard]] const TrainTensor& tensor(int t) const {
    return tensors[static_cast<std::size_t>(t)];
  }
  [[nodiscard]] TrainedLayer& layer(int l) { return layers[static_cast<std::size_t>(l)]; }
  [[nodiscard]] TrainedNorm& norm(int n) { return norms[static_cast<std::size_t>(n)]; }
  [[nodiscard]] const TrainedNorm& norm(int n) const { return norms[static_cast<std::size_t>(n)]; }
  [[nodiscard]] TrainWorker& worker(int thread) {
    return workers[static_cast<std::size_t>(thread)];
  }
  /// Images of a block.
  [[nodiscard]] int images_in(std::int64_t block) const {
    return block + 1 == blocks ? live : lanes();
  }
  [[nodiscard]] bool is_partial(std::int64_t block) const { return images_in(block) < lanes(); }
  [[nodiscard]] bool streams(const TrainTensor& tensor) const {
    return blocks * tensor.block_size() > stream_above;
  }

  /// work(thread, blocks) on every thread.
  template <typename Work>
  void share(const Work& work) {
    pool->run([&](int thread) {
      work(thread, share_of(blocks, thread, threads()));
      finish_streams();
    });
  }
  /// What was streamed is there for other threads afterwards.
  static void finish_streams() {
#if defined(__x86_64__)
    __builtin_ia32_sfence();
#endif
  }
};

class RowsAhead;

/// Makes rows of a view.
class ViewRows {
 public:
  ViewRows(const TrainSite& site, const View& view);
  /// Rows of a block, to `out` and, if it is there, to the tensor `copy`.
  void make(std::int64_t block, int row, int rows, const Plane& out,
            const TrainTensor* copy = nullptr, bool stream = false) const;
  /// What making these rows will read.
  void note_ahead(std::int64_t block, int row, int rows, RowsAhead& ahead) const;

 private:
  const Kernels& kernels_;
  ActivateJob job_;  // without its places
  const TrainTensor* z_;
  const TrainTensor* residual_;
};

/// What a passage is to the kernels, for rows from `row` on of a block.
void describe(const TrainSite& site, const Passage& passage, GradientEpilogue& epilogue);
void place(const TrainSite& site, const Passage& passage, std::int64_t block, int row,
           GradientEpilogue& epilogue);

/// Makes all the room that passes need.
void prepare_room(TrainSite& site);
/// count x H x W x C into blocks.
void load_images(TrainSite& site, std::span<const float> images, const TrainTensor& input);

// ---- the actions
// ---------------------------------------------------------------------------------

void run(TrainSite& site, const MakeView& action);
void run(TrainSite& site, const RunConv& action);
void run(TrainSite& site, const RunNorm& action);
void run(TrainSite& site, const BackConv& action);
void run(TrainSite& site, const Pass& action);
void run(TrainSite& site, const SumForNorm& action);
void run(TrainSite& site, const FinishNorm& action);
void run(TrainSite& site, const SpreadNorm& action);

/// Linear layers: the blocks are the vectors of one row.
void run_linear(TrainSite& site, const RunConv& action);
void back_linear(TrainSite& site, const BackConv& action);

/// What each output's sum begins with: the bias, less the norm's offset if z is kept so.
void prepare_start(TrainSite& site, TrainedLayer& layer, int norm);

void zero_dead_lanes(float* at, std::int64_t vectors, int lanes, int live);

/// Sums per channel over a thread's blocks: in lanes of float within a block or a few, then in
/// double.
class ChannelSums {
 public:
  /// `lanes` has room for channels * 2 * lanes floats.
  ChannelSums(int channels, int lanes, AlignedFloats& memory, double* totals);
  [[nodiscard]] float* at() const { return sums_; }
  /// Around each block: how many images it has.
  void begin_block(int images);
  void end_block(int images, std::int64_t pixels);
  void finish() { flush(lanes_); }

 private:
  void flush(int images);

  int channels_, lanes_;
  float* sums_;
  double* totals_;
  std::int64_t pixels_ = 0;
};

}  // namespace pollard::sparse
