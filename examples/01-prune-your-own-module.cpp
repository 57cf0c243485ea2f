// Prunes a network that you wrote yourself, in your own training loop.
//
// Build:  see README.md in this folder
// Run:    ./01-prune-your-own-module [FOLDER]
//         FOLDER holds Fashion-MNIST's IDX files; without it, Debian's dataset-fashion-mnist.
//
// Trains a small convolutional network on 10,000 images of Fashion-MNIST, sets 90 % of its weights
// to zero, and trains on with those held at zero. Takes about 20 seconds on two idle cores and
// prints
//
//   trained          86 %
//   pruned to 90 %   some percent points less
//   retrained        86 % again
//
// and how many weights each layer has left. On a machine that does other work too, start it with
// OMP_WAIT_POLICY=passive: threads that wait actively take many times as long.
#include <pollard/batches.h>
#include <pollard/dataset.h>
#include <pollard/error.h>
#include <pollard/module_pruning.h>
#include <torch/torch.h>

#include <cstdio>
#include <iostream>

// Nothing in here knows of pruning.
struct Net : torch::nn::Module {
  Net()
      : conv1(register_module("conv1", torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 16, 5)))),
        conv2(register_module("conv2", torch::nn::Conv2d(torch::nn::Conv2dOptions(16, 32, 5)))),
        fc1(register_module("fc1", torch::nn::Linear(32 * 4 * 4, 128))),
        fc2(register_module("fc2", torch::nn::Linear(128, 10))) {}

  torch::Tensor forward(torch::Tensor x) {
    x = torch::max_pool2d(conv1(x).relu(), 2);  // 28 -> 24 -> 12
    x = torch::max_pool2d(conv2(x).relu(), 2);  // 12 -> 8 -> 4
    return fc2(fc1(x.flatten(1)).relu());
  }

  torch::nn::Conv2d conv1, conv2;
  torch::nn::Linear fc1, fc2;
};

// A batch holds N,H,W,C floats; torch wants N,C,H,W. Both tensors look into the batch's memory.
torch::Tensor images_of(pollard::Batch& batch) {
  const auto [channels, height, width] = batch.shape;
  return torch::from_blob(batch.images.data(), {batch.count, height, width, channels})
      .permute({0, 3, 1, 2});
}

torch::Tensor labels_of(pollard::Batch& batch) {
  return torch::from_blob(batch.labels.data(), {batch.count}, torch::kLong);
}

void train(Net& net, pollard::BatchLoader& loader, std::uint32_t epoch,
           torch::optim::Optimizer& optimizer, pollard::ModulePruner& pruner) {
  net.train();
  loader.start(epoch);
  for (pollard::Batch batch; loader.next(batch);) {
    optimizer.zero_grad();
    torch::nn::functional::cross_entropy(net.forward(images_of(batch)), labels_of(batch))
        .backward();
    optimizer.step();
    pruner.apply(optimizer);  // the one line that holds the pruned weights at zero
  }
}

double accuracy(Net& net, pollard::BatchLoader& loader) {
  const torch::NoGradGuard no_grad;
  net.eval();
  loader.start(0);
  std::int64_t hits = 0, images = 0;
  for (pollard::Batch batch; loader.next(batch); images += batch.count) {
    const torch::Tensor guesses = net.forward(images_of(batch)).argmax(1);
    hits += guesses.eq(labels_of(batch)).sum().item<std::int64_t>();
  }
  return 100 * static_cast<double>(hits) / static_cast<double>(images);
}

int run(const std::string& folder) {
  torch::manual_seed(0);
  torch::set_num_threads(2);  // LibTorch's own default is one thread on some machines
  const pollard::DataSplits data = pollard::load_dataset("fashion-mnist", folder, 10'000);
  const auto settings = [](std::int64_t batch_size, bool shuffle) {
    return pollard::BatchSettings{.batch_size = batch_size,
                                  .shuffle = shuffle,
                                  .normalization = pollard::normalization("fashion-mnist", 1)};
  };
  pollard::BatchLoader train_loader(*data.train, settings(64, true));
  pollard::BatchLoader test_loader(*data.test, settings(1000, false));

  Net net;
  torch::optim::SGD optimizer(net.parameters(), torch::optim::SGDOptions(0.02).momentum(0.9));
  pollard::ModulePruner pruner(net);

  std::uint32_t epoch = 0;
  while (epoch < 4) train(net, train_loader, epoch++, optimizer, pruner);
  std::printf("trained          %.1f %%\n", accuracy(net, test_loader));

  pruner.prune_to(0.9);
  std::printf("pruned to %.0f %%   %.1f %%\n", 100 * pruner.sparsity(), accuracy(net, test_loader));

  while (epoch < 6) train(net, train_loader, epoch++, optimizer, pruner);
  std::printf("retrained        %.1f %%\n", accuracy(net, test_loader));
  for (const pollard::Mask& mask : pruner.masks().masks()) {
    std::printf("  %-14s %6lld of %6lld weights left\n", mask.name.c_str(),
                static_cast<long long>(mask.kept()), static_cast<long long>(mask.size()));
  }
  return 0;
}

int main(int argc, char** argv) {
  try {
    return run(argc > 1 ? argv[1] : "");
  } catch (const pollard::Error& error) {
    std::cerr << pollard::one_line(error) << '\n';
    return pollard::exit_status(error.code());
  }
}
