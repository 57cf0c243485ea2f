#include "experiment/setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/finite.h"
#include "core/hash.h"
#include "experiment/network_copy.h"
#include "graph/select_prunable.h"
#include "pollard/error.h"
#include "pollard/onnx_file.h"
#include "pollard/pytorch_file.h"
#include "pollard/sparse_engine.h"
#include "pollard/torch_engine.h"

namespace pollard {
namespace {

constexpr std::int64_t kTestBatch = 256;

Normalization chosen_normalization(const Config& config, std::int64_t channels) {
  const std::string& name = config.text("data.normalization");
  const std::string& own = holds_pictures(config.text("data")) ? "imagenet" : config.text("data");
  return normalization(name == "auto" ? own : name, channels);
}

Augmentation chosen_augmentation(const Config& config) {
  const std::string& choice = config.text("data.augmentation");
  if (choice == "none") return {};
  if (choice == "custom") {
    return {config.integer("data.crop_padding"), config.flag("data.flip"),
            config.real("data.rotation"), config.real("data.smallest_part")};
  }
  const std::string& data = config.text("data");
  if (holds_pictures(config.text("data"))) return {0, true, 0, 0.08};
  if (data == "cifar100") return {4, true, 15, 0};
  if (data == "cifar10") return {4, true, 0, 0};
  if (data == "fashion-mnist") return {2, true, 0, 0};
  return {2, false, 0, 0};  // digits have a left and a right
}

// The network of a file must be one for these images.
Graph read_network(const Config& config, const ImageFormat& images) {
  const std::string& path = config.text("model");
  Graph graph = read_onnx(path, images.shape).graph;
  const auto refuse = [&](const std::string& problem) {
    throw Error(ErrorCode::Config, fmt::format("{}: {}", path, problem),
                "choose another data set, or export the network for this one");
  };
  const std::string& data = config.text("data");
  if (const ImageShape shape = graph.input_shape(); shape != images.shape) {
    refuse(fmt::format("the network takes images of {}x{}x{}, but those of {} have {}x{}x{}",
                       shape.channels, shape.height, shape.width, data, images.shape.channels,
                       images.shape.height, images.shape.width));
  }
  const Shape& output = graph.shape(graph.output());
  if (output.size() != 2 || output[1] != images.classes) {
    refuse(fmt::format("the network's output is {} an image, but {} has {} classes",
                       to_string(Shape(output.begin() + 1, output.end())), data, images.classes));
  }
  return graph;
}

void require_finite(const TensorMap& state, const std::string& origin) {
  if (const std::string* name = find_not_finite(state); name != nullptr) {
    throw Error(ErrorCode::Input,
                origin + ": tensor '" + *name + "' has values that are not finite",
                "look for a diverged training or a damaged file");
  }
}

TensorMap read_state(const std::string& path, const Graph& graph) {
  if (is_named_as_onnx(path)) return read_onnx(path, graph.input_shape()).state;
  return read_weights(path).tensors;
}

}  // namespace

bool model_is_a_file(const Config& config) { return is_named_as_onnx(config.text("model")); }

DataSplits make_data(const Config& config, Progress& progress) {
  return load_dataset({.name = config.text("data"),
                       .path = config.text("data.path"),
                       .limit = config.integer("data.limit"),
                       .validation = config.real("data.validation"),
                       .image_size = config.integer("data.image_size"),
                       .resize = config.integer("data.resize"),
                       .cache = config.text("data.cache")},
                      progress);
}

void require_training_images(const Config& config, const DataSplits& data) {
  if (data.train->size() > 0) return;
  throw Error(ErrorCode::Io, "there are no training images in '" + config.text("data.path") + "'",
              "expected a folder train/ with one folder a class");
}

void warn_of_problems(const Dataset& data, Progress& progress) {
  constexpr std::size_t kMostNamed = 20;
  const std::vector<std::string> problems = data.problems();
  if (problems.empty()) return;
  progress.warn(std::to_string(problems.size()) +
                (problems.size() == 1 ? " image is" : " images are") + " left out:");
  for (std::size_t i = 0; i < std::min(kMostNamed, problems.size()); ++i)
    progress.warn("  " + problems[i]);
  if (problems.size() > kMostNamed)
    progress.warn("  and " + std::to_string(problems.size() - kMostNamed) + " more");
}

Graph make_graph(const Config& config, const ImageFormat& images) {
  const auto chosen = [&config](std::string_view key) {
    const double value = config.real(key);
    return value == -1 ? std::nullopt : std::optional(value);
  };
  const NetworkSettings settings{chosen("train.dropout"), chosen("train.last_momentum")};
  Graph graph = model_is_a_file(config)
                    ? read_network(config, images)
                    : build_network(config.text("model"), images.shape, images.classes, settings);
  select_prunable(graph, config.text("prune.include"), config.text("prune.exclude"));
  return graph;
}

Graph make_graph(const Config& config, const Dataset& data) {
  return make_graph(config, ImageFormat{data.image_shape(), data.classes()});
}

Graph make_graph_alone(const Config& config) {
  if (config.text("data.path").empty())
    return make_graph(config, dataset_format(config.text("data")));
  return make_graph(config, *make_data(config).test);
}

std::unique_ptr<Engine> make_engine(const Config& config, const Graph& graph) {
  return make_torch_engine(graph, {.device = config.text("device"),
                                   .channels_last = config.flag("channels_last"),
                                   .fused = config.flag("fused"),
                                   .label_smoothing = config.real("train.label_smoothing"),
                                   .amp = config.flag("amp")});
}

std::unique_ptr<Engine> make_sparse_engine(const Config& config, const Graph& graph,
                                           const TensorMap& masks) {
  return make_sparse_engine(graph, masks,
                            {.threads = static_cast<int>(config.integer("threads")),
                             .label_smoothing = config.real("train.label_smoothing")});
}

TensorMap make_initial_state(const Config& config, const Graph& graph) {
  return initialize(graph, static_cast<std::uint64_t>(config.integer("seed")),
                    initialization_of(config.text("initialization")));
}

BatchSettings train_batches(const Config& config, const Dataset& data) {
  return {.batch_size = config.integer("train.batch_size"),
          .shuffle = true,
          .drop_last = false,
          .augmentation = chosen_augmentation(config),
          .normalization = chosen_normalization(config, data.image_shape().channels),
          .seed = static_cast<std::uint64_t>(config.integer("seed")),
          .threads = static_cast<int>(config.integer("data.loader_threads"))};
}

BatchSettings recalibration_batches(const Config& config, const Dataset& data) {
  BatchSettings settings = train_batches(config, data);
  settings.augmentation = {};
  return settings;
}

BatchSettings test_batches(const Config& config, const Dataset& data) {
  BatchSettings settings = train_batches(config, data);
  settings.batch_size = kTestBatch;
  settings.shuffle = false;
  settings.augmentation = {};
  return settings;
}

bool prunes_in_training(const Config& config) { return config.text("train.method") != "dense"; }

SgdSettings make_sgd(const Config& config) {
  return {.momentum = config.real("train.momentum"),
          .nesterov = config.flag("train.nesterov"),
          .weight_decay = config.real("train.weight_decay"),
          .decay_all = config.flag("train.decay_all")};
}

std::int64_t dense_epochs(const Config& config) {
  const std::int64_t restricted = config.integer("train.dense_epochs");
  return restricted > 0 ? restricted : config.integer("train.epochs");
}

LearningRates original_rates(const Config& config, std::int64_t iterations_per_epoch) {
  return dense_rates({.kind = config.text("train.schedule"),
                      .rate = config.real("train.lr"),
                      .milestones = config.list("train.milestones"),
                      .gamma = config.real("train.gamma"),
                      .warmup_epochs = config.real("train.warmup"),
                      .rise = config.real("train.rise")},
                     dense_epochs(config), iterations_per_epoch);
}

RetrainingSchedule make_retraining(const Config& config, std::optional<PruneDrop> drop) {
  return {.kind = config.text("retrain.schedule"),
          .warmup = config.real("retrain.warmup"),
          .warmup_from = config.real("retrain.warmup_from"),
          .rate = config.real("retrain.lr"),
          .end_rate = config.real("retrain.end_lr"),
          .milestones = config.list("retrain.milestones"),
          .gamma = config.real("retrain.gamma"),
          .drop = drop};
}

bool wants_drop(const Config& config, std::int64_t cycle, std::int64_t cycles) {
  return config.text("retrain.schedule") == "allr" &&
         (config.text("retrain.allr_cycles") == "all" || cycle == cycles);
}

LearningRates retrain_rates(const Config& config, std::int64_t iterations_per_epoch,
                            std::int64_t epochs, std::optional<PruneDrop> drop) {
  return retraining_rates(make_retraining(config, drop),
                          original_rates(config, iterations_per_epoch),
                          epochs * iterations_per_epoch);
}

ImportedWeights import_weights(const Config& config, const Graph& graph) {
  const std::string& path = config.text("weights");
  ImportedWeights imported;
  try {
    imported.state = match_state(graph, read_state(path, graph), path);
  } catch (const Error& error) {
    if (!is_named_as_onnx(path) || model_is_a_file(config)) throw;
    throw Error(error.code(), error.what(),
                "weights= takes them by name for the network " + config.text("model") +
                    "; model=" + path + " takes the network from the file too");
  }
  require_finite(imported.state, path);
  Hasher hasher;
  for (const auto& [name, tensor] : imported.state) hasher.add(name).add(tensor.bytes);
  imported.hash = hasher.hex();
  return imported;
}

std::map<std::string, std::string> network_notes(const Config& config, const Graph& graph) {
  const auto [channels, height, width] = graph.input_shape();
  const Normalization pixels = chosen_normalization(config, channels);
  return {{"model", model_note(config)},
          {"dataset", config.text("data")},
          {"input", fmt::format("{}x{}x{}", channels, height, width)},
          {"classes", std::to_string(graph.classes())},
          {"mean", fmt::format("{}", fmt::join(pixels.mean, " "))},
          {"stddev", fmt::format("{}", fmt::join(pixels.stddev, " "))}};
}

}  // namespace pollard
