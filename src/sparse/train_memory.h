// Memory of the trainer: aligned floats, and windows of rows that are made just before they are
// read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

namespace pollard::sparse {

/// Floats at the start of a cache line. Not initialised unless said.
class AlignedFloats {
 public:
  AlignedFloats() = default;
  explicit AlignedFloats(std::int64_t count) { grow(count); }

  /// At least so many; what was there is lost if it has to move.
  void grow(std::int64_t count);
  void clear() { std::memset(data_.get(), 0, static_cast<std::size_t>(count_) * sizeof(float)); }
  [[nodiscard]] float* data() const { return data_.get(); }
  [[nodiscard]] std::int64_t size() const { return count_; }

 private:
  struct Free {
    void operator()(float* memory) const;
  };
  std::unique_ptr<float, Free> data_;
  std::int64_t count_ = 0;
};

/// How rows of an image lie in a window: [row][channel][column][lane], `left` columns of zeros
/// before the image and some after it.
struct Frame {
  int height = 0;  // of the image
  int left = 0;
  std::int64_t channel = 0, row = 0;  // strides, floats
};

/// Some consecutive rows of an image, moving down. Rows outside the image are zeros.
class RowWindow {
 public:
  /// Clears the memory, which holds `capacity` rows. `total`: all rows that will be asked for.
  RowWindow(const Frame& frame, float* memory, int capacity, int total)
      : frame_(frame), memory_(memory), capacity_(capacity), moves_(total > capacity) {
    std::memset(memory, 0, bytes(capacity));
  }

  /// The next image begins with this row.
  void restart(int first) { begin_ = end_ = first; }

  /// Where row `first` begins (its halo), with all rows up to `last` behind it. Calls
  /// fill(row, count, at) for rows of the image that are not there yet, in order; each is made
  /// once.
  template <typename Fill>
  float* reach(int first, int last, const Fill& fill) {
    while (end_ < last) {
      if (end_ - begin_ == capacity_) slide(first < end_ ? first : end_);
      int stop = last < begin_ + capacity_ ? last : begin_ + capacity_;
      float* at = memory_ + (end_ - begin_) * frame_.row;
      if (end_ < 0 || end_ >= frame_.height) {
        if (end_ < 0 && stop > 0) stop = 0;
        if (moves_) std::memset(at, 0, bytes(stop - end_));
      } else {
        if (stop > frame_.height) stop = frame_.height;
        fill(end_, stop - end_, at);
      }
      end_ = stop;
    }
    return memory_ + (first - begin_) * frame_.row;
  }
  [[nodiscard]] int end() const { return end_; }

 private:
  [[nodiscard]] std::size_t bytes(int rows) const {
    return static_cast<std::size_t>(rows * frame_.row) * sizeof(float);
  }
  void slide(int first) {
    std::memmove(memory_, memory_ + (first - begin_) * frame_.row, bytes(end_ - first));
    begin_ = first;
  }

  Frame frame_;
  float* memory_;
  int capacity_;
  bool moves_;
  int begin_ = 0, end_ = 0;
};

}  // namespace pollard::sparse
