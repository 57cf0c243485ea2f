// One image from bytes to normalised floats: crop, flip, rotation, normalisation.
//
// crop      out[y][x] = in[y + dy - p][x + dx - p], 0 outside; dx, dy uniform in 0..2p
// flip      out[y][x] = in[y][W - 1 - x]
// rotation  out[y][x] = in at the nearest pixel of c + R(a) ((x, y) - c), 0 outside, where
//           c = ((W - 1)/2, (H - 1)/2), R(a) = (cos a, -sin a; sin a, cos a); y points down, so a
//           positive angle turns the picture counter-clockwise. Coordinates are 16.16 fixed point.
// normal    out = in * 1/(255 s) - m/s
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "pollard/batches.h"
#include "pollard/random.h"

namespace pollard {

/// What chance decides about one sample.
struct AugmentationDraw {
  std::int64_t crop_x = 0, crop_y = 0;  // 0..2 * padding
  bool flip = false;
  double angle = 0;  // degrees
};

/// Draws crop_x, crop_y, flip and angle, in this order and always all four, so that switching one
/// part on or off leaves the others as they were.
[[nodiscard]] AugmentationDraw draw_augmentation(const Augmentation& augmentation,
                                                 RandomStream stream);

/// Throws Error{Config} for a padding, angle or image size that cannot be.
void check_augmentation(const Augmentation& augmentation, const ImageShape& shape);

/// Holds the scratch memory, so each thread has its own.
class ImageTransform {
 public:
  /// Throws Error{Config} where the settings do not fit the images.
  ImageTransform(const ImageShape& shape, const Augmentation& augmentation,
                 const Normalization& normalization);

  /// Where the image has to be put before run(): H x W x C bytes.
  [[nodiscard]] std::span<std::uint8_t> input() { return std::span(input_).first(image_bytes()); }
  /// Transforms input() as drawn; `out` has H x W x C elements.
  void run(const AugmentationDraw& draw, std::span<float> out);
  /// The same without any augmentation.
  void run_plain(std::span<float> out);

  [[nodiscard]] std::size_t image_bytes() const {
    return static_cast<std::size_t>(shape_.height * row_bytes_);
  }

 private:
  void crop_and_flip(const AugmentationDraw& draw);
  void rotate(double angle);

  ImageShape shape_;
  Augmentation augmentation_;
  std::int64_t row_bytes_, stride_, origin_;  // of the canvas; origin_: offset of pixel (0, 0)
  std::vector<float> scale_, shift_;          // one row
  std::vector<std::uint8_t> input_;
  std::vector<std::uint8_t> canvas_;  // the cropped image within a border that stays zero
  std::vector<std::uint8_t> rotated_;
  std::vector<std::int32_t> offsets_;  // one row
};

}  // namespace pollard
