// Pictures: JPEG and PNG files, as a training view and whole.
#include "data/framing.h"
#include "data/image_decoder.h"
#include "data/pictures.h"
#include "fuzz/mended.h"
#include "fuzz/scratch.h"
#include "fuzz/target.h"

namespace pollard::fuzz {
namespace {

// Larger ones are decoded whole only where they are good; that takes its time.
constexpr std::int64_t kMostPixels = 1 << 20;

void read_view(ImageDecoder& decoder, const std::filesystem::path& path, const Framing& framing) {
  std::vector<std::uint8_t> pixels;
  try {
    decoder.read(path, framing, pixels);
  } catch (const UnusableImage&) {
  }
}

}  // namespace

void read(Input input) {
  static const Scratch scratch;
  static ImageDecoder decoder;
  const auto path = scratch.write("picture", mended_png(std::string(text_of(input))));
  read_view(decoder, path, [](std::int64_t width, std::int64_t height) {
    return random_part(width, height, 16, 0.08, RandomStream(1, Purpose::Testing, 0, 0));
  });
  read_view(decoder, path, [](std::int64_t width, std::int64_t height) {
    return width * height > kMostPixels ? centered_part(width, height, 16, 20)
                                        : whole_view(width, height);
  });
}

std::vector<std::string> seeds() {
  using namespace testing_data;
  const Bytes grey(8, 99);
  std::vector<std::string> files;
  for (const Bytes& file :
       {jpeg_file(24, 17), jpeg_file(24, 17, {.progressive = true, .orientation = 6}),
        jpeg_file(9, 9, 1, Bytes(81, 7), {.restart_rows = 1}), jpeg_file(8, 8, 4, Bytes(256, 90)),
        png_file(11, 7), png_file(2, 2, PNG_COLOR_TYPE_GRAY_ALPHA, 8, grey),
        png_file(8, 8, PNG_COLOR_TYPE_PALETTE, 1, grey, true),
        png_file(2, 2, PNG_COLOR_TYPE_GRAY, 16, grey)})
    files.push_back(text_from(file));
  return files;
}

}  // namespace pollard::fuzz
