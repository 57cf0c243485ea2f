// Every operator against LibTorch's functional calls with other arguments, or loops written here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "exec/programs.h"

namespace pollard {
namespace {

using test::channels_last;
using test::near;
using test::normal;
using test::Parameters;
using test::parameters_for;
using test::run;
using Pads = std::array<std::int64_t, 4>;

constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
constexpr ImageShape kImage{4, 7, 6};
const std::string kIn(Graph::kInput);

at::Tensor images() { return channels_last(normal({3, 4, 7, 6}, 1)); }

/// The operator alone in a graph, on images(), with these parameters behind the image.
struct Single {
  Graph graph{"single", kImage};
  Parameters parameters;

  explicit Single(Operator op, std::vector<ParameterInfo> infos = {}) {
    std::vector<std::string> inputs{kIn};
    for (ParameterInfo& info : infos) {
      inputs.push_back(info.name);
      graph.add_parameter(std::move(info));
    }
    graph.set_output(graph.add_node("node", std::move(op), inputs));
    parameters = parameters_for(graph);
  }
  at::Tensor run(RunContext context = {}) {
    at::Tensor y = test::run(graph, images(), parameters, context);
    EXPECT_EQ(y.dim(), std::ssize(graph.shape("node")));
    for (std::int64_t d = 1; d < y.dim(); ++d) {  // shape inference and LibTorch agree
      EXPECT_EQ(y.size(d), graph.shape("node")[static_cast<std::size_t>(d)]);
    }
    return y;
  }
};

/// x inside a larger image of `value`, by assignment.
at::Tensor embed(const at::Tensor& x, const Pads& pads, float value) {
  const auto [top, left, bottom, right] = pads;
  at::Tensor y =
      at::full({x.size(0), x.size(1), x.size(2) + top + bottom, x.size(3) + left + right}, value);
  y.slice(2, top, top + x.size(2)).slice(3, left, left + x.size(3)).copy_(x);
  return y;
}

// ---- Conv and Gemm ----------------------------------------------------------------------------

TEST(TorchProgramConv, WithAllItsAttributes) {
  using enum ParameterRole;
  const std::vector<ParameterInfo> infos{{"w", {6, 2, 3, 2}, Weight}, {"b", {6}, Bias}};
  for (const Pads& pads :
       {Pads{0, 0, 0, 0}, Pads{1, 2, 1, 2}, Pads{0, 1, 2, 3}, Pads{1, 0, 1, 1}}) {
    for (const std::array<std::int64_t, 2> strides : {std::array<std::int64_t, 2>{1, 1}, {2, 3}}) {
      for (const std::array<std::int64_t, 2> dilations :
           {std::array<std::int64_t, 2>{1, 1}, {2, 1}}) {
        Single conv(Conv{strides, pads, dilations, 2}, infos);
        const at::Tensor expected =
            at::conv2d(embed(images(), pads, 0), conv.parameters["w"], conv.parameters["b"],
                       strides, at::IntArrayRef{0, 0}, dilations, 2);
        EXPECT_TRUE(near(conv.run(), expected, 1e-5));
      }
    }
  }
}

TEST(TorchProgramConv, WithoutBias) {
  Single conv(Conv{}, {{"w", {5, 4, 1, 1}, ParameterRole::Weight}});
  const at::Tensor weight = conv.parameters["w"].reshape({5, 4});
  EXPECT_TRUE(near(conv.run(), at::einsum("nchw,oc->nohw", {images(), weight}), 1e-5));
}

TEST(TorchProgramGemm, MultipliesByTheTransposedWeight) {
  using enum ParameterRole;
  for (const bool bias : {false, true}) {
    Graph graph("gemm", {5, 1, 1});
    graph.add_parameter({"w", {3, 5}, Weight});
    graph.add_parameter({"b", {3}, Bias});
    graph.add_node("flat", Flatten{}, {kIn});
    std::vector<std::string> inputs{"flat", "w"};
    if (bias) inputs.emplace_back("b");
    graph.set_output(graph.add_node("gemm", Gemm{}, inputs));
    Parameters p = parameters_for(graph);
    const at::Tensor x = normal({2, 5, 1, 1}, 1);
    at::Tensor expected = x.flatten(1).matmul(p["w"].t());
    if (bias) expected = expected + p["b"];
    EXPECT_TRUE(near(run(graph, x, p), expected, 1e-6));
  }
}

// ---- pooling: loops with ONNX's rules ----------------------------------------------------------

// Windows that start in the image or the padding before it; average over the pixels inside the
// image, or inside image and padding.
template <typename Pool>
at::Tensor pool_by_loops(const at::Tensor& x, const Pool& op, const Shape& shape, bool maximum,
                         bool count_pad) {
  const std::int64_t height = x.size(2), width = x.size(3);
  at::Tensor y = at::zeros({x.size(0), x.size(1), shape[2], shape[3]});
  for (std::int64_t i = 0; i < shape[2]; ++i) {
    for (std::int64_t j = 0; j < shape[3]; ++j) {
      const std::int64_t top = i * op.strides[0] - op.pads[0];
      const std::int64_t left = j * op.strides[1] - op.pads[1];
      const std::int64_t bottom = std::min(top + op.kernel[0], height + op.pads[2]);
      const std::int64_t right = std::min(left + op.kernel[1], width + op.pads[3]);
      const at::Tensor window =
          x.slice(2, std::max<std::int64_t>(0, top), std::min(bottom, height))
              .slice(3, std::max<std::int64_t>(0, left), std::min(right, width));
      const std::int64_t pixels =
          count_pad ? (bottom - top) * (right - left) : window.size(2) * window.size(3);
      const at::Tensor value =
          maximum ? window.amax({2, 3}) : window.sum({2, 3}) / static_cast<double>(pixels);
      y.select(2, i).select(2, j).copy_(value);
    }
  }
  return y;
}

// Equal, unequal, more than half the kernel, a last window that starts in the padding.
const std::vector<Pads> kPoolPads{{0, 0, 0, 0}, {1, 1, 1, 1}, {0, 0, 1, 1},
                                  {0, 1, 2, 0}, {2, 2, 2, 2}, {1, 0, 2, 1}};

template <typename Body>
void for_each_pool(const Body& body) {
  for (const Pads& pads : kPoolPads) {
    for (const std::array<std::int64_t, 2> strides :
         {std::array<std::int64_t, 2>{1, 1}, {2, 2}, {3, 2}, {4, 3}}) {
      for (const bool ceil_mode : {false, true}) {
        SCOPED_TRACE(::testing::Message()
                     << "pads " << ::testing::PrintToString(pads) << " strides "
                     << ::testing::PrintToString(strides) << " ceil " << ceil_mode);
        body(pads, strides, ceil_mode);
      }
    }
  }
}

TEST(TorchProgramMaxPool, ObeysOnnx) {
  for_each_pool([](const Pads& pads, std::array<std::int64_t, 2> strides, bool ceil_mode) {
    const MaxPool op{{3, 3}, strides, pads, ceil_mode};
    Single pool(op);
    const at::Tensor expected = pool_by_loops(images(), op, pool.graph.shape("node"), true, false);
    EXPECT_TRUE(pool.run().equal(expected));
  });
}

TEST(TorchProgramAveragePool, ObeysOnnx) {
  for (const bool count_pad : {false, true}) {
    for_each_pool([&](const Pads& pads, std::array<std::int64_t, 2> strides, bool ceil_mode) {
      const AveragePool op{{3, 3}, strides, pads, ceil_mode, count_pad};
      Single pool(op);
      const at::Tensor expected =
          pool_by_loops(images(), op, pool.graph.shape("node"), false, count_pad);
      EXPECT_TRUE(near(pool.run(), expected, 1e-6)) << "count_include_pad " << count_pad;
    });
  }
}

TEST(TorchProgramAveragePool, PassesGradientsThroughUnequalPaddings) {
  Single pool(AveragePool{{3, 3}, {2, 2}, {0, 0, 2, 1}, true, false});
  const at::Tensor x = images().set_requires_grad(true);
  run(pool.graph, x, pool.parameters).sum().backward();
  // The mean of each window: all its pixels together get 1.
  const Shape& shape = pool.graph.shape("node");
  EXPECT_NEAR(x.grad().sum().item<double>(), static_cast<double>(3 * 4 * shape[2] * shape[3]),
              1e-3);
  EXPECT_TRUE(x.grad().isfinite().all().item<bool>());
}

TEST(TorchProgramGlobalAveragePool, IsTheMeanOfEachChannel) {
  const at::Tensor y = Single(GlobalAveragePool{}).run();
  EXPECT_EQ(y.sizes(), (at::IntArrayRef{3, 4, 1, 1}));
  EXPECT_TRUE(near(y.flatten(1), images().contiguous().view({3, 4, 42}).mean(2), 1e-6));
}

// ---- elementwise and shapes --------------------------------------------------------------------

TEST(TorchProgramElementwise, Operators) {
  const at::Tensor x = images();
  EXPECT_TRUE(Single(Relu{}).run().equal(at::where(x.gt(0), x, at::zeros_like(x))));
  EXPECT_TRUE(Single(Clip{-0.5F, 0.25F})
                  .run()
                  .equal(at::where(x.lt(-0.5), at::full_like(x, -0.5),
                                   at::where(x.gt(0.25), at::full_like(x, 0.25), x))));
  EXPECT_TRUE(Single(Identity{}).run().equal(x));
  EXPECT_TRUE(Single(Flatten{}).run().equal(x.contiguous().view({3, 168})));  // C, H, W order

  Graph graph("add", kImage);
  graph.add_node("relu", Relu{}, {kIn});
  graph.set_output(graph.add_node("add", Add{}, {"relu", kIn}));
  Parameters none;
  EXPECT_TRUE(run(graph, x, none).equal(at::relu(x) + x));
}

TEST(TorchProgramPad, AllDimensionsAndCropsWhereNegative) {
  const at::Tensor x = images();
  EXPECT_TRUE(
      Single(Pad{{0, 0, 1, 2, 0, 0, 3, 4}, 1.5F}).run().equal(embed(x, {1, 2, 3, 4}, 1.5F)));
  EXPECT_TRUE(
      Single(Pad{{0, 1, 0, 0, 0, 2, 0, 0}, -2})
          .run()
          .equal(at::cat({at::full({3, 1, 7, 6}, -2.0F), x, at::full({3, 2, 7, 6}, -2.0F)}, 1)));
  EXPECT_TRUE(Single(Pad{{0, 0, -1, 0, 0, -1, -2, -3}, 9})
                  .run()
                  .equal(x.narrow(1, 0, 3).narrow(2, 1, 4).narrow(3, 0, 3)));
  EXPECT_TRUE(Single(Pad{{0, 0, -2, 1, 0, 0, 1, -1}, 9})
                  .run()
                  .equal(embed(x.narrow(2, 2, 5).narrow(3, 0, 5), {0, 1, 1, 0}, 9)));
}

TEST(TorchProgramSlice, NegativeAxesStartsAndOpenEnds) {
  const at::Tensor x = images();
  const auto pick = [&](std::int64_t dim, std::vector<std::int64_t> indices) {
    return x.index_select(dim, at::tensor(indices));
  };
  EXPECT_TRUE(Single(Slice{{0}, {kEnd}, {2}, {2}}).run().equal(pick(2, {0, 2, 4, 6})));
  EXPECT_TRUE(Single(Slice{{1}, {kEnd}, {-1}, {3}}).run().equal(pick(3, {1, 4})));
  EXPECT_TRUE(Single(Slice{{-3}, {-1}, {-2}, {1}}).run().equal(pick(2, {4, 5})));
  EXPECT_TRUE(Single(Slice{{-100}, {100}, {1}, {2}}).run().equal(pick(1, {0, 2})));
  EXPECT_TRUE(Single(Slice{{std::numeric_limits<std::int64_t>::min()}, {2}, {1}, {1}})
                  .run()
                  .equal(pick(1, {0, 1})));
  EXPECT_TRUE(Single(Slice{{1, 0}, {3, kEnd}, {-3, 3}, {1, 5}})
                  .run()
                  .equal(pick(1, {1, 2}).index_select(3, at::tensor({0L, 5L}))));
}

TEST(TorchProgramConcat, AnyAxisAndNumberOfInputs) {
  const at::Tensor x = images(), relu = at::relu(x);
  for (const std::int64_t axis : {1, 2, 3, -1, -2, -3}) {
    Graph graph("concat", kImage);
    graph.add_node("relu", Relu{}, {kIn});
    graph.set_output(graph.add_node("concat", Concat{axis}, {kIn, "relu", kIn}));
    Parameters none;
    const at::Tensor y = run(graph, x, none);
    const std::int64_t dim = axis < 0 ? axis + 4 : axis, size = x.size(dim);
    EXPECT_EQ(y.size(dim), 3 * size);
    EXPECT_TRUE(y.narrow(dim, 0, size).equal(x));
    EXPECT_TRUE(y.narrow(dim, size, size).equal(relu));
    EXPECT_TRUE(y.narrow(dim, 2 * size, size).equal(x));
  }
}

TEST(TorchProgramDropout, IsForTrainingAndRepeatsFromTheGenerator) {
  Single dropout(Dropout{0.25});
  const at::Tensor x = images();
  const auto train = [&](std::uint64_t seed) {
    at::Generator generator = at::globalContext().defaultGenerator(at::kCPU).clone();
    generator.set_current_seed(seed);
    return dropout.run({.training = true, .dropout = generator});
  };
  EXPECT_TRUE(dropout.run().equal(x));
  const at::Tensor y = train(1);
  EXPECT_TRUE(y.equal(train(1)));
  EXPECT_FALSE(y.equal(train(2)));
  const at::Tensor kept = y.ne(0);
  EXPECT_TRUE(y.masked_select(kept).allclose(x.masked_select(kept) / 0.75));
  const double fraction = kept.to(at::kDouble).mean().item<double>();  // of 504: sd 0.019
  EXPECT_NEAR(fraction, 0.75, 0.08);
  EXPECT_TRUE(Single(Dropout{0}).run({.training = true}).equal(x));
}

TEST(TorchProgramBatchNormalization, UsesOnnxMomentum) {
  using enum ParameterRole;
  Single norm(
      BatchNormalization{1e-2, 0.7},
      {{"s", {4}, Scale}, {"b", {4}, Shift}, {"m", {4}, RunningMean}, {"v", {4}, RunningVariance}});
  const at::Tensor x = images().to(at::kDouble);
  Parameters& p = norm.parameters;
  const at::Tensor m = p["m"].clone(), v = p["v"].clone();
  const auto column = [](const at::Tensor& t) { return t.to(at::kDouble).reshape({1, 4, 1, 1}); };
  const auto normalised = [&](const at::Tensor& mean, const at::Tensor& variance) {
    return (x - column(mean)) / (column(variance) + 1e-2).sqrt() * column(p["s"]) + column(p["b"]);
  };
  EXPECT_TRUE(near(norm.run(), normalised(m, v), 1e-6));
  EXPECT_TRUE(p["m"].equal(m));  // evaluation leaves them

  const at::Tensor mean = x.mean({0, 2, 3});
  const at::Tensor biased = x.var(at::IntArrayRef{0, 2, 3}, false);
  EXPECT_TRUE(near(norm.run({.training = true}), normalised(mean, biased), 1e-6));
  EXPECT_TRUE(near(p["m"], 0.7 * m + 0.3 * mean, 1e-6));
  EXPECT_TRUE(near(p["v"], 0.7 * v + 0.3 * biased * 126 / 125, 1e-6));  // 3 * 7 * 6 values
}

TEST(TorchProgramBatchNormalization, TakesVectors) {
  using enum ParameterRole;
  Graph graph("vectors", {5, 1, 1});
  graph.add_node("flat", Flatten{}, {kIn});
  for (const auto& [name, role] :
       {std::pair{"s", Scale}, {"b", Shift}, {"m", RunningMean}, {"v", RunningVariance}}) {
    graph.add_parameter({name, {5}, role});
  }
  graph.add_node("norm", BatchNormalization{}, {"flat", "s", "b", "m", "v"});
  graph.set_output(graph.add_node("relu", Relu{}, {"norm"}));  // fused, but not for these kernels
  Parameters p = parameters_for(graph);
  const at::Tensor x = normal({6, 5, 1, 1}, 1), flat = x.flatten(1);
  const at::Tensor expected =
      at::relu((flat - flat.mean(0)) / (flat.var(0, false) + 1e-5).sqrt() * p["s"] + p["b"]);
  EXPECT_TRUE(near(run(graph, x, p, {.training = true}), expected, 1e-5));
}

}  // namespace
}  // namespace pollard
