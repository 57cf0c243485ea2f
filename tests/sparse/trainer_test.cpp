// The trainer against a whole step written out in double, for every build of the kernels and
// several threads.
#include "sparse/trainer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "graph/blocks.h"
#include "pollard/networks.h"
#include "sparse/random_graph.h"
#include "sparse/training_case.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using sparse::available_kernels;
using sparse::Kernels;
using sparse::StepResult;
using test::ReferenceStep;
using test::relative_error;
using test::TrainingCase;
using test::Values;

// What is wrong with what a step leaves behind; "" if nothing is.
std::string compare(TrainingCase& of, const sparse::Trainer& trainer, const ReferenceStep& expected,
                    const StepResult& result, double tolerance) {
  if (!(std::abs(result.loss - expected.loss) < 1e-4 * expected.loss + 1e-5))
    return fmt::format("loss {}, expected {}", result.loss, expected.loss);
  // Gradients that norms cancel are rounding, as large as what was cancelled lets it be.
  double least = 1e-2;
  for (const auto& [name, gradient] : expected.gradients) {
    for (const double value : gradient) least = std::max(least, 0.05 * std::abs(value));
  }
  for (const ParameterInfo& info : of.graph.parameters()) {
    if (!info.trainable()) {
      if (!trainer.depends_on(info.name)) continue;  // nodes that nothing reads do not run
      const double error = relative_error(of.values[info.name], expected.moments.at(info.name));
      if (!(error < tolerance)) return fmt::format("{}: error {}", info.name, error);
      continue;
    }
    const auto found = expected.gradients.find(info.name);
    Values wanted(of.values[info.name].size(), 0);
    if (found != expected.gradients.end()) wanted = found->second;
    if (of.masks.contains(info.name)) {
      const auto keep = of.masks.at(info.name).u8();
      for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] *= keep[i];
    }
    const double error = relative_error(of.gradients[info.name], wanted, least);
    if (!(error < tolerance)) return fmt::format("gradient of {}: error {}", info.name, error);
  }
  return "";
}

// One step by all kernels and several threads, and everything it leaves behind.
std::string problem_of_step(TrainingCase& of, double tolerance = 2e-4) {
  const ReferenceStep expected = of.reference();
  const auto before = of.values;
  std::string problem;
  for (const Kernels* kernels : available_kernels()) {
    for (const int threads : {1, 2, 3}) {
      of.values = before;
      const auto trainer = of.trainer(*kernels, threads);
      const StepResult result = trainer->forward_backward(of.images, of.labels, {});
      const std::string wrong = compare(of, *trainer, expected, result, tolerance);
      if (!wrong.empty())
        problem += fmt::format("{}, {} threads: {}\n", kernels->name, threads, wrong);
    }
  }
  of.values = before;
  return problem;
}

TEST(Trainer, StepsOfResidualNetworksAreAsWrittenOut) {
  for (const double density : {2.0, 0.5, 0.02}) {
    TrainingCase of(build_network("resnet8", {3, 8, 8}, 10), 11, density, 1);
    EXPECT_EQ(problem_of_step(of), "") << density;
  }
}

TEST(Trainer, StepsWithMoreRowsThanTheWindowsHoldAreAsWrittenOut) {
  TrainingCase of(build_network("resnet8", {3, 32, 32}, 10), 3, 0.3, 1);
  EXPECT_EQ(problem_of_step(of), "");
}

TEST(Trainer, StepsOfMapsThatTilesDoNotDivideAreAsWrittenOut) {
  for (const std::int64_t size : {7, 14, 15}) {
    TrainingCase of(build_network("resnet8", {2, size, size}, 3), 5, 0.2, 1);
    EXPECT_EQ(problem_of_step(of), "") << size;
  }
}

TEST(Trainer, StepsWithoutNormsAreAsWrittenOut) {
  TrainingCase convolutions(build_network("lenet5", {1, 20, 20}, 10), 9, 0.3, 1);
  convolutions.smoothing = 0.1;
  EXPECT_EQ(problem_of_step(convolutions), "");
  TrainingCase linear(build_network("lenet-300-100", {1, 8, 8}, 10), 37, 0.1, 1);
  EXPECT_EQ(problem_of_step(linear), "");
}

RC_GTEST_PROP(Trainer, StepsOfRandomNetworksAreAsWrittenOut, ()) {
  const Graph graph = test::RandomGraph().make();
  const double density = *rc::gen::element(0.0, 0.05, 0.3, 0.6, 2.0);
  const std::int64_t count = *rc::gen::inRange(2, 20);
  TrainingCase of(graph, count, density, *rc::gen::inRange<std::uint64_t>(1, 1000));
  of.smoothing = *rc::gen::element(0.0, 0.1);
  const ReferenceStep reference = of.reference();
  RC_PRE(reference.nearest_kink > 1e-5 && reference.steepness < 30);
  const std::string problem = problem_of_step(of, 2e-3);
  if (!problem.empty()) RC_FAIL(problem + describe(graph));
}

// The reference itself, by differences of its loss.
RC_GTEST_PROP(TrainerReference, GradientsAreDifferencesOfTheLoss, ()) {
  const Graph graph = test::RandomGraph().make();
  TrainingCase of(graph, 4, 2, *rc::gen::inRange<std::uint64_t>(1, 1000));
  of.smoothing = *rc::gen::element(0.0, 0.2);
  std::map<std::string, Values> parameters;
  for (const auto& [name, value] : of.values) parameters[name].assign(value.begin(), value.end());
  const auto step = [&] {
    return test::reference_step(graph, parameters, of.images, of.labels, of.smoothing);
  };
  const ReferenceStep at = step();
  RC_PRE(at.nearest_kink > 1e-4 && at.steepness < 30);
  constexpr double kStep = 1e-6;
  for (const auto& [name, gradient] : at.gradients) {
    const auto i = *rc::gen::inRange<std::size_t>(0, gradient.size());
    double& value = parameters[name][i];
    const double before = value;
    value = before + kStep;
    const double above = step().loss;
    value = before - kStep;
    const double below = step().loss;
    value = before;
    const double slope = (above - below) / (2 * kStep) / static_cast<double>(of.labels.size());
    RC_ASSERT(std::abs(slope - gradient[i]) < 1e-5 + 1e-4 * std::abs(gradient[i]));
  }
}

RC_GTEST_PROP(Trainer, PredictionsAreThoseOfTheRunningStatistics, ()) {
  const Graph graph = test::RandomGraph().make();
  TrainingCase of(graph, *rc::gen::inRange(1, 20), *rc::gen::element(0.3, 2.0),
                  *rc::gen::inRange<std::uint64_t>(1, 1000));
  const ReferenceStep expected = of.reference(false);
  const Values& logits = expected.outputs.at(graph.output());
  for (const Kernels* kernels : available_kernels()) {
    const auto trainer = of.trainer(*kernels, 2);
    std::vector<float> outputs(logits.size());
    trainer->predict(of.images, std::ssize(of.labels), outputs);
    RC_ASSERT(relative_error(outputs, logits) < 1e-4);
    const StepResult result = trainer->evaluate(of.images, of.labels);
    RC_ASSERT(std::abs(result.loss - expected.loss) < 1e-4 * expected.loss + 1e-5);
  }
}

TEST(Trainer, RepeatsBitForBitWhateverBatchesCameBefore) {
  TrainingCase of(build_network("resnet8", {3, 16, 16}, 10), 21, 0.1, 3);
  TrainingCase other(of.graph, 40, 2, 4);
  const auto before = of.values;
  for (const Kernels* kernels : available_kernels()) {
    for (const int threads : {1, 2}) {
      std::vector<std::map<std::string, std::vector<float>>> seen;
      std::vector<double> losses;
      const auto trainer = of.trainer(*kernels, threads);
      for (int repeat = 0; repeat < 3; ++repeat) {
        for (const auto& [name, value] : before) of.values[name] = value;
        losses.push_back(trainer->forward_backward(of.images, of.labels, {}).loss);
        seen.push_back(of.gradients);
        for (const auto& [name, value] : of.values) seen.back()[name + " after"] = value;
        (void)trainer->forward_backward(other.images, other.labels, {});
      }
      EXPECT_EQ(losses[0], losses[1]);
      EXPECT_EQ(losses[0], losses[2]);
      EXPECT_EQ(seen[0], seen[1]) << kernels->name << " " << threads;
      EXPECT_EQ(seen[0], seen[2]) << kernels->name << " " << threads;
    }
  }
}

TEST(Trainer, LeavesGradientsOfMaskedWeightsAlone) {
  for (const double density : {0.9, 0.2, 0.0}) {
    TrainingCase of(build_network("resnet8", {3, 8, 8}, 10), 4, density, 1);
    const auto trainer = of.trainer(sparse::best_kernels(), 1);
    for (auto& [name, gradient] : of.gradients) std::ranges::fill(gradient, 7.0F);
    (void)trainer->forward_backward(of.images, of.labels, {});
    for (const auto& [name, mask] : of.masks) {
      for (std::size_t i = 0; i < of.gradients[name].size(); ++i) {
        if (mask.u8()[i] == 0) {
          ASSERT_EQ(of.gradients[name][i], 7.0F) << name;
        }
      }
    }
  }
}

TEST(Trainer, ObservingTakesTheBatchesMomentsByWeight) {
  TrainingCase of(build_network("resnet8", {3, 8, 8}, 10), 11, 0.3, 1);
  const auto before = of.values;
  const ReferenceStep step = of.reference();  // with 0.1 of the batch
  const auto trainer = of.trainer(sparse::best_kernels(), 2);
  trainer->observe_statistics(of.images, 11, 0.25);
  for (const ParameterInfo& info : of.graph.parameters()) {
    if (info.trainable()) {
      EXPECT_EQ(of.values[info.name], before.at(info.name));
      continue;
    }
    Values expected;
    for (std::size_t i = 0; i < before.at(info.name).size(); ++i) {
      const double old = before.at(info.name)[i];
      expected.push_back(old + 2.5 * (step.moments.at(info.name)[i] - old));
    }
    EXPECT_LT(relative_error(of.values[info.name], expected), 1e-4) << info.name;
  }
}

// An image's class against the others': as exec/meters counts.
TEST(Trainer, CountsHitsAsTheMetersDo) {
  Graph graph("identity", {7, 1, 1});
  graph.add_node("flatten", Flatten{}, {std::string(Graph::kInput)});
  graph.add_parameter({"w", {7, 7}, ParameterRole::Weight});
  graph.set_output(graph.add_node("y", Gemm{}, {"flatten", "w"}));
  TrainingCase of(graph, 4, 2, 1);
  for (std::size_t i = 0; i < 49; ++i) of.values["w"][i] = i % 8 == 0 ? 1 : 0;
  of.images = {1, 2, 3, 4, 5, 6, 7,  // best; equals behind; equals before; sixth
               1, 5, 5, 0, 0, 0, 0,  //
               1, 5, 5, 0, 0, 0, 0,  //
               7, 6, 5, 4, 3, 2, 1};
  of.labels = {6, 1, 2, 5};
  const auto trainer = of.trainer(sparse::best_kernels(), 1);
  const StepResult result = trainer->evaluate(of.images, of.labels);
  EXPECT_EQ(result.top1, 2);
  EXPECT_EQ(result.top5, 3);
}

Graph with_dropout(double ratio) {
  Graph graph("dropout", {2, 12, 12});
  std::string x = add_conv(graph, "conv1", std::string(Graph::kInput),
                           {.channels = 4, .kernel = 3, .bias = true});
  x = graph.add_node("dropout1", Dropout{ratio}, {x});
  x = add_conv(graph, "conv2", x, {.channels = 4, .kernel = 3, .bias = true});
  x = graph.add_node("pool", GlobalAveragePool{}, {x});
  x = graph.add_node("flatten", Flatten{}, {x});
  x = graph.add_node("dropout2", Dropout{ratio / 2}, {x});
  graph.set_output(add_linear(graph, "linear", x, 3));
  return graph;
}

TEST(Trainer, DropsTheSameForAnyThreadsAndKernels) {
  TrainingCase of(with_dropout(0.4), 21, 0.5, 1);
  const sparse::DrawAddress address{.seed = 5, .epoch = 2, .step = 9};
  std::vector<double> losses;
  for (const Kernels* kernels : available_kernels()) {
    for (const int threads : {1, 2, 3}) {
      const auto trainer = of.trainer(*kernels, threads);
      losses.push_back(trainer->forward_backward(of.images, of.labels, address).loss);
      EXPECT_NEAR(losses.back(), losses.front(), 1e-4);
      const double other =
          trainer->forward_backward(of.images, of.labels, {.seed = 5, .epoch = 2, .step = 10}).loss;
      EXPECT_GT(std::abs(other - losses.front()), 1e-3);
    }
  }
}

// The draws are fixed by the address, so the loss is a function that can be differenced.
TEST(Trainer, GradientsPassDropoutAsTheValuesDid) {
  TrainingCase of(with_dropout(0.4), 9, 2, 1);
  const sparse::DrawAddress address{.seed = 5, .epoch = 0, .step = 1};
  const auto trainer = of.trainer(sparse::best_kernels(), 1);
  (void)trainer->forward_backward(of.images, of.labels, address);
  const auto gradients = of.gradients;
  constexpr float kStep = 0.01F;
  for (const char* name : {"conv1.weight", "conv2.bias", "linear.weight"}) {
    for (const std::size_t i : {std::size_t{0}, std::size_t{3}}) {
      float& value = of.values[name][i];
      const float before = value;
      value = before + kStep;
      const double above = trainer->forward_backward(of.images, of.labels, address).loss;
      value = before - kStep;
      const double below = trainer->forward_backward(of.images, of.labels, address).loss;
      value = before;
      EXPECT_NEAR((above - below) / (2 * kStep) / 9, gradients.at(name)[i], 2e-4) << name;
    }
  }
}

TEST(Trainer, DropsAsOftenAsItShould) {
  Graph graph("half", {1, 50, 50});
  std::string x = graph.add_node("dropout", Dropout{0.3}, {std::string(Graph::kInput)});
  x = graph.add_node("pool", GlobalAveragePool{}, {x});
  x = graph.add_node("flatten", Flatten{}, {x});
  graph.add_parameter({"w", {2, 1}, ParameterRole::Weight});
  graph.set_output(graph.add_node("y", Gemm{}, {x, "w"}));
  TrainingCase of(graph, 20, 2, 1);
  std::ranges::fill(of.images, 1.0F);
  of.labels.assign(20, 0);
  of.values["w"] = {1, 0};
  const auto trainer = of.trainer(sparse::best_kernels(), 2);
  const double loss = trainer->forward_backward(of.images, of.labels, {}).loss / 20;
  // log(1 + exp(-mean)) of means near 1, whose deviation over 50,000 draws is 0.003
  EXPECT_NEAR(loss, std::log1p(std::exp(-1.0)), 0.003);
  EXPECT_NEAR(of.gradients["w"][0], -1 / (1 + std::exp(1.0)), 0.003);
  EXPECT_NEAR(trainer->evaluate(of.images, of.labels).loss / 20, std::log1p(std::exp(-1.0)), 1e-5);
}

TEST(Trainer, SaysWhatItCannotTake) {
  const Graph graph = build_network("resnet8", {3, 8, 8}, 10);
  const TensorMap masks{{"layer1.0.conv1.weight", HostTensor::zeros(DType::U8, {16, 16, 3, 2})}};
  const Error shape = test::thrown_by([&] { sparse::Trainer(graph, masks, {}); });
  EXPECT_EQ(shape.code(), ErrorCode::Input);
  EXPECT_THAT(shape.what(), ::testing::HasSubstr("layer1.0.conv1.weight"));

  TrainingCase of(graph, 4, 2, 1);
  const auto trainer = of.trainer(sparse::best_kernels(), 1);
  of.labels[2] = 10;
  const Error label =
      test::thrown_by([&] { (void)trainer->forward_backward(of.images, of.labels, {}); });
  EXPECT_THAT(label.what(), ::testing::HasSubstr("label 10"));
  of.images.pop_back();
  of.labels[2] = 1;
  const Error size =
      test::thrown_by([&] { (void)trainer->forward_backward(of.images, of.labels, {}); });
  EXPECT_EQ(size.code(), ErrorCode::Input);

  Graph twice("twice", {1, 4, 4});
  twice.add_parameter({"w", {1, 1, 1, 1}, ParameterRole::Weight});
  const std::string x = twice.add_node("a", Conv{}, {std::string(Graph::kInput), "w"});
  twice.set_output(twice.add_node(
      "flatten", Flatten{},
      {twice.add_node("pool", GlobalAveragePool{}, {twice.add_node("b", Conv{}, {x, "w"})})}));
  const Error shared = test::thrown_by([&] { sparse::Trainer(twice, {}, {}); });
  EXPECT_EQ(shared.code(), ErrorCode::Config);
  EXPECT_THAT(shared.what(), ::testing::HasSubstr("'w'"));
}

}  // namespace
}  // namespace pollard
