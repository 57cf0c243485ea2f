// JPEG and PNG files for the tests, written by the libraries.
#pragma once

#include <cstdio>
// clang-format off
#include <jpeglib.h>
// clang-format on
#include <png.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "data/synthetic.h"

namespace pollard::testing_data {

/// Red grows to the right, green to the bottom, blue is 60: smooth, and every place differs.
inline Bytes gradient(int width, int height) {
  Bytes rgb;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      rgb.push_back(static_cast<std::uint8_t>((510 * x + 255) / (2 * width)));
      rgb.push_back(static_cast<std::uint8_t>((510 * y + 255) / (2 * height)));
      rgb.push_back(60);
    }
  }
  return rgb;
}

struct JpegOptions {
  int quality = 95;
  bool progressive = false;
  int orientation = 0;   // 0: no EXIF
  int restart_rows = 0;  // between restart markers
};

/// `components`: 1 (grey), 3 (RGB) or 4 (CMYK, as Adobe's programs store it: inverted).
inline Bytes jpeg_file(int width, int height, int components, const Bytes& pixels,
                       const JpegOptions& options = {}) {
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&jpeg, &memory, &size);
  jpeg.image_width = static_cast<JDIMENSION>(width);
  jpeg.image_height = static_cast<JDIMENSION>(height);
  jpeg.input_components = components;
  jpeg.in_color_space = components == 1 ? JCS_GRAYSCALE : components == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, options.quality, TRUE);
  if (options.progressive) jpeg_simple_progression(&jpeg);
  jpeg.restart_in_rows = options.restart_rows;
  jpeg_start_compress(&jpeg, TRUE);
  if (options.orientation > 0) {
    const unsigned char exif[] = {'E', 'x',
                                  'i', 'f',
                                  0,   0,
                                  'M', 'M',
                                  0,   '*',
                                  0,   0,
                                  0,   8,
                                  0,   1,
                                  1,   0x12,
                                  0,   3,
                                  0,   0,
                                  0,   1,
                                  0,   static_cast<unsigned char>(options.orientation),
                                  0,   0,
                                  0,   0,
                                  0,   0};
    jpeg_write_marker(&jpeg, JPEG_APP0 + 1, exif, sizeof(exif));
  }
  while (jpeg.next_scanline < jpeg.image_height) {
    const auto at =
        static_cast<std::size_t>(jpeg.next_scanline) * static_cast<std::size_t>(width * components);
    auto* row = const_cast<JSAMPROW>(pixels.data() + at);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  Bytes out(memory, memory + size);
  jpeg_destroy_compress(&jpeg);
  std::free(memory);
  return out;
}

inline Bytes jpeg_file(int width, int height, const JpegOptions& options = {}) {
  return jpeg_file(width, height, 3, gradient(width, height), options);
}

/// `type`: PNG_COLOR_TYPE_...; rows are given as PNG stores them.
inline Bytes png_file(int width, int height, int type, int depth, const Bytes& pixels,
                      bool interlaced = false) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  Bytes out;
  png_set_write_fn(
      png, &out,
      [](png_structp from, png_bytep bytes, std::size_t size) {
        auto& to = *static_cast<Bytes*>(png_get_io_ptr(from));
        to.insert(to.end(), bytes, bytes + size);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), depth,
               type, interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  const png_color palette[] = {{10, 20, 30}, {200, 100, 50}};
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette, 2);
  const std::size_t row_bytes = png_get_rowbytes(png, info);
  std::vector<png_bytep> rows;
  for (int y = 0; y < height; ++y) {
    rows.push_back(const_cast<png_bytep>(pixels.data()) + static_cast<std::size_t>(y) * row_bytes);
  }
  png_set_rows(png, info, rows.data());
  png_write_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
  png_destroy_write_struct(&png, &info);
  return out;
}

inline Bytes png_file(int width, int height) {
  return png_file(width, height, PNG_COLOR_TYPE_RGB, 8, gradient(width, height));
}

}  // namespace pollard::testing_data
