#include "data/image_decoder.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "data/pictures.h"
#include "pollard/dataset.h"

namespace pollard {
namespace {

using namespace testing_data;

class Decoder : public testing::Test {
 protected:
  Bytes read(const Bytes& file, const Framing& framing = whole_view) {
    write_bytes(path(), file);
    Bytes out;
    decoder_.read(path(), framing, out);
    EXPECT_EQ(out.size(), static_cast<std::size_t>(3 * decoder_.width() * decoder_.height()));
    return out;
  }
  void expect_unusable(const Bytes& file, const std::string& why) {
    write_bytes(path(), file);
    Bytes out;
    try {
      decoder_.read(path(), whole_view, out);
      ADD_FAILURE() << "no error, expected '" << why << "'";
    } catch (const UnusableImage& error) {
      const std::string what = error.what();
      EXPECT_NE(what.find(path().string()), std::string::npos) << what;
      EXPECT_NE(what.find(why), std::string::npos) << what;
    }
  }
  // The largest difference of a byte.
  static int distance(const Bytes& a, const Bytes& b) {
    EXPECT_EQ(a.size(), b.size());
    int most = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
      most = std::max(most, std::abs(int{a[i]} - int{b[i]}));
    return most;
  }
  [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "picture.jpg"; }
  TemporaryFolder folder_;
  ImageDecoder decoder_;
};

// The part (x, y, w, h) of the picture at out_w x out_h pixels.
Framing part(double x, double y, double w, double h, std::int64_t out_w, std::int64_t out_h) {
  return [=](std::int64_t, std::int64_t) -> View {
    return {{x, w / static_cast<double>(out_w), out_w, std::llround(x), std::llround(x + w), 0},
            {y, h / static_cast<double>(out_h), out_h, std::llround(y), std::llround(y + h), 0}};
  };
}

TEST_F(Decoder, JpegsOfEveryKind) {
  for (const auto& [width, height] : {std::pair(1, 1), {32, 20}, {100, 37}, {401, 300}}) {
    const Bytes expected = gradient(width, height);
    for (const JpegOptions& options :
         {JpegOptions{}, JpegOptions{.progressive = true}, JpegOptions{.restart_rows = 1}}) {
      EXPECT_LE(distance(read(jpeg_file(width, height, options)), expected), 12) << width;
      EXPECT_EQ(decoder_.width(), width);
    }
  }
}

TEST_F(Decoder, GreyAndCmyk) {
  const Bytes grey = read(jpeg_file(8, 8, 1, Bytes(64, 90)));
  EXPECT_LE(distance(grey, Bytes(192, 90)), 1);
  Bytes inks;  // inverted: 255 is no ink
  for (int i = 0; i < 64; ++i) append(inks, {255, 128, 0, 200});
  Bytes expected;
  for (int i = 0; i < 64; ++i) append(expected, {200, 100, 0});
  EXPECT_LE(distance(read(jpeg_file(8, 8, 4, inks)), expected), 3);
}

TEST_F(Decoder, PngsOfEveryKind) {
  const Bytes rgb = gradient(9, 7);
  EXPECT_EQ(read(png_file(9, 7)), rgb);
  EXPECT_EQ(read(png_file(9, 7, PNG_COLOR_TYPE_RGB, 8, rgb, true)), rgb);
  EXPECT_EQ(read(png_file(2, 1, PNG_COLOR_TYPE_GRAY, 8, {7, 250})),
            (Bytes{7, 7, 7, 250, 250, 250}));
  EXPECT_EQ(read(png_file(1, 1, PNG_COLOR_TYPE_GRAY, 16, {0x80, 0x80})), Bytes(3, 128));
  EXPECT_EQ(read(png_file(2, 1, PNG_COLOR_TYPE_GRAY, 1, {0x40})), (Bytes{0, 0, 0, 255, 255, 255}));
  EXPECT_EQ(read(png_file(2, 1, PNG_COLOR_TYPE_RGBA, 8, {1, 2, 3, 0, 4, 5, 6, 255})),
            (Bytes{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(read(png_file(2, 1, PNG_COLOR_TYPE_PALETTE, 1, {0x40})),
            (Bytes{10, 20, 30, 200, 100, 50}));
}

TEST_F(Decoder, IsNotFooledByNames) {
  EXPECT_EQ(read(png_file(9, 7)), gradient(9, 7));  // the file is called .jpg
  expect_unusable(to_bytes("GIF89a and so on"), "is neither a JPEG nor a PNG file");
  expect_unusable({}, "is empty");
  expect_unusable({0xff, 0xd8, 0xff}, "is truncated");
  std::filesystem::remove(path());
  Bytes out;
  EXPECT_THROW(decoder_.read(path(), whole_view, out), UnusableImage);
}

TEST_F(Decoder, EveryTruncationIsAnError) {
  for (const bool progressive : {false, true}) {
    const Bytes whole = jpeg_file(70, 50, {.progressive = progressive, .orientation = 1});
    for (std::size_t size = 1; size < whole.size(); size += 7)
      expect_unusable(first_bytes(whole, size), "");
  }
  const Bytes png = png_file(70, 50);
  for (std::size_t size = 1; size < png.size() - 4; size += 7)
    expect_unusable(first_bytes(png, size), "");
  expect_unusable(first_bytes(png, png.size() / 2), "is truncated");
}

TEST_F(Decoder, ThumbnailsDoNotPassForTheEnd) {
  // The end marker of a thumbnail lies in the header.
  Bytes file = jpeg_file(40, 40);
  file.resize(file.size() - 30);
  const Bytes thumbnail = {0xff, 0xe2, 0, 6, 1, 2, 0xff, 0xd9};
  file.insert(file.begin() + 2, thumbnail.begin(), thumbnail.end());
  expect_unusable(file, "is truncated");
}

TEST_F(Decoder, DamagedBytesDoNoHarm) {
  for (const Bytes& whole : {jpeg_file(60, 40, {.orientation = 6}),
                             jpeg_file(60, 40, {.progressive = true}), png_file(60, 40)}) {
    for (std::size_t at = 0; at < whole.size(); at += 3) {
      Bytes damaged = whole;
      damaged[at] ^= static_cast<std::uint8_t>(1 + at % 255);
      write_bytes(path(), damaged);
      Bytes out;
      try {
        decoder_.read(path(), part(3, 2, 30, 20, 10, 10), out);
        EXPECT_EQ(out.size(), 300U);
      } catch (const UnusableImage&) {
      }
    }
  }
  EXPECT_LE(distance(read(jpeg_file(60, 40)), gradient(60, 40)), 12);  // it still works
}

TEST_F(Decoder, HugeAnnouncedSizesAreRefused) {
  Bytes file = jpeg_file(16, 16);
  for (std::size_t i = 0; i + 9 < file.size(); ++i) {
    if (file[i] != 0xff || file[i + 1] != 0xc0) continue;
    for (std::size_t k = 5; k < 9; ++k) file[i + k] = 0xf0;
    break;
  }
  expect_unusable(file, "is too large");
}

TEST_F(Decoder, OrientationsShowTheSamePicture) {
  const int width = 48, height = 32;
  const Bytes seen = gradient(width, height);
  const auto pixel = [&](int x, int y) { return seen.data() + 3 * (y * width + x); };
  for (int orientation = 1; orientation <= 8; ++orientation) {
    // What the camera stored, so that turning it gives `seen` (the table of exif.h, by hand).
    const bool swapped = orientation >= 5;
    const int file_width = swapped ? height : width, file_height = swapped ? width : height;
    Bytes stored;
    for (int v = 0; v < file_height; ++v) {
      for (int u = 0; u < file_width; ++u) {
        const int mu = file_width - 1 - u, mv = file_height - 1 - v;
        const std::pair<int, int> places[] = {{u, v}, {mu, v}, {mu, mv}, {u, mv},
                                              {v, u}, {mv, u}, {mv, mu}, {v, mu}};
        const auto [x, y] = places[orientation - 1];
        stored.insert(stored.end(), pixel(x, y), pixel(x, y) + 3);
      }
    }
    const Bytes file = jpeg_file(file_width, file_height, 3, stored, {.orientation = orientation});
    EXPECT_LE(distance(read(file), seen), 14) << orientation;
    const Framing corner = part(8, 16, 32, 16, 8, 4);
    const Bytes expected = read(jpeg_file(width, height), corner);
    EXPECT_LE(distance(read(file, corner), expected), 8) << orientation;
  }
}

// Against the plain way: decode everything, then resize what is wanted.
TEST_F(Decoder, PartsAgreeWithTheWholePicture) {
  const int width = 640, height = 480;
  const Bytes file = jpeg_file(width, height), png = png_file(width, height);
  const std::array<double, 4> parts[] = {{0, 0, 640, 480},  {13, 7, 300, 200}, {400, 300, 240, 180},
                                         {0, 470, 640, 10}, {639, 0, 1, 480},  {100, 100, 16, 16}};
  for (const auto& [x, y, w, h] : parts) {
    for (const auto& [out_w, out_h] : {std::pair(224, 224), {16, 16}, {50, 3}}) {
      const Framing framing = part(x, y, w, h, out_w, out_h);
      EXPECT_LE(distance(read(file, framing), read(png, framing)), 9)
          << x << ' ' << y << ' ' << w << ' ' << h << ' ' << out_w;
    }
  }
}

}  // namespace
}  // namespace pollard
