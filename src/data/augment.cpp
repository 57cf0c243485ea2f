#include "data/augment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

#include "data/pixels.h"
#include "pollard/error.h"

namespace pollard {
namespace {

constexpr std::int64_t kSpare = 1;  // byte behind what move_pixels() reads
constexpr std::int64_t kMostPadding = 1 << 20;
constexpr std::int64_t kMostRotatedSize = 4096;    // these two keep offsets and the fixed point
constexpr std::int64_t kMostRotatedChannels = 16;  // within 32 bits

// How far beyond each edge of `size` pixels a rotation about the centre can reach, plus rounding.
std::int64_t border(std::int64_t size, double radius) {
  return static_cast<std::int64_t>(std::ceil(radius - static_cast<double>(size - 1) / 2)) + 1;
}

std::int32_t fixed(double value) {
  return static_cast<std::int32_t>(std::floor(value * 65536.0 + 0.5));
}

// Moves pixel source(i) of `in` to place i of `out` for i = 0, 1, ...; source gives byte offsets. A
// pixel of three bytes is moved as four, for speed: the next one overwrites the surplus, and `in`
// has a spare byte behind it.
template <int kChannels, typename Source>
void move_pixels(std::uint8_t* out, const std::uint8_t* in, std::int64_t count,
                 std::int64_t channels, Source source) {
  const std::int64_t size = kChannels > 0 ? kChannels : channels;
  const auto moved = static_cast<std::size_t>(kChannels == 3 ? 4 : size);
  for (std::int64_t i = 0; i + 1 < count; ++i) std::memcpy(out + i * size, in + source(i), moved);
  const std::int64_t last = count - 1;
  std::memcpy(out + last * size, in + source(last), static_cast<std::size_t>(size));
}

template <typename Source>
void move_pixels(std::uint8_t* out, const std::uint8_t* in, std::int64_t count,
                 std::int64_t channels, Source source) {
  if (channels == 1) return move_pixels<1>(out, in, count, channels, source);
  if (channels == 3) return move_pixels<3>(out, in, count, channels, source);
  move_pixels<0>(out, in, count, channels, source);
}

void check_normalization(const Normalization& normalization, std::int64_t channels) {
  const auto count = static_cast<std::size_t>(channels);
  if (normalization.mean.size() != count || normalization.stddev.size() != count) {
    throw Error(
        ErrorCode::Config,
        fmt::format("normalization with {} means and {} deviations for images of {} channel(s)",
                    normalization.mean.size(), normalization.stddev.size(), channels),
        "choose the normalization of the data set, or 'none'");
  }
  for (const float deviation : normalization.stddev) {
    if (deviation > 0 && std::isfinite(deviation)) continue;
    throw Error(ErrorCode::Config,
                fmt::format("normalization by a standard deviation of {}", deviation),
                "standard deviations are positive");
  }
}

}  // namespace

AugmentationDraw draw_augmentation(const Augmentation& augmentation, RandomStream stream) {
  const auto places = static_cast<std::uint32_t>(2 * augmentation.crop_padding + 1);
  AugmentationDraw draw;
  draw.crop_x = stream.below(places);
  draw.crop_y = stream.below(places);
  const bool flip = (stream.next_u32() >> 31) != 0;
  draw.flip = augmentation.flip && flip;
  draw.angle = augmentation.rotation * (2.0 * static_cast<double>(stream.uniform()) - 1.0);
  return draw;
}

void check_augmentation(const Augmentation& augmentation, const ImageShape& shape) {
  if (augmentation.crop_padding < 0 || augmentation.crop_padding > kMostPadding) {
    throw Error(ErrorCode::Config,
                fmt::format("crop padding of {} pixels, expected 0 to {}",
                            augmentation.crop_padding, kMostPadding),
                "4 is usual for images of 32 x 32");
  }
  if (!(augmentation.rotation >= 0 && augmentation.rotation <= 180)) {
    throw Error(
        ErrorCode::Config,
        fmt::format("rotation by up to {} degrees, expected 0 to 180", augmentation.rotation),
        "15 is usual");
  }
  if (!(augmentation.smallest_part >= 0 && augmentation.smallest_part <= 1)) {
    throw Error(ErrorCode::Config,
                fmt::format("parts of at least {} of a picture, expected 0 to 1",
                            augmentation.smallest_part),
                "0.08 is usual for ImageNet");
  }
  if (augmentation.rotation > 0 && (std::max(shape.height, shape.width) > kMostRotatedSize ||
                                    shape.channels > kMostRotatedChannels)) {
    throw Error(ErrorCode::Config,
                fmt::format("rotation of images of {} x {} x {}, expected at most {} a side and {} "
                            "channels",
                            shape.height, shape.width, shape.channels, kMostRotatedSize,
                            kMostRotatedChannels),
                "scale the images down, or switch the rotation off");
  }
}

ImageTransform::ImageTransform(const ImageShape& shape, const Augmentation& augmentation,
                               const Normalization& normalization)
    : shape_(shape), augmentation_(augmentation) {
  check_augmentation(augmentation, shape);
  check_normalization(normalization, shape.channels);
  row_bytes_ = shape.width * shape.channels;
  for (std::int64_t i = 0; i < row_bytes_; ++i) {
    const auto c = static_cast<std::size_t>(i % shape.channels);
    const double deviation = normalization.stddev[c];
    scale_.push_back(static_cast<float>(1.0 / (255.0 * deviation)));
    shift_.push_back(static_cast<float>(-static_cast<double>(normalization.mean[c]) / deviation));
  }
  std::int64_t border_x = 0, border_y = 0;
  if (augmentation.rotation > 0) {
    const double radius =
        std::hypot(static_cast<double>(shape.width - 1), static_cast<double>(shape.height - 1)) / 2;
    border_x = border(shape.width, radius);
    border_y = border(shape.height, radius);
    rotated_.resize(static_cast<std::size_t>(shape.height * row_bytes_));
    offsets_.resize(static_cast<std::size_t>(shape.width));
  }
  stride_ = (shape.width + 2 * border_x) * shape.channels;
  origin_ = border_y * stride_ + border_x * shape.channels;
  canvas_.resize(static_cast<std::size_t>((shape.height + 2 * border_y) * stride_ + kSpare));
  input_.resize(static_cast<std::size_t>(shape.height * row_bytes_ + kSpare));
}

void ImageTransform::run_plain(std::span<float> out) {
  normalize_rows(out.data(), input_.data(), row_bytes_, shape_.height, row_bytes_, scale_.data(),
                 shift_.data());
}

void ImageTransform::run(const AugmentationDraw& draw, std::span<float> out) {
  crop_and_flip(draw);
  const std::uint8_t* bytes = canvas_.data() + origin_;
  std::int64_t stride = stride_;
  if (augmentation_.rotation > 0) {
    rotate(draw.angle);
    bytes = rotated_.data();
    stride = row_bytes_;
  }
  normalize_rows(out.data(), bytes, stride, shape_.height, row_bytes_, scale_.data(),
                 shift_.data());
}

void ImageTransform::crop_and_flip(const AugmentationDraw& draw) {
  const std::int64_t channels = shape_.channels, width = shape_.width;
  const std::int64_t shift_x = draw.crop_x - augmentation_.crop_padding;
  const std::int64_t shift_y = draw.crop_y - augmentation_.crop_padding;
  // Columns begin..end of the result come from the image, the others from the padding.
  const std::int64_t begin = std::clamp(-shift_x, std::int64_t{0}, width);
  const std::int64_t end = std::clamp(width - shift_x, begin, width);
  const std::int64_t left = (draw.flip ? width - end : begin) * channels;
  const std::int64_t middle = (end - begin) * channels;
  for (std::int64_t y = 0; y < shape_.height; ++y) {
    std::uint8_t* out = canvas_.data() + origin_ + y * stride_;
    const std::int64_t source = y + shift_y;
    if (source < 0 || source >= shape_.height || middle == 0) {
      std::memset(out, 0, static_cast<std::size_t>(row_bytes_));
      continue;
    }
    const std::uint8_t* in = input_.data() + source * row_bytes_ + (begin + shift_x) * channels;
    std::memset(out, 0, static_cast<std::size_t>(left));
    if (draw.flip) {
      const std::int64_t last = middle - channels;
      move_pixels(out + left, in, end - begin, channels,
                  [=](std::int64_t i) { return last - i * channels; });
    } else {
      std::memcpy(out + left, in, static_cast<std::size_t>(middle));
    }
    std::memset(out + left + middle, 0, static_cast<std::size_t>(row_bytes_ - left - middle));
  }
}

void ImageTransform::rotate(double angle) {
  const double radians = angle * std::numbers::pi / 180.0;
  const double cosine = std::cos(radians), sine = std::sin(radians);
  const double center_x = static_cast<double>(shape_.width - 1) / 2;
  const double center_y = static_cast<double>(shape_.height - 1) / 2;
  // Where pixel (0, 0) comes from; half a pixel is added so that cutting off rounds.
  FixedWalk walk{fixed(center_x - cosine * center_x + sine * center_y + 0.5),
                 fixed(center_y - sine * center_x - cosine * center_y + 0.5), fixed(cosine),
                 fixed(sine)};
  for (std::int64_t y = 0; y < shape_.height; ++y) {
    walk_offsets(offsets_.data(), static_cast<std::int32_t>(shape_.width), walk,
                 static_cast<std::int32_t>(stride_), static_cast<std::int32_t>(shape_.channels));
    move_pixels(rotated_.data() + y * row_bytes_, canvas_.data() + origin_, shape_.width,
                shape_.channels,
                [offsets = offsets_.data()](std::int64_t i) { return offsets[i]; });
    walk.x -= fixed(sine);
    walk.y += fixed(cosine);
  }
}

}  // namespace pollard
