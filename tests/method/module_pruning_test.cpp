#include "pollard/module_pruning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/rmsprop.h>
#include <torch/optim/sgd.h>

#include <limits>

#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Net : torch::nn::Module {
  Net() {
    torch::manual_seed(1);
    register_module("conv", conv = torch::nn::Conv2d(torch::nn::Conv2dOptions(2, 4, 3).padding(1)));
    register_module("norm", norm = torch::nn::BatchNorm2d(4));
    register_module("fc", fc = torch::nn::Linear(4 * 5 * 5, 3));
  }
  torch::Tensor forward(const torch::Tensor& x) { return fc(norm(conv(x)).relu().flatten(1)); }
  torch::nn::Conv2d conv{nullptr};
  torch::nn::BatchNorm2d norm{nullptr};
  torch::nn::Linear fc{nullptr};
};

constexpr std::int64_t kWeights = 2 * 4 * 9 + 300;

std::int64_t zeros(const torch::Tensor& tensor) { return tensor.eq(0).sum().item<std::int64_t>(); }
std::int64_t zeros(const Net& net) { return zeros(net.conv->weight) + zeros(net.fc->weight); }

/// Every weight that the masks drop is +0 in `tensor`.
bool masked_in(const torch::Tensor& tensor, const Mask& mask) {
  const torch::Tensor bits = tensor.detach().contiguous().flatten().view(torch::kInt);
  for (std::int64_t i = 0; i < mask.size(); ++i) {
    if (mask.keep[static_cast<std::size_t>(i)] == 0 && bits[i].item<int>() != 0) return false;
  }
  return true;
}

void step(Net& net, torch::optim::Optimizer& optimizer) {
  optimizer.zero_grad();
  const torch::Tensor x = torch::randn({6, 2, 5, 5});
  net.forward(x).square().sum().backward();
  optimizer.step();
}

TEST(PrunableNames, AreWeightsThatAreNotOfBatchNorm) {
  EXPECT_THAT(prunable_names(Net()), ElementsAre("conv.weight", "fc.weight"));
  EXPECT_THAT(prunable_names(*torch::nn::Linear(3, 2)), ElementsAre("weight"));
  EXPECT_THAT(prunable_names(*torch::nn::Embedding(3, 2)), ElementsAre("weight"));
  EXPECT_TRUE(prunable_names(*torch::nn::BatchNorm2d(3)).empty());
}

TEST(PrunableNames, NameASharedTensorOnce) {
  struct Tied : torch::nn::Module {
    Tied() {
      const torch::nn::Linear fc(3, 3);
      register_module("a", fc);
      register_module("b", fc);
    }
  } tied;
  EXPECT_THAT(prunable_names(tied), ElementsAre("a.weight"));
  const Error error = thrown_by([&] { ModulePruner(tied, {"a.weight", "b.weight"}); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("'a.weight' and 'b.weight' are the same tensor"));
}

TEST(ModulePruner, ZeroesTheExactCountOfSmallestMagnitude) {
  Net net;
  const torch::Tensor before =
      torch::cat({net.conv->weight.detach().flatten(), net.fc->weight.detach().flatten()}).clone();
  const void* memory = net.fc->weight.data_ptr();
  ModulePruner pruner(net);
  EXPECT_EQ(pruner.sparsity(), 0);
  EXPECT_EQ(zeros(net), 0);
  pruner.prune_to(0.9);
  EXPECT_EQ(zeros(net), 335);  // round(0.9 * 372 = 334.8)
  EXPECT_DOUBLE_EQ(pruner.sparsity(), 335.0 / kWeights);
  EXPECT_EQ(pruner.masks().kept(), kWeights - 335);
  EXPECT_EQ(net.fc->weight.data_ptr(), memory);

  const torch::Tensor after =
      torch::cat({net.conv->weight.detach().flatten(), net.fc->weight.detach().flatten()});
  const torch::Tensor kept = after.ne(0);
  EXPECT_TRUE(after.masked_select(kept).equal(before.masked_select(kept)));
  EXPECT_LE(before.masked_select(kept.logical_not()).abs().max().item<float>(),
            before.masked_select(kept).abs().min().item<float>());
  EXPECT_EQ(zeros(net.norm->weight) + zeros(net.fc->bias), 0);
}

TEST(ModulePruner, DecidesTiesByTheOrderOfNamesThenIndex) {
  Net net;
  {
    const torch::NoGradGuard no_grad;
    net.conv->weight.fill_(1);
    net.fc->weight.fill_(-1);
  }
  ModulePruner reversed(net, {"fc.weight", "conv.weight"});
  reversed.prune_to(62.0 / kWeights);
  EXPECT_EQ(zeros(net.fc->weight), 0);
  EXPECT_EQ(zeros(net.conv->weight), 62);
  EXPECT_EQ(net.conv->weight.flatten().slice(0, 0, 10).sum().item<float>(), 10);
  EXPECT_THAT(reversed.masks().masks()[0].name, "fc.weight");
}

TEST(ModulePruner, IsCumulativeAndMasksOnlyGrow) {
  Net net;
  ModulePruner pruner(net);
  MaskSet before = pruner.masks();
  for (const double sparsity : {0.25, 0.5, 0.5, 0.95, 1.0}) {
    {
      const torch::NoGradGuard no_grad;
      net.fc->weight.add_(torch::randn_like(net.fc->weight));  // also what is masked
    }
    pruner.prune_to(sparsity);
    EXPECT_EQ(zeros(net), std::llrint(sparsity * kWeights));
    for (std::size_t m = 0; m < 2; ++m) {
      const auto &old = before.masks()[m].keep, &now = pruner.masks().masks()[m].keep;
      for (std::size_t i = 0; i < old.size(); ++i) ASSERT_LE(now[i], old[i]);
    }
    before = pruner.masks();
  }
  const Error error = thrown_by([&] { pruner.prune_to(0.5); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(), HasSubstr("it is 1 already"));
}

TEST(ModulePruner, HoldsMasksThroughSteps) {
  Net net;
  ModulePruner pruner(net);
  torch::optim::SGD optimizer(net.parameters(), torch::optim::SGDOptions(0.1).weight_decay(0.1));
  pruner.prune_to(0.8);
  for (int i = 0; i < 3; ++i) {
    step(net, optimizer);
    EXPECT_LT(zeros(net), 298);  // the step itself knows no masks
    pruner.apply();
    EXPECT_TRUE(masked_in(net.conv->weight, pruner.masks().masks()[0]));
    EXPECT_TRUE(masked_in(net.fc->weight, pruner.masks().masks()[1]));
  }
}

// A step of each kind of optimizer with memory; `memory` gets that memory from its state.
template <typename Optimizer, typename State, typename Options, typename Memory>
void expect_memory_masked(const Options& options, const Memory& memory) {
  Net net;
  ModulePruner pruner(net);
  pruner.prune_to(0.7);
  Optimizer optimizer(net.parameters(), options);
  pruner.apply(optimizer);  // nothing is remembered yet
  for (int i = 0; i < 2; ++i) {
    step(net, optimizer);
    pruner.apply(optimizer);
  }
  EXPECT_TRUE(masked_in(net.fc->weight, pruner.masks().masks()[1]));
  int seen = 0;
  for (const auto& item : optimizer.state()) {
    for (const torch::Tensor& tensor : memory(static_cast<State&>(*item.second))) {
      ASSERT_TRUE(tensor.defined());
      if (tensor.sizes() == net.conv->weight.sizes()) {
        EXPECT_TRUE(masked_in(tensor, pruner.masks().masks()[0]));
        ++seen;
      } else if (tensor.sizes() == net.fc->weight.sizes()) {
        EXPECT_TRUE(masked_in(tensor, pruner.masks().masks()[1]));
        EXPECT_LT(zeros(tensor), tensor.numel());
        ++seen;
      } else {
        EXPECT_GT(tensor.abs().sum().item<float>(), 0);  // not a pruned parameter's
      }
    }
  }
  EXPECT_GE(seen, 2);
}

TEST(ModulePruner, MasksTheMemoryOfOptimizers) {
  using namespace torch::optim;
  using Tensors = std::vector<torch::Tensor>;
  expect_memory_masked<SGD, SGDParamState>(SGDOptions(0.01).momentum(0.9), [](SGDParamState& s) {
    return Tensors{s.momentum_buffer()};
  });
  expect_memory_masked<Adam, AdamParamState>(
      AdamOptions(0.01).amsgrad(true), [](AdamParamState& s) {
        return Tensors{s.exp_avg(), s.exp_avg_sq(), s.max_exp_avg_sq()};
      });
  expect_memory_masked<AdamW, AdamWParamState>(AdamWOptions(0.01), [](AdamWParamState& s) {
    return Tensors{s.exp_avg(), s.exp_avg_sq()};
  });
  expect_memory_masked<RMSprop, RMSpropParamState>(
      RMSpropOptions(0.01).momentum(0.9).centered(true), [](RMSpropParamState& s) {
        return Tensors{s.square_avg(), s.momentum_buffer(), s.grad_avg()};
      });
}

TEST(ModulePruner, LeavesParametersAloneThatItDoesNotPrune) {
  Net net;
  ModulePruner pruner(net, {"fc.weight"});
  torch::optim::SGD other({net.conv->weight}, torch::optim::SGDOptions(0.1).momentum(0.9));
  pruner.prune_to(0.5);
  step(net, other);
  pruner.apply(other);
  EXPECT_EQ(zeros(net.conv->weight), 0);
  EXPECT_EQ(zeros(net.fc->weight), 150);
}

TEST(ModulePruner, FollowsTheModuleToAnotherType) {
  Net net;
  ModulePruner pruner(net);
  pruner.prune_to(0.5);
  net.to(torch::kDouble);
  {
    const torch::NoGradGuard no_grad;
    for (torch::Tensor& parameter : net.parameters()) parameter.add_(1);
  }
  pruner.apply();
  EXPECT_EQ(net.fc->weight.scalar_type(), torch::kDouble);
  EXPECT_EQ(zeros(net), kWeights / 2);
  pruner.prune_to(0.75);
  EXPECT_EQ(zeros(net), 279);
}

TEST(ModulePrunerErrors, OfNames) {
  Net net;
  const Error unknown = thrown_by([&] { ModulePruner(net, {"fc.wieght"}); });
  EXPECT_EQ(unknown.code(), ErrorCode::Config);
  EXPECT_THAT(unknown.what(), HasSubstr("no parameter 'fc.wieght'"));
  EXPECT_EQ(unknown.hint(), "did you mean 'fc.weight'?");
  EXPECT_THAT(thrown_by([&] { ModulePruner(net, {"zzzzzzzzzzzz"}); }).hint(),
              HasSubstr("conv.weight, conv.bias"));
  const Error nothing = thrown_by([] { ModulePruner(*torch::nn::BatchNorm2d(3)); });
  EXPECT_EQ(nothing.code(), ErrorCode::Config);
  EXPECT_THAT(nothing.hint(), HasSubstr("names"));
}

TEST(ModulePrunerErrors, ChangeNothing) {
  Net net;
  ModulePruner pruner(net);
  pruner.prune_to(0.5);
  const MaskSet before = pruner.masks();
  for (const double wrong : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(thrown_by([&] { pruner.prune_to(wrong); }).code(), ErrorCode::Config);
  }
  EXPECT_EQ(thrown_by([&] { pruner.prune_to(0.4); }).code(), ErrorCode::Config);
  {
    const torch::NoGradGuard no_grad;
    net.fc->weight[0][0] = std::numeric_limits<float>::infinity();
  }
  const Error error = thrown_by([&] { pruner.prune_to(0.6); });
  EXPECT_EQ(error.code(), ErrorCode::Input);
  EXPECT_THAT(error.what(), HasSubstr("'fc.weight'"));
  EXPECT_EQ(pruner.masks(), before);
}

}  // namespace
}  // namespace pollard
