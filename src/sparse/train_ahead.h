// Rows that will be read soon, for kernels to fetch while they compute: of each tensor those behind
// what is worked on. Rows of a tensor lie one behind the other, so behind a block's last rows come
// the first of the thread's next block.
#pragma once

#include <algorithm>

#include "sparse/train_site.h"

namespace pollard::sparse {

class RowsAhead {
 public:
  /// Nothing behind the thread's own blocks is fetched.
  explicit RowsAhead(std::int64_t last_block) : last_block_(last_block) {}

  void clear() { ahead_.ranges = 0; }
  /// `rows` rows from `row` on of a block, which may lie in the next one.
  void add(const TrainTensor& tensor, std::int64_t block, int row, int rows) {
    if (ahead_.ranges == Ahead::kMost) return;
    constexpr std::int64_t kLine = 64 / sizeof(float);
    const float* begin = tensor.plane(block, row).at;
    const float* end = std::min<const float*>(begin + rows * tensor.row(),
                                              tensor.data + last_block_ * tensor.block_size());
    if (end <= begin) return;
    ahead_.at[ahead_.ranges] = begin;
    ahead_.lines[ahead_.ranges] = (end - begin) / kLine;
    ++ahead_.ranges;
  }
  /// For a job that takes the occasion to fetch so many times.
  Ahead* spread_over(std::int64_t occasions) {
    if (ahead_.ranges == 0) return nullptr;
    std::int64_t most = 0;
    for (int i = 0; i < ahead_.ranges; ++i) most = std::max(most, ahead_.lines[i]);
    ahead_.step = static_cast<int>((most + occasions - 1) / occasions);
    return &ahead_;
  }

 private:
  std::int64_t last_block_;
  Ahead ahead_;
};

}  // namespace pollard::sparse
