#include "data/augment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>
#include <string>

#include "data/synthetic.h"

namespace pollard {
namespace {

using testing_data::Bytes;
using testing_data::expect_error;
using testing_data::pattern_image;

// in * 1/255 * 255: the bytes again, exactly enough to round.
std::vector<std::uint8_t> transformed_bytes(const ImageShape& shape,
                                            const Augmentation& augmentation,
                                            const AugmentationDraw& draw) {
  ImageTransform transform(shape, augmentation, normalization("none", shape.channels));
  std::ranges::copy(pattern_image(shape), transform.input().begin());
  std::vector<float> out(transform.image_bytes());
  transform.run(draw, out);
  Bytes bytes;
  for (const float value : out)
    bytes.push_back(static_cast<std::uint8_t>(std::lround(value * 255.0F)));
  return bytes;
}

Bytes channel_zero(const Bytes& pixels) {
  Bytes out;
  for (std::size_t i = 0; i < pixels.size(); i += 3) out.push_back(pixels[i]);
  return out;
}

std::uint64_t fnv1a(const Bytes& bytes, std::uint64_t hash) {
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 1099511628211ULL;
  return hash;
}

// numpy: pad by 2, crop at x 4, y 1, mirror, (x / 255 - mean) / std in float32.
TEST(ImageTransform, CropsFlipsAndNormalizesAsNumpyDoes) {
  const ImageShape shape{3, 4, 5};
  ImageTransform transform(shape, {.crop_padding = 2, .flip = true}, normalization("cifar10", 3));
  std::ranges::copy(pattern_image(shape), transform.input().begin());
  std::vector<float> out(60);
  transform.run({.crop_x = 4, .crop_y = 1, .flip = true}, out);
  const float b0 = -2.429066F, b1 = -2.418255F, b2 = -2.221393F;  // what byte 0 becomes
  const std::vector<float> expected = {
      b0,         b1,         b2,         b0,         b1,         b2,
      b0,         b1,         b2,         b0,         b1,         b2,
      b0,         b1,         b2,  //
      b0,         b1,         b2,         b0,         b1,         b2,
      -1.556745F, -1.434913F, -1.148327F,                                      //
      -1.769979F, -1.651248F, -1.362940F, -1.983213F, -1.867583F, -1.577553F,  //
      b0,         b1,         b2,         b0,         b1,         b2,
      -0.839503F, -0.707239F, -0.426446F,                                      //
      -1.052737F, -0.923575F, -0.641059F, -1.265971F, -1.139910F, -0.855673F,  //
      b0,         b1,         b2,         b0,         b1,         b2,
      -0.122261F, 0.020434F,  0.295435F,  //
      -0.335495F, -0.195901F, 0.080821F,  -0.548729F, -0.412237F, -0.133792F};
  EXPECT_THAT(out, testing::Pointwise(testing::FloatNear(2e-6F), expected));
}

TEST(ImageTransform, EveryCropAndFlipIsThePaddedImageShifted) {
  for (const std::int64_t channels : {1, 2, 3}) {
    const ImageShape shape{channels, 5, 4};
    const Bytes in = pattern_image(shape);
    const std::int64_t pad = 6;  // more than the image is wide: some crops are all padding
    for (std::int64_t dy = 0; dy <= 2 * pad; ++dy) {
      for (std::int64_t dx = 0; dx <= 2 * pad; ++dx) {
        for (const bool flip : {false, true}) {
          const Bytes out = transformed_bytes(shape, {.crop_padding = pad, .flip = true},
                                              {.crop_x = dx, .crop_y = dy, .flip = flip});
          for (std::int64_t i = 0; i < 5 * 4 * channels; ++i) {
            const std::int64_t c = i % channels, column = i / channels % 4,
                               y = i / channels / 4 + dy - pad;
            const std::int64_t x = (flip ? 3 - column : column) + dx - pad;
            const bool inside = x >= 0 && x < 4 && y >= 0 && y < 5;
            const auto source = static_cast<std::size_t>((y * 4 + x) * channels + c);
            ASSERT_EQ(out[static_cast<std::size_t>(i)], inside ? in[source] : 0) << dx << " " << dy;
          }
        }
      }
    }
  }
}

// Image.rotate(angle, resample=NEAREST) of Pillow 9.4 on pattern_image, first channel.
TEST(ImageTransform, RotatesAsPillowDoes) {
  const Augmentation augmentation{.rotation = 180};
  EXPECT_EQ(channel_zero(transformed_bytes({3, 5, 6}, augmentation, {.angle = 30})),
            (Bytes{0,   23,  34,  82, 93, 0,   12,  23,  71,  71, 119, 130, 38,  49,  97,
                   108, 156, 167, 75, 86, 134, 134, 182, 193, 0,  112, 123, 171, 182, 0}));
  EXPECT_EQ(channel_zero(transformed_bytes({3, 4, 9}, augmentation, {.angle = 135})),
            (Bytes{89, 78, 104, 141, 167, 156, 0,   0, 0, 0, 67, 67, 93, 119, 156, 145, 0,  0, 0,
                   0,  56, 45,  82,  108, 134, 134, 0, 0, 0, 0,  45, 34, 60,  97,  123, 112}));
  EXPECT_EQ(channel_zero(transformed_bytes({3, 5, 5}, augmentation, {.angle = 90})),
            (Bytes{45,  82,  119, 156, 193, 34,  71,  108, 145, 182, 23,  60, 97,
                   134, 171, 12,  49,  86,  123, 160, 1,   38,  75,  112, 149}));
}

// FNV-1a over 101 images rotated by Pillow 9.4, angles evenly from -limit to limit, plus 0.37.
TEST(ImageTransform, RotatesAsPillowDoesAtManyAngles) {
  struct Case {
    ImageShape shape;
    double limit;
    std::uint64_t hash;
  };
  for (const Case& c :
       {Case{{3, 32, 32}, 15, 0x473ff054cc8d2b59}, Case{{1, 28, 28}, 180, 0x64cdce76384855ee},
        Case{{3, 9, 20}, 45, 0x10533a8417269690}}) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (int i = 0; i < 101; ++i) {
      const double angle = c.limit * (2.0 * i / 101 - 1) + 0.37;
      hash = fnv1a(transformed_bytes(c.shape, {.rotation = c.limit}, {.angle = angle}), hash);
    }
    EXPECT_EQ(hash, c.hash) << c.limit;
  }
}

// The nearest pixel in double precision; pixels on the edge between two are left out.
TEST(ImageTransform, RotationTakesTheNearestPixel) {
  const ImageShape shape{1, 32, 24};
  const Bytes in = pattern_image(shape);
  int compared = 0, border = 0;
  for (double angle = -179.3; angle < 180; angle += 7.77) {
    const Bytes out = transformed_bytes(shape, {.rotation = 180}, {.angle = angle});
    const double a = angle * std::numbers::pi / 180, cx = 11.5, cy = 15.5;
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x < 24; ++x) {
        const double sx = cx + std::cos(a) * (x - cx) - std::sin(a) * (y - cy);
        const double sy = cy + std::sin(a) * (x - cx) + std::cos(a) * (y - cy);
        const auto unclear = [](double v) { return std::abs(v - std::floor(v) - 0.5) < 1e-3; };
        if (unclear(sx) || unclear(sy)) {
          ++border;
          continue;
        }
        const double px = std::round(sx), py = std::round(sy);
        const bool inside = px >= 0 && px < 24 && py >= 0 && py < 32;
        const int expected = inside ? in[static_cast<std::size_t>(py * 24 + px)] : 0;
        ASSERT_EQ(out[static_cast<std::size_t>(y * 24 + x)], expected)
            << angle << " " << x << " " << y;
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 100 * border);
}

// A border that was written to would show in the next image.
TEST(ImageTransform, CarriesNothingFromOneImageToTheNext) {
  const ImageShape shape{3, 9, 7};
  const Augmentation augmentation{.crop_padding = 3, .flip = true, .rotation = 90};
  ImageTransform transform(shape, augmentation, normalization("none", 3));
  std::vector<float> out(transform.image_bytes()), fresh_out(transform.image_bytes());
  for (std::uint64_t i = 0; i < 200; ++i) {
    const AugmentationDraw draw = draw_augmentation(augmentation, {1, Purpose::Testing, 0, i});
    ImageTransform fresh(shape, augmentation, normalization("none", 3));
    for (ImageTransform* each : {&transform, &fresh}) std::ranges::fill(each->input(), 255 - i % 7);
    transform.run(draw, out);
    fresh.run(draw, fresh_out);
    ASSERT_EQ(out, fresh_out) << i;
  }
}

TEST(ImageTransform, PlainIsOnlyTheNormalization) {
  const ImageShape shape{3, 6, 5};
  ImageTransform transform(shape, {}, normalization("cifar100", 3));
  const Bytes in = pattern_image(shape);
  std::ranges::copy(in, transform.input().begin());
  std::vector<float> out(in.size());
  transform.run_plain(out);
  const double mean[] = {.5071, .4867, .4408}, deviation[] = {.2675, .2565, .2761};
  for (std::size_t i = 0; i < in.size(); ++i) {
    EXPECT_NEAR(out[i], (in[i] / 255.0 - mean[i % 3]) / deviation[i % 3], 1e-6) << i;
  }
}

TEST(DrawAugmentation, DrawsInTheDocumentedOrder) {
  const Augmentation augmentation{.crop_padding = 4, .flip = true, .rotation = 15};
  for (std::uint64_t i = 0; i < 50; ++i) {
    RandomStream stream(7, Purpose::Augmentation, 3, i);
    const AugmentationDraw draw = draw_augmentation(augmentation, stream);
    EXPECT_EQ(draw.crop_x, stream.below(9));
    EXPECT_EQ(draw.crop_y, stream.below(9));
    EXPECT_EQ(draw.flip, stream.next_u32() >= 0x80000000U);
    EXPECT_DOUBLE_EQ(draw.angle, 15 * (2 * double{stream.uniform()} - 1));
  }
}

TEST(DrawAugmentation, CoversItsRangesEvenly) {
  const Augmentation augmentation{.crop_padding = 2, .flip = true, .rotation = 10};
  std::set<std::pair<std::int64_t, std::int64_t>> places;
  int flips = 0;
  double sum = 0, most = 0;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    const AugmentationDraw draw = draw_augmentation(augmentation, {1, Purpose::Testing, 0, i});
    places.emplace(draw.crop_x, draw.crop_y);
    flips += draw.flip ? 1 : 0;
    sum += draw.angle;
    most = std::max(most, std::abs(draw.angle));
  }
  EXPECT_EQ(places.size(), 25U);
  EXPECT_EQ(*places.begin(), std::pair(std::int64_t{0}, std::int64_t{0}));
  EXPECT_EQ(*places.rbegin(), std::pair(std::int64_t{4}, std::int64_t{4}));
  EXPECT_NEAR(flips, 2000, 160);     // 5 standard deviations
  EXPECT_NEAR(sum / 4000, 0, 0.46);  // 5 standard deviations
  EXPECT_LE(most, 10);
  EXPECT_GT(most, 9.9);
}

TEST(DrawAugmentation, PartsDoNotDisturbEachOther) {
  for (std::uint64_t i = 0; i < 20; ++i) {
    const RandomStream stream(1, Purpose::Testing, 0, i);
    const AugmentationDraw all = draw_augmentation({4, true, 15}, stream);
    EXPECT_EQ(all.crop_x, draw_augmentation({4, false, 0}, stream).crop_x);
    EXPECT_EQ(all.flip, draw_augmentation({4, true, 0}, stream).flip);
    EXPECT_EQ(all.flip, draw_augmentation({0, true, 0}, stream).flip);
    EXPECT_EQ(all.angle, draw_augmentation({0, false, 15}, stream).angle);
    EXPECT_FALSE(draw_augmentation({4, false, 15}, stream).flip);
  }
}

TEST(ImageTransform, RejectsSettingsThatCannotBe) {
  const auto make = [](ImageShape shape, Augmentation augmentation, Normalization normalization) {
    return [=] { ImageTransform(shape, augmentation, normalization); };
  };
  const Normalization none = normalization("none", 3);
  const ImageShape shape{3, 4, 4};
  expect_error(ErrorCode::Config, "crop padding of -1", "",
               make(shape, {.crop_padding = -1}, none));
  expect_error(ErrorCode::Config, "rotation by up to -1", "", make(shape, {.rotation = -1}, none));
  expect_error(ErrorCode::Config, "rotation by up to nan", "",
               make(shape, {.rotation = NAN}, none));
  expect_error(ErrorCode::Config, "rotation of images", "",
               make({3, 4, 5000}, {.rotation = 1}, none));
  expect_error(ErrorCode::Config, "3 means", "none", make({1, 4, 4}, {}, none));
  expect_error(ErrorCode::Config, "deviation of 0", "", make({1, 4, 4}, {}, {{0.F}, {0.F}}));
}

}  // namespace
}  // namespace pollard
