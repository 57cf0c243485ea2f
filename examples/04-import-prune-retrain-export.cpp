// Takes a network from an ONNX file, prunes and retrains it, and writes an ONNX file again.
//
// Build:  see README.md in this folder
// Run:    ./04-import-prune-retrain-export [NETWORK.onnx]
//         NETWORK.onnx tells Fashion-MNIST's classes apart, from images of 1x28x28 pixels that are
//         normalised by its mean and deviation. Without one, a LeNet-5 is trained for two epochs
//         and written first, as dense.onnx in the folder where the program starts.
//
// Sets 90 % of the weights to zero, retrains one epoch on the sparse engine, which computes with
// the weights that are left only, and writes pruned.onnx. Debian's dataset-fashion-mnist has the
// images, of which 10,000 are trained on. Takes some 6 seconds on one core and prints
//
//   read              83 %
//   pruned to 90 %    some 15 percent points less, and how many weights each layer has left
//   retrained         82 % again
//   pruned.onnx       its size and metadata, and that it predicts the same when it is read again
#include <ATen/Parallel.h>
#include <pollard/accounting.h>
#include <pollard/batches.h>
#include <pollard/dataset.h>
#include <pollard/error.h>
#include <pollard/masks.h>
#include <pollard/networks.h>
#include <pollard/onnx_file.h>
#include <pollard/schedule.h>
#include <pollard/selection.h>
#include <pollard/sgd.h>
#include <pollard/sparse_engine.h>
#include <pollard/torch_engine.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>

struct Loaders {
  explicit Loaders(const pollard::DataSplits& data)
      : train(*data.train, settings(64, true)), test(*data.test, settings(1000, false)) {}

  static pollard::BatchSettings settings(std::int64_t batch_size, bool shuffle) {
    return {.batch_size = batch_size,
            .shuffle = shuffle,
            .augmentation = {},
            .normalization = pollard::normalization("fashion-mnist", 1)};
  }

  pollard::BatchLoader train, test;
};

void train(pollard::Engine& engine, pollard::BatchLoader& loader, std::uint32_t epochs) {
  const std::int64_t steps = loader.batches_per_epoch();
  // From 0.05 straight to 0. Other schedules look at the rates the network was trained with, which
  // a file does not tell.
  const pollard::LearningRates schedule =
      pollard::retraining_rates({.kind = "linear", .rate = 0.05}, {}, epochs * steps);
  auto rate = schedule.rates.begin();
  for (std::uint32_t epoch = 0; epoch < epochs; ++epoch) {
    loader.start(epoch);
    for (pollard::Batch batch; loader.next(batch);) {
      engine.forward_backward(batch, {.epoch = epoch, .step = batch.index});
      pollard::sgd_step(engine.slots(), {.momentum = 0.9, .weight_decay = 5e-4}, *rate++);
    }
  }
}

double accuracy(pollard::Engine& engine, pollard::BatchLoader& loader) {
  (void)engine.take_meters();  // of the training
  loader.start(0);
  for (pollard::Batch batch; loader.next(batch);) engine.evaluate(batch);
  return engine.take_meters().top1;
}

void write_dense(const std::filesystem::path& file, Loaders& loaders) {
  const pollard::Graph graph = pollard::build_network("lenet5", {1, 28, 28}, 10);
  const auto engine = pollard::make_torch_engine(graph, {});
  engine->load_state(pollard::initialize(graph, 1, pollard::Initialization::Kaiming));
  train(*engine, loaders.train, 2);
  pollard::write_onnx(file, graph, engine->state());
}

// Fails here rather than in the middle of an epoch.
void check(const pollard::Graph& graph, const pollard::Dataset& data) {
  if (graph.input_shape() == data.image_shape() && graph.classes() == data.classes()) return;
  throw pollard::Error(pollard::ErrorCode::Input,
                       graph.name() + ": expected a network for 10 classes of 1x28x28 pixels");
}

pollard::HostTensor predictions(pollard::Engine& engine, pollard::BatchLoader& loader) {
  pollard::Batch batch;
  loader.start(0);
  loader.next(batch);
  return engine.predict(batch);
}

int run(std::filesystem::path file) {
  at::set_num_threads(1);
  const pollard::DataSplits data = pollard::load_dataset("fashion-mnist", "", 10'000);
  Loaders loaders(data);
  if (file.empty()) write_dense(file = "dense.onnx", loaders);

  pollard::OnnxModel model = pollard::read_onnx(file, data.train->image_shape());
  check(model.graph, *data.train);
  pollard::MaskSet masks = pollard::MaskSet::dense(model.graph);
  const auto engine = pollard::make_sparse_engine(model.graph, masks.to_tensors(), {.threads = 1});
  engine->load_state(model.state);
  std::printf("read %-12s %.1f %%\n", file.c_str(), accuracy(*engine, loaders.test));

  pollard::prune_global(masks, model.state, pollard::kept_at(masks.size(), 0.9));
  engine->set_masks(masks.to_tensors());  // zeroes the weights now, sgd_step keeps them so
  const pollard::Sparsity sparsity = pollard::measure_sparsity(model.graph, masks);
  std::printf("pruned to %.0f %%    %.1f %%\n", 100 * sparsity.prunable,
              accuracy(*engine, loaders.test));
  for (const pollard::LayerSparsity& layer : sparsity.layers) {
    std::printf("  %-14s %6lld of %6lld weights left\n", layer.name.c_str(),
                static_cast<long long>(layer.kept), static_cast<long long>(layer.of));
  }

  train(*engine, loaders.train, 1);
  const double top1 = accuracy(*engine, loaders.test);
  std::printf("retrained         %.1f %%\n", top1);

  const pollard::OnnxReport report = pollard::write_onnx(
      "pruned.onnx", model.graph, engine->state(),
      {.sparse = pollard::SparseInitializers::Auto,
       .metadata = {{"origin", file.string()},
                    {"sparsity", std::to_string(sparsity.prunable)},
                    {"top-1 on Fashion-MNIST, percent", std::to_string(top1)}}});
  std::printf("pruned.onnx: %lld bytes, %lld of %lld weights\n",
              static_cast<long long>(report.bytes), static_cast<long long>(report.nonzeros),
              static_cast<long long>(report.weights));

  const pollard::OnnxModel again = pollard::read_onnx("pruned.onnx");
  for (const auto& [key, value] : again.metadata)
    std::printf("  %s: %s\n", key.c_str(), value.c_str());
  const auto reader = pollard::make_sparse_engine(
      again.graph, pollard::masks_of_zeros(again.graph, again.state).to_tensors(), {.threads = 1});
  reader->load_state(again.state);
  const bool same = predictions(*reader, loaders.test) == predictions(*engine, loaders.test);
  std::printf("read again, it predicts %s\n", same ? "the same" : "something else");
  return same ? 0 : 1;
}

int main(int argc, char** argv) {
  try {
    return run(argc > 1 ? argv[1] : "");
  } catch (const pollard::Error& error) {
    std::cerr << pollard::one_line(error) << '\n';
    return pollard::exit_status(error.code());
  }
}
