// Golden values are those of PyTorch (conv2d, max_pool2d, pad) and of Python's slices; the property
// tests count windows and elements one by one.

#include <gmock/gmock.h>

#include <limits>

#include "pollard/graph.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

Shape infer(const Operator& op, const std::vector<Shape>& inputs) {
  return infer_shape("node", op, inputs);
}

void expect_refused(const Operator& op, const std::vector<Shape>& inputs,
                    const std::string& problem) {
  const Error error = thrown_by([&] { (void)infer_shape("layer1.conv", op, inputs); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), StartsWith("layer1.conv: "));
  EXPECT_THAT(error.what(), HasSubstr(problem));
}

TEST(Shapes, ConvAgreesWithPytorch) {
  EXPECT_THAT(infer(Conv{{1, 1}, {1, 1, 1, 1}, {1, 1}, 1}, {{1, 3, 32, 32}, {16, 3, 3, 3}}),
              ElementsAre(1, 16, 32, 32));
  EXPECT_THAT(infer(Conv{{2, 2}, {3, 3, 3, 3}, {1, 1}, 1}, {{1, 3, 224, 224}, {64, 3, 7, 7}}),
              ElementsAre(1, 64, 112, 112));
  EXPECT_THAT(infer(Conv{{2, 3}, {1, 2, 1, 2}, {1, 1}, 4}, {{1, 8, 17, 19}, {12, 2, 3, 5}}),
              ElementsAre(1, 12, 9, 7));
  EXPECT_THAT(infer(Conv{{1, 2}, {2, 1, 2, 1}, {2, 3}, 8}, {{1, 8, 17, 19}, {8, 1, 3, 3}, {8}}),
              ElementsAre(1, 8, 17, 8));
  EXPECT_THAT(infer(Conv{{2, 2}, {0, 0, 0, 0}, {1, 1}, 2}, {{1, 4, 9, 8}, {6, 2, 1, 1}}),
              ElementsAre(1, 6, 5, 4));
  EXPECT_THAT(infer(Conv{{3, 1}, {0, 4, 0, 4}, {4, 2}, 1}, {{1, 2, 10, 10}, {2, 2, 2, 3}}),
              ElementsAre(1, 2, 2, 14));
  // top 0, left 2, bottom 3, right 1
  EXPECT_THAT(infer(Conv{{2, 2}, {0, 2, 3, 1}, {1, 1}, 1}, {{1, 2, 9, 9}, {3, 2, 3, 3}}),
              ElementsAre(1, 3, 5, 5));
  EXPECT_THAT(infer(Conv{{1, 1}, {0, 5, 0, 0}, {1, 1}, 1}, {{1, 1, 4, 4}, {1, 1, 1, 1}}),
              ElementsAre(1, 1, 4, 9));
}

TEST(Shapes, ConvWindowsAreThoseThatFit) {
  for (std::int64_t code = 0; code < 9 * 4 * 4 * 3 * 4; ++code) {
    std::int64_t rest = code;
    const auto digit = [&rest](std::int64_t base) {
      return std::exchange(rest, rest / base) % base;
    };
    const std::int64_t size = 1 + digit(9), kernel = 1 + digit(4), stride = 1 + digit(4);
    const std::int64_t dilation = 1 + digit(3), pad = digit(4);
    std::int64_t windows = 0;
    for (std::int64_t at = 0; at + dilation * (kernel - 1) < size + pad; at += stride) ++windows;
    const Conv conv{{stride, 1}, {0, 0, pad, 0}, {dilation, 1}, 1};
    const std::vector<Shape> inputs{{1, 1, size, 1}, {1, 1, kernel, 1}};
    if (windows == 0) {
      expect_refused(conv, inputs, "does not fit");
    } else {
      EXPECT_EQ(infer(conv, inputs)[2], windows) << size << " " << kernel << " " << stride;
    }
  }
}

TEST(Shapes, ConvRefusesWhatDoesNotFit) {
  const Shape x{1, 4, 8, 8}, weight{6, 4, 3, 3};
  expect_refused(Conv{}, {x}, "expected 2 to 3 inputs, got 1");
  expect_refused(Conv{}, {x, weight, {6}, {6}}, "expected 2 to 3 inputs, got 4");
  expect_refused(Conv{}, {{1, 4, 8}, weight}, "must have 4 dimensions");
  expect_refused(Conv{}, {x, {6, 4}}, "must have 4 dimensions");
  expect_refused(Conv{}, {x, {6, 3, 3, 3}}, "expects 3 input channels, got 4");
  expect_refused(Conv{.groups = 2}, {x, weight}, "expects 8 input channels, got 4");
  expect_refused(Conv{.groups = 4}, {x, {6, 1, 3, 3}}, "6 output channels");
  expect_refused(Conv{.groups = 0}, {x, weight}, "into 0 groups");
  expect_refused(Conv{.groups = -1}, {x, weight}, "into -1 groups");
  expect_refused(Conv{}, {x, weight, {4}}, "must have shape [6]");
  expect_refused(Conv{.strides = {0, 1}}, {x, weight}, "strides");
  expect_refused(Conv{.pads = {0, 0, -1, 0}}, {x, weight}, "pads");
  expect_refused(Conv{.dilations = {1, 0}}, {x, weight}, "dilations");
  expect_refused(Conv{.dilations = {1, kMax}}, {x, weight}, "dilations");
  expect_refused(Conv{}, {{1, 4, 2, 2}, weight}, "does not fit");
  expect_refused(Conv{}, {{1, 4, 0, 2}, weight}, "input sizes");
}

TEST(Shapes, PoolsAgreeWithPytorch) {
  struct Case {
    std::int64_t height, width, kernel, stride, pad;
    bool ceil_mode;
    std::int64_t out_height, out_width;
  };
  constexpr Case cases[] = {
      {32, 32, 3, 2, 1, false, 16, 16},   {32, 32, 3, 2, 1, true, 17, 17},
      {7, 9, 3, 2, 1, false, 4, 5},       {7, 9, 3, 2, 1, true, 4, 5},
      {7, 9, 2, 2, 0, false, 3, 4},       {7, 9, 2, 2, 0, true, 4, 5},
      {112, 112, 3, 2, 1, false, 56, 56}, {112, 112, 3, 2, 1, true, 57, 57},
      {6, 5, 3, 3, 1, true, 3, 2},        {2, 4, 3, 2, 0, true, 1, 2},
      {5, 5, 2, 3, 1, true, 2, 2},        {10, 11, 4, 3, 2, true, 4, 5},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(testing::Message() << c.height << "x" << c.width << " kernel " << c.kernel);
    const MaxPool pool{
        {c.kernel, c.kernel}, {c.stride, c.stride}, {c.pad, c.pad, c.pad, c.pad}, c.ceil_mode};
    const AveragePool average{pool.kernel, pool.strides, pool.pads, pool.ceil_mode, true};
    const auto expected = ElementsAre(1, 5, c.out_height, c.out_width);
    EXPECT_THAT(infer(pool, {{1, 5, c.height, c.width}}), expected);
    EXPECT_THAT(infer(average, {{1, 5, c.height, c.width}}), expected);
  }
}

TEST(Shapes, PoolsRefuseWindowsOfNothing) {
  const std::vector<Shape> x{{1, 2, 6, 6}};
  expect_refused(MaxPool{.kernel = {2, 2}, .pads = {0, 2, 0, 0}}, x, "smaller than the kernel");
  expect_refused(AveragePool{.kernel = {2, 2}, .pads = {0, 0, 2, 0}}, x, "smaller than the kernel");
  expect_refused(MaxPool{.kernel = {7, 7}}, x, "does not fit");
  expect_refused(MaxPool{.kernel = {0, 1}}, x, "kernel");
  expect_refused(MaxPool{.kernel = {1, 1}, .strides = {1, -2}}, x, "strides");
  expect_refused(MaxPool{}, {{1, 2, 6}}, "must have 4 dimensions");
  expect_refused(GlobalAveragePool{}, {{1, 2}}, "must have 4 dimensions");
  EXPECT_THAT(infer(GlobalAveragePool{}, x), ElementsAre(1, 2, 1, 1));
}

TEST(Shapes, SliceAgreesWithPython) {
  struct Case {
    std::int64_t start, end, step, size;
  };
  constexpr Case cases[] = {{0, 10, 2, 5},     {1, 10, 2, 5},         {-3, 1000, 1, 3},
                            {-1000, -2, 3, 3}, {2, -1, 4, 2},         {-10, 10, 7, 2},
                            {9, kMax, 5, 1},   {kMin, kMax, kMax, 1}, {0, kMax, 2, 5}};
  for (const Case& c : cases) {
    for (const std::int64_t axis : {2, -2}) {
      EXPECT_THAT(infer(Slice{{c.start}, {c.end}, {axis}, {c.step}}, {{1, 3, 10, 4}}),
                  ElementsAre(1, 3, c.size, 4))
          << c.start << ":" << c.end << ":" << c.step;
    }
  }
}

TEST(Shapes, SliceTakesTheElementsBetween) {
  for (std::int64_t start = -7; start <= 7; ++start) {
    for (std::int64_t end = -7; end <= 7; ++end) {
      for (std::int64_t step = 1; step <= 6; ++step) {
        const std::int64_t first = start < 0 ? start + 5 : start, last = end < 0 ? end + 5 : end;
        std::int64_t taken = 0;
        for (std::int64_t i = std::max<std::int64_t>(first, 0); i < std::min<std::int64_t>(last, 5);
             i += step) {
          ++taken;
        }
        const Slice slice{{start}, {end}, {1}, {step}};
        if (taken == 0) {
          expect_refused(slice, {{1, 5}}, "the output would have shape [1, 0]");
        } else {
          EXPECT_THAT(infer(slice, {{1, 5}}), ElementsAre(1, taken));
        }
      }
    }
  }
}

TEST(Shapes, SliceRefusesBadAxesAndSteps) {
  const std::vector<Shape> x{{1, 5, 6}};
  expect_refused(Slice{{0}, {1}, {3}, {1}}, x, "no axis 3 of 3");
  expect_refused(Slice{{0}, {1}, {-4}, {1}}, x, "no axis -4 of 3");
  expect_refused(Slice{{0}, {1}, {0}, {1}}, x, "axis 0 is the batch");
  expect_refused(Slice{{0}, {1}, {-3}, {1}}, x, "axis 0 is the batch");
  expect_refused(Slice{{0, 0}, {1, 1}, {1, -2}, {1, 1}}, x, "sliced twice");
  expect_refused(Slice{{0}, {1}, {1}, {0}}, x, "steps must be positive");
  expect_refused(Slice{{4}, {0}, {1}, {-1}}, x, "steps must be positive");
  expect_refused(Slice{{0}, {1, 2}, {1}, {1}}, x, "of one length");
}

TEST(Shapes, PadTakesAllBeginsThenAllEnds) {
  EXPECT_THAT(infer(Pad{{0, 1, 2, 3, 0, 4, 5, 6}, 0}, {{1, 10, 20, 30}}),
              ElementsAre(1, 15, 27, 39));
  EXPECT_THAT(infer(Pad{{0, -1, 0, 3}, 0}, {{1, 10}}), ElementsAre(1, 12));
  expect_refused(Pad{{0, 1, 2, 3}, 0}, {{1, 2, 3}}, "needs 6 pads, got 4");
  expect_refused(Pad{{1, 0, 0, 0}, 0}, {{1, 2}}, "batch");
  expect_refused(Pad{{0, -2, 0, 0}, 0}, {{1, 2}}, "[1, 0]");
  expect_refused(Pad{{0, kMax, 0, 0}, 0}, {{1, 2}}, "pads");
}

TEST(Shapes, ConcatJoinsOneAxis) {
  EXPECT_THAT(infer(Concat{1}, {{1, 2, 5}, {1, 3, 5}, {1, 4, 5}}), ElementsAre(1, 9, 5));
  EXPECT_THAT(infer(Concat{-1}, {{1, 2, 5}, {1, 2, 6}}), ElementsAre(1, 2, 11));
  EXPECT_THAT(infer(Concat{1}, {{1, 2}}), ElementsAre(1, 2));
  expect_refused(Concat{1}, {}, "at least one input");
  expect_refused(Concat{1}, {{1, 2, 5}, {1, 2, 6}}, "cannot join");
  expect_refused(Concat{1}, {{1, 2, 5}, {1, 2}}, "must have 3 dimensions");
  expect_refused(Concat{0}, {{1, 2}, {1, 2}}, "batch");
  expect_refused(Concat{2}, {{1, 2}, {1, 2}}, "no axis 2");
}

TEST(Shapes, DenseLayers) {
  EXPECT_THAT(infer(Flatten{}, {{1, 3, 4, 5}}), ElementsAre(1, 60));
  EXPECT_THAT(infer(Flatten{}, {{1}}), ElementsAre(1, 1));
  EXPECT_THAT(infer(Gemm{}, {{1, 60}, {7, 60}, {7}}), ElementsAre(1, 7));
  expect_refused(Gemm{}, {{1, 60}, {60, 7}}, "expects 7 inputs, got 60");
  expect_refused(Gemm{}, {{1, 60, 1}, {7, 60}}, "must have 2 dimensions");
  expect_refused(Gemm{}, {{1, 60}, {7, 60}, {60}}, "must have shape [7]");
  expect_refused(Flatten{}, {Shape{}}, "scalar");
  constexpr std::int64_t large = 2'000'000'000;
  expect_refused(Flatten{}, {{1, large, large, large}}, "impossible");
  expect_refused(Flatten{}, {{1, large, 2}}, "every size must be in");
}

TEST(Shapes, ElementwiseOperatorsKeepTheShape) {
  const Shape x{1, 3, 4, 5};
  for (const Operator& op :
       {Operator(Relu{}), Operator(Clip{}), Operator(Dropout{}), Operator(Identity{})}) {
    EXPECT_EQ(infer(op, {x}), x);
    expect_refused(op, {}, "expected 1 inputs, got 0");
    expect_refused(op, {x, x}, "expected 1 inputs, got 2");
  }
  EXPECT_EQ(infer(Add{}, {x, x}), x);
  EXPECT_EQ(infer(BatchNormalization{}, {x, {3}, {3}, {3}, {3}}), x);
  expect_refused(Add{}, {x, {1, 3, 4, 1}}, "must have shape [1, 3, 4, 5]");
  expect_refused(Add{}, {x}, "expected 2 inputs");
  expect_refused(BatchNormalization{}, {x, {3}, {3}, {4}, {3}}, "input 3 must have shape [3]");
  expect_refused(BatchNormalization{}, {x, {3}, {3}}, "expected 5 inputs, got 3");
}

TEST(Shapes, AttributesHaveRanges) {
  const Shape x{1, 3, 4, 4};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double ratio : {-0.1, 1.0, nan}) expect_refused(Dropout{ratio}, {x}, "ratio");
  expect_refused(Clip{2, 1}, {x}, "must not exceed");
  const std::vector<Shape> normalized{x, {3}, {3}, {3}, {3}};
  for (const double epsilon : {0.0, -1.0, nan}) {
    expect_refused(BatchNormalization{.epsilon = epsilon}, normalized, "epsilon");
  }
  for (const double momentum : {-0.1, 1.1, nan}) {
    expect_refused(BatchNormalization{.momentum = momentum}, normalized, "momentum");
  }
}

}  // namespace
}  // namespace pollard
