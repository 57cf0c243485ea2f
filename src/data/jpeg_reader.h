// Parts of JPEG pictures, scaled down by the decoder: the inverse DCT gives 1, 2, 4 or 8 pixels a
// side of each block of 8, and blocks outside the part wanted are not transformed at all.
// (libjpeg-turbo.)
//
// Files are not trusted: sizes and the number of scans are limited, and data that end early are an
// error, whether or not the part wanted is there. Every component layout is turned into RGB: grey,
// YCbCr, RGB, and CMYK or YCCK, which Adobe's programs store inverted.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace pollard {

/// Pixels of four bytes: red, green, blue, and one that counts for nothing.
struct Rgbx {
  std::int64_t width = 0, height = 0;
  std::vector<std::uint8_t> pixels;

  /// Makes room for that size; what is in it is lost. Throws Error{Input} beyond kMostPixels.
  void resize(std::int64_t new_width, std::int64_t new_height);
};
inline constexpr std::int64_t kMostPixels = std::int64_t{1} << 27;

/// Throws Error{Input}: what is wrong with a picture, without its name.
[[noreturn]] void refuse_picture(const std::string& what);

/// A rectangle of pixels.
struct PixelArea {
  std::int64_t x = 0, y = 0, width = 0, height = 0;
};

class JpegReader {
 public:
  JpegReader();
  ~JpegReader();
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  struct Header {
    std::int64_t width = 0, height = 0;
    int orientation = 1;  // exif.h
  };
  /// Begins with a file, which must stay where it is until read() is done. Both throw Error{Input}.
  Header open(std::span<const std::uint8_t> file);
  /// Reads the area of the picture scaled by `eighths` / 8, which has ceil(width * eighths / 8) x
  /// ceil(height * eighths / 8) pixels. Gives the area that `out` has: the one asked for, or some
  /// columns more on either side.
  PixelArea read(int eighths, PixelArea area, Rgbx& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pollard
