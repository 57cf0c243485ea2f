#include "data/resample.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/synthetic.h"

namespace pollard {
namespace {

using namespace testing_data;

Rgbx picture(std::int64_t width, std::int64_t height, const Bytes& reds) {
  Rgbx out;
  out.resize(width, height);
  for (std::size_t i = 0; i < reds.size(); ++i) {
    out.pixels[4 * i] = reds[i];
    out.pixels[4 * i + 1] = static_cast<std::uint8_t>(255 - reds[i]);
    out.pixels[4 * i + 2] = 9;
  }
  return out;
}

Bytes reds(const Rgbx& in, const View& view) {
  Bytes out(static_cast<std::size_t>(3 * view.x.count * view.y.count)), red;
  Resampler().run(in, 0, 0, view, out);
  for (std::size_t i = 0; i < out.size(); i += 3) {
    EXPECT_NEAR(out[i] + out[i + 1], 255, 1);
    EXPECT_EQ(out[i + 2], 9);
    red.push_back(out[i]);
  }
  return red;
}

AxisView resize(std::int64_t from, std::int64_t to) {
  return {0, static_cast<double>(from) / static_cast<double>(to), to, 0, from, 0};
}

TEST(Resample, TheSameSizeIsACopy) {
  const Rgbx in = picture(3, 2, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(reds(in, {resize(3, 3), resize(2, 2)}), (Bytes{1, 2, 3, 4, 5, 6}));
}

// By hand: halving looks at 4 pixels with the weights 1/8, 3/8, 3/8, 1/8, fewer at the edges.
TEST(Resample, HalvingIsAntialiased) {
  const Rgbx in = picture(8, 1, {0, 80, 160, 240, 0, 80, 160, 240});
  // edge: (3*0 + 3*80 + 160)/7; middle: (80 + 3*160 + 3*240 + 0)/8 and so on
  EXPECT_EQ(reds(in, {resize(8, 4), resize(1, 1)}), (Bytes{57, 160, 80, 183}));
}

TEST(Resample, DoublingIsBilinear) {
  const Rgbx in = picture(2, 1, {0, 200});
  EXPECT_EQ(reds(in, {resize(2, 4), resize(1, 1)}), (Bytes{0, 50, 150, 200}));
}

TEST(Resample, AWindowIsAPartOfTheWholeResize) {
  Bytes noise;
  for (int i = 0; i < 37 * 29; ++i) noise.push_back(static_cast<std::uint8_t>(i * i * 31 % 251));
  const Rgbx in = picture(37, 29, noise);
  const View whole{resize(37, 15), resize(29, 13)};
  View window = whole;
  window.x.first = 4;
  window.x.count = 7;
  window.y.first = 3;
  window.y.count = 5;
  const Bytes all = reds(in, whole), some = reds(in, window);
  for (std::size_t y = 0; y < 5; ++y) {
    for (std::size_t x = 0; x < 7; ++x)
      EXPECT_EQ(some[7 * y + x], all[15 * (y + 3) + x + 4]) << x << ' ' << y;
  }
}

TEST(Resample, PixelsOutsideTheBoundsDoNotCount) {
  const Rgbx in = picture(6, 1, {255, 255, 10, 20, 255, 255});
  EXPECT_EQ(reds(in, {{2, 0.5, 4, 2, 4, 0}, resize(1, 1)}), (Bytes{10, 13, 18, 20}));
  EXPECT_EQ(reds(in, {{2, 2, 1, 2, 4, 0}, resize(1, 1)}), (Bytes{15}));
}

TEST(Resample, ReversedLooksAtTheSamePlaces) {
  const Rgbx in = picture(5, 1, {0, 50, 100, 150, 250}),
             mirror = picture(5, 1, {250, 150, 100, 50, 0});
  const AxisView axis{1.5, 0.75, 3, 1, 5, 0};
  Bytes there = reds(mirror, {axis.reversed(5), resize(1, 1)});
  std::reverse(there.begin(), there.end());
  EXPECT_EQ(reds(in, {axis, resize(1, 1)}), there);
}

}  // namespace
}  // namespace pollard
