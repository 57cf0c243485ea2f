// Pictures per second of one core from JPEG files to 224 x 224 pixels: scaled decoding of the part
// wanted (src/data/image_decoder.h) beside libjpeg-turbo's full decode and a bilinear resize after
// it.
//
//   build/release/benchmarks/pollard_jpeg_benchmark [pictures [rounds]]
//
// The pictures are generated: smooth shapes with noise, of ImageNet's usual sizes, quality 90,
// colours at half resolution. Contestants take turns; the median of the rounds counts.
#include <cstdio>
// clang-format off
#include <jpeglib.h>
// clang-format on
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/statistics.h"
#include "core/timing.h"
#include "data/framing.h"
#include "data/image_decoder.h"

namespace {

using namespace pollard;
namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;
constexpr std::int64_t kSize = 224, kShorterSide = 256;

Bytes picture(int width, int height, std::uint64_t index) {
  RandomStream stream(1, Purpose::Testing, 0, index);
  double phases[6];
  for (double& phase : phases) phase = 6.0 * static_cast<double>(stream.uniform());
  Bytes rgb;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        const double wave = std::sin(x * 0.02 + phases[c]) * std::cos(y * 0.03 + phases[c + 3]);
        const double grain = 24.0 * (static_cast<double>(stream.uniform()) - 0.5);
        rgb.push_back(static_cast<std::uint8_t>(std::clamp(128 + 90 * wave + grain, 0.0, 255.0)));
      }
    }
  }
  return rgb;
}

void write_jpeg(const fs::path& path, int width, int height, const Bytes& rgb) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) std::exit(1);
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  jpeg_stdio_dest(&jpeg, file);
  jpeg.image_width = static_cast<JDIMENSION>(width);
  jpeg.image_height = static_cast<JDIMENSION>(height);
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 90, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    auto* row =
        const_cast<JSAMPROW>(rgb.data()) + std::size_t{3} * jpeg.next_scanline * jpeg.image_width;
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  jpeg_destroy_compress(&jpeg);
  std::fclose(file);
}

// The plain way: all pixels, then four of them for each one wanted, without antialiasing, which is
// the cheapest resize there is.
struct PlainDecoder {
  Bytes pixels;

  void read(const fs::path& path, const Framing& framing, Bytes& out) {
    const std::vector<std::byte> file = read_bytes(path);
    jpeg_decompress_struct jpeg{};
    jpeg_error_mgr errors{};
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(file.data()), file.size());
    jpeg_read_header(&jpeg, TRUE);
    jpeg.out_color_space = JCS_RGB;
    jpeg_start_decompress(&jpeg);
    const std::size_t row_bytes = std::size_t{3} * jpeg.output_width;
    pixels.resize(row_bytes * jpeg.output_height);
    while (jpeg.output_scanline < jpeg.output_height) {
      JSAMPROW row = pixels.data() + row_bytes * jpeg.output_scanline;
      jpeg_read_scanlines(&jpeg, &row, 1);
    }
    const View view = framing(jpeg.output_width, jpeg.output_height);
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    resize(view, row_bytes, out);
  }

  void resize(const View& view, std::size_t row_bytes, Bytes& out) const {
    struct Place {
      std::size_t low, high;
      float part;
    };
    const auto places = [](const AxisView& axis) {
      std::vector<Place> all;
      for (std::int64_t i = 0; i < axis.count; ++i) {
        const double at = std::clamp(axis.center(i) - 0.5, static_cast<double>(axis.low),
                                     static_cast<double>(axis.high - 1));
        const auto low = static_cast<std::int64_t>(at);
        all.push_back({static_cast<std::size_t>(low),
                       static_cast<std::size_t>(std::min(low + 1, axis.high - 1)),
                       static_cast<float>(at - static_cast<double>(low))});
      }
      return all;
    };
    const std::vector<Place> columns = places(view.x), rows = places(view.y);
    out.resize(3 * columns.size() * rows.size());
    std::uint8_t* place = out.data();
    for (const Place& y : rows) {
      const std::uint8_t *upper = pixels.data() + y.low * row_bytes,
                         *lower = pixels.data() + y.high * row_bytes;
      for (const Place& x : columns) {
        for (std::size_t c = 0; c < 3; ++c) {
          const float left = static_cast<float>(upper[3 * x.low + c]) * (1 - y.part) +
                             static_cast<float>(lower[3 * x.low + c]) * y.part;
          const float right = static_cast<float>(upper[3 * x.high + c]) * (1 - y.part) +
                              static_cast<float>(lower[3 * x.high + c]) * y.part;
          *place++ = static_cast<std::uint8_t>(left + (right - left) * x.part + 0.5F);
        }
      }
    }
  }
};

struct Row {
  std::string name;
  std::function<void(const fs::path&, const Framing&, Bytes&)> read;
  bool training;
  std::vector<double> rates = {};
};

}  // namespace

int main(int count, char** arguments) {
  const int pictures = count > 1 ? std::atoi(arguments[1]) : 100;
  const int rounds = count > 2 ? std::atoi(arguments[2]) : 9;
  const fs::path folder = fs::temp_directory_path() / fmt::format("pollard-jpeg-{}", ::getpid());
  for (const auto& [width, height] : {std::pair(500, 375), {1600, 1200}, {4000, 3000}}) {
    fs::create_directories(folder);
    std::vector<fs::path> paths;
    const int some = std::max(1, static_cast<int>(pictures * 187500LL / (width * height)));
    for (int i = 0; i < some; ++i) {
      paths.push_back(folder / fmt::format("{}.jpg", i));
      write_jpeg(paths.back(), width, height,
                 picture(width, height, static_cast<std::uint64_t>(i)));
    }
    ImageDecoder ours;
    PlainDecoder plain;
    const auto read_ours = [&](auto&&... all) { ours.read(all...); };
    const auto read_plain = [&](auto&&... all) { plain.read(all...); };
    std::vector<Row> contestants = {{"training, pollard", read_ours, true},
                                    {"training, plain", read_plain, true},
                                    {"test, pollard", read_ours, false},
                                    {"test, plain", read_plain, false}};
    Bytes out;
    for (int round = 0; round < rounds; ++round) {
      for (Row& row : contestants) {
        const Stopwatch watch;
        for (std::size_t i = 0; i < paths.size(); ++i) {
          const RandomStream chance(1, Purpose::Part, static_cast<std::uint32_t>(round), i);
          const Framing framing = [&](std::int64_t w, std::int64_t h) {
            return row.training ? random_part(w, h, kSize, 0.08, chance)
                                : centered_part(w, h, kSize, kShorterSide);
          };
          row.read(paths[i], framing, out);
        }
        row.rates.push_back(static_cast<double>(paths.size()) / watch.seconds());
      }
    }
    fmt::print("{} x {}, {} pictures, {} rounds\n", width, height, paths.size(), rounds);
    for (std::size_t i = 0; i < contestants.size(); i += 2) {
      const double a = quantile(contestants[i].rates, 0.5);
      const double b = quantile(contestants[i + 1].rates, 0.5);
      fmt::print("  {:18} {:7.1f} images/s\n  {:18} {:7.1f} images/s   ratio {:.2f}\n",
                 contestants[i].name, a, contestants[i + 1].name, b, a / b);
    }
    fs::remove_all(folder);
  }
  return 0;
}
