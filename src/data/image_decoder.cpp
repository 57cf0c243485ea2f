#include "data/image_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "core/files.h"
#include "data/exif.h"
#include "data/png_reader.h"
#include "pollard/dataset.h"

namespace pollard {
namespace {

constexpr std::uint8_t kJpegMagic[] = {0xff, 0xd8, 0xff};
constexpr std::uint8_t kPngMagic[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

bool begins_with(std::span<const std::uint8_t> file, std::span<const std::uint8_t> magic) {
  return file.size() >= magic.size() && std::equal(magic.begin(), magic.end(), file.begin());
}

// The lowest resolution that still has a pixel for each of the view's.
int scale_in_eighths(const View& view) {
  const double step = std::min(view.x.step, view.y.step);
  for (const int eighths : {1, 2, 4}) {
    if (step * eighths >= 8) return eighths;
  }
  return 8;
}

// The same view of a picture scaled by eighths / 8.
AxisView scaled(const AxisView& axis, int eighths, std::int64_t size) {
  const double factor = eighths / 8.0;
  const std::int64_t scaled_size = (size * eighths + 7) / 8;
  const std::int64_t low = std::clamp<std::int64_t>(
      std::llround(static_cast<double>(axis.low) * factor), 0, scaled_size - 1);
  const std::int64_t high = std::clamp<std::int64_t>(
      std::llround(static_cast<double>(axis.high) * factor), low + 1, scaled_size);
  return {axis.begin * factor, axis.step * factor, axis.count, low, high, axis.first};
}

// `in` has width x height pixels of the file, out is what is seen of them.
void turn(std::span<const std::uint8_t> in, std::int64_t width, std::int64_t height,
          Orientation orientation, std::span<std::uint8_t> out) {
  const std::int64_t seen_width = orientation.swapped ? height : width;
  const std::int64_t seen_height = orientation.swapped ? width : height;
  std::uint8_t* place = out.data();
  for (std::int64_t y = 0; y < seen_height; ++y) {
    for (std::int64_t x = 0; x < seen_width; ++x, place += 3) {
      std::int64_t u = orientation.swapped ? y : x, v = orientation.swapped ? x : y;
      if (orientation.flip_u) u = width - 1 - u;
      if (orientation.flip_v) v = height - 1 - v;
      std::memcpy(place, in.data() + 3 * (v * width + u), 3);
    }
  }
}

}  // namespace

View whole_view(std::int64_t width, std::int64_t height) {
  return {{0, 1, width, 0, width, 0}, {0, 1, height, 0, height, 0}};
}

void ImageDecoder::read(const std::filesystem::path& path, const Framing& framing,
                        std::vector<std::uint8_t>& out) {
  try {
    const std::vector<std::byte> file = read_bytes(path);
    decode({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()}, framing, out);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::Input) {
      throw UnusableImage(ErrorCode::Input, fmt::format("'{}' {}", path.string(), error.what()));
    }
    if (error.code() == ErrorCode::Io) throw UnusableImage(ErrorCode::Io, error.what());
    throw;
  }
}

void ImageDecoder::decode(std::span<const std::uint8_t> file, const Framing& framing,
                          std::vector<std::uint8_t>& out) {
  if (file.empty()) refuse_picture("is empty");
  if (begins_with(file, kJpegMagic)) return decode_jpeg(file, framing, out);
  if (!begins_with(file, kPngMagic)) refuse_picture("is neither a JPEG nor a PNG file");
  read_png(file, pixels_);
  const View view = framing(pixels_.width, pixels_.height);
  width_ = view.x.count;
  height_ = view.y.count;
  out.resize(static_cast<std::size_t>(3 * width_ * height_));
  resampler_.run(pixels_, 0, 0, view, out);
}

void ImageDecoder::decode_jpeg(std::span<const std::uint8_t> file, const Framing& framing,
                               std::vector<std::uint8_t>& out) {
  const JpegReader::Header header = jpeg_.open(file);
  const Orientation orientation = orientation_parts(header.orientation);
  View view = orientation.swapped ? framing(header.height, header.width)
                                  : framing(header.width, header.height);
  width_ = view.x.count;
  height_ = view.y.count;
  if (orientation.swapped) std::swap(view.x, view.y);
  if (orientation.flip_u) view.x = view.x.reversed(header.width);
  if (orientation.flip_v) view.y = view.y.reversed(header.height);
  const int eighths = scale_in_eighths(view);
  view = {scaled(view.x, eighths, header.width), scaled(view.y, eighths, header.height)};

  // Colours of half resolution are smoothed across pixels: with two more on either side, a part has
  // the same bits as the whole.
  constexpr std::int64_t kMargin = 2;
  const std::int64_t scaled_width = (header.width * eighths + 7) / 8;
  const AxisView::Reach x = view.x.reach(), y = view.y.reach();
  const std::int64_t left = std::max<std::int64_t>(0, x.first - kMargin);
  const std::int64_t right = std::min(scaled_width, x.end + kMargin);
  const PixelArea area =
      jpeg_.read(eighths, {left, y.first, right - left, y.end - y.first}, pixels_);
  const auto bytes = static_cast<std::size_t>(3 * width_ * height_);
  out.resize(bytes);
  if (header.orientation == 1) return resampler_.run(pixels_, area.x, area.y, view, out);
  turned_.resize(bytes);
  resampler_.run(pixels_, area.x, area.y, view, turned_);
  turn(turned_, view.x.count, view.y.count, orientation, out);
}

}  // namespace pollard
