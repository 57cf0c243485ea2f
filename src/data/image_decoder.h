// A view of a picture file, whatever the picture's size and format.
//
// What the view needs is decoded at the lowest resolution of the JPEG decoder that has at least a
// pixel for each of the view's, and resized from there. Pictures are seen as their EXIF orientation
// says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "data/jpeg_reader.h"
#include "data/resample.h"

namespace pollard {

/// What is wanted of a picture of that width and height (as seen).
using Framing = std::function<View(std::int64_t width, std::int64_t height)>;

/// The whole picture, as it is.
[[nodiscard]] View whole_view(std::int64_t width, std::int64_t height);

/// Holds the memory it works in, so each thread has its own.
class ImageDecoder {
 public:
  /// `out` becomes height x width x 3 bytes of the view, and is resized to them. Throws
  /// UnusableImage, naming the file.
  void read(const std::filesystem::path& path, const Framing& framing,
            std::vector<std::uint8_t>& out);
  /// The width and height of the last view.
  [[nodiscard]] std::int64_t width() const { return width_; }
  [[nodiscard]] std::int64_t height() const { return height_; }

 private:
  void decode(std::span<const std::uint8_t> file, const Framing& framing,
              std::vector<std::uint8_t>& out);
  void decode_jpeg(std::span<const std::uint8_t> file, const Framing& framing,
                   std::vector<std::uint8_t>& out);

  JpegReader jpeg_;
  Resampler resampler_;
  Rgbx pixels_;
  std::vector<std::uint8_t> turned_;  // as the camera was held
  std::int64_t width_ = 0, height_ = 0;
};

}  // namespace pollard
