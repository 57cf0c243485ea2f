#include "experiment/parameters.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiment/retraining_parameters.h"
#include "experiment/speed_parameters.h"
#include "method/registry.h"
#include "pollard/allocation.h"
#include "pollard/batches.h"
#include "pollard/dataset.h"
#include "pollard/error.h"
#include "pollard/networks.h"
#include "pollard/schedule.h"

namespace pollard {
namespace {

std::vector<std::string> with(std::string first, std::vector<std::string> rest) {
  rest.insert(rest.begin(), std::move(first));
  return rest;
}

std::string text(std::string_view value) { return std::string(value); }
std::int64_t whole(std::int64_t value) { return value; }

std::vector<std::string> wide_networks() {
  std::vector<std::string> names = network_names();
  std::erase_if(names, [](const std::string& name) { return !name.starts_with("wrn-"); });
  return names;
}

void add_general(ParameterTable& table) {
  table.add({.key = "model",
             .fallback = text("resnet20"),
             .unit = "",
             .help = "The network; docs/networks.md says what each is. Of an ONNX file: the "
                     "network in it, without its weights (docs/onnx.md).",
             .choices = network_names(),
             .file_ending = ".onnx"});
  table.add(
      {.key = "weights",
       .fallback = text(""),
       .unit = "file",
       .help = "Start from these weights (safetensors, ONNX, or PyTorch's .pt, .pth, .th) instead "
               "of training a dense network."});
  table.add({.key = "initialization",
             .fallback = text("pytorch"),
             .unit = "",
             .help = "How weights start: PyTorch's defaults, He et al.'s normal distribution by "
                     "inputs or by outputs, or Glorot and Bengio's uniform one with gain sqrt 2; "
                     "the last two are for convolutions only.",
             .choices = initialization_names()});
  table.add({.key = "seed",
             .fallback = whole(1),
             .unit = "",
             .help = "Seed of everything random; initialisation, order, augmentation and dropout "
                     "have streams of their own.",
             .minimum = 0});
  table.add({.key = "out",
             .fallback = text(""),
             .unit = "folder",
             .help = "Folder of the run. Empty: runs/ and the name of the configuration file, or "
                     "of model and data, with -train, -prune or -retrain for those verbs.",
             .identity = false});
  table.add({.key = "store",
             .fallback = text(""),
             .unit = "folder",
             .help = "Where finished stages are kept for all runs and sweeps: none is computed "
                     "twice. Empty: nowhere; a sweep takes runs/store then (docs/sweeps.md).",
             .identity = false});
  table.add({.key = "device",
             .fallback = text("cpu"),
             .unit = "",
             .help = "Where the network runs: cpu, cuda or cuda:N."});
  table.add({.key = "threads",
             .fallback = whole(0),
             .unit = "threads",
             .help = "Threads of the network; 0 takes all that the process may use.",
             .minimum = 0,
             .maximum = 1024,
             .identity = false,
             .last_bits = true});
  table.add({.key = "channels_last",
             .fallback = true,
             .unit = "",
             .help = "Keep images as N,H,W,C in memory (faster for convolutions)."});
  table.add({.key = "fused",
             .fallback = true,
             .unit = "",
             .help = "Batch norm, addition and ReLU in one pass on the CPU."});
  table.add({.key = "amp",
             .fallback = false,
             .unit = "",
             .help = "Convolutions and linear layers of training steps in bfloat16; faster where "
                     "the hardware has it. Evaluation stays in float32."});
}

void add_data(ParameterTable& table) {
  table.add({.key = "data",
             .fallback = text("fashion-mnist"),
             .unit = "",
             .help = "The data set.",
             .choices = dataset_names()});
  table.add({.key = "data.path",
             .fallback = text(""),
             .unit = "path",
             .help =
                 "Where its files are: a folder, for CIFAR also the .tar.gz as downloaded. Empty: "
                 "Debian's place, for fashion-mnist.",
             .identity = false});
  table.add({.key = "data.limit",
             .fallback = whole(0),
             .unit = "images",
             .help = "Train on the first so many images only, for trials (of pictures on some of "
                     "every class); 0 takes all.",
             .minimum = 0});
  table.add({.key = "data.validation",
             .fallback = 0.0,
             .unit = "images",
             .help =
                 "Hold out so many training images, or this part of them if below 1, always the "
                 "same ones: what happens in a run is then measured on them, and the test set "
                 "is read once, at the end. 0: none are held out.",
             .minimum = 0});
  std::vector<std::string> names = dataset_names();
  std::erase_if(names, [](const std::string& name) { return !holds_pictures(name); });
  const OnlyWith pictures{"data", std::move(names)};
  table.add({.key = "data.image_size",
             .fallback = whole(224),
             .unit = "pixels",
             .help = "The side of the square that networks see of a picture.",
             .minimum = 1,
             .maximum = 4096,
             .only_with = pictures});
  table.add({.key = "data.resize",
             .fallback = whole(256),
             .unit = "pixels",
             .help =
                 "For tests the shorter side gets so many before the middle is cut out; no less "
                 "than data.image_size.",
             .minimum = 1,
             .maximum = 4096,
             .only_with = pictures});
  table.add({.key = "data.cache",
             .fallback = text(""),
             .unit = "folder",
             .help =
                 "Keep the pictures decoded there, with data.resize pixels on the shorter side, "
                 "for all further epochs and runs. Training then sees parts of these instead of "
                 "the files. Empty: decode each time.",
             .only_with = pictures,
             .identity = false});
  table.add(
      {.key = "data.normalization",
       .fallback = text("auto"),
       .unit = "",
       .help = "Whose mean and standard deviation normalise the images; auto: the data set's own.",
       .choices = with("auto", normalization_names())});
  table.add({.key = "data.augmentation",
             .fallback = text("auto"),
             .unit = "",
             .help = "auto: what is usual (CIFAR: crop with padding 4 and flip, CIFAR-100 also "
                     "rotation by 15 degrees; "
                     "fashion-mnist: crop with padding 2 and flip; mnist: crop with padding 2; "
                     "pictures: a random part of 8 to 100 % of the area, and flip).",
             .choices = {"auto", "none", "custom"}});
  const OnlyWith custom{"data.augmentation", {"custom"}};
  table.add({.key = "data.crop_padding",
             .fallback = whole(0),
             .unit = "pixels",
             .help = "Random crop after zero padding of every side.",
             .minimum = 0,
             .maximum = 64,
             .only_with = custom});
  table.add({.key = "data.flip",
             .fallback = false,
             .unit = "",
             .help = "Random horizontal flip.",
             .only_with = custom});
  table.add({.key = "data.rotation",
             .fallback = 0.0,
             .unit = "degrees",
             .help = "Random rotation up to this angle either way.",
             .minimum = 0,
             .maximum = 180,
             .only_with = custom});
  table.add({.key = "data.smallest_part",
             .fallback = 0.0,
             .unit = "fraction",
             .help = "Random parts of pictures, of this part of their area or more; 0: their "
                     "middle. For imagefolder and imagenet.",
             .minimum = 0,
             .maximum = 1,
             .only_with = custom});
  table.add({.key = "data.loader_threads",
             .fallback = whole(1),
             .unit = "threads",
             .help = "Threads that prepare batches ahead; 0: none. Batches do not depend on it.",
             .minimum = 0,
             .maximum = 256,
             .identity = false});
}

void add_train(ParameterTable& table) {
  table.add({.key = "train.method",
             .fallback = text("dense"),
             .unit = "",
             .help = "The method that trains.",
             .choices = method_names()});
  table.add({.key = "train.epochs",
             .fallback = whole(160),
             .unit = "epochs",
             .help = "Length of dense training. With weights= it still sets the original schedule "
                     "that retraining derives from.",
             .minimum = 1,
             .maximum = 100000});
  table.add({.key = "train.dense_epochs",
             .fallback = whole(0),
             .unit = "epochs",
             .help = "IMP within the regular budget: dense training, its schedule shortened, takes "
                     "so many of train.epochs; retraining shares out the rest evenly over the "
                     "cycles (with train.schedule=linear and retrain.schedule=llr: BIMP). 0: IMP+, "
                     "retrain.epochs on top of train.epochs.",
             .minimum = 0,
             .maximum = 100000});
  table.add({.key = "train.batch_size",
             .fallback = whole(128),
             .unit = "images",
             .help = "Images a step, in training and retraining.",
             .minimum = 1,
             .maximum = 1 << 20});
  table.add({.key = "train.lr",
             .fallback = 0.1,
             .unit = "",
             .help = "The largest learning rate.",
             .minimum = 0,
             .minimum_open = true});
  table.add({.key = "train.schedule",
             .fallback = text("step"),
             .unit = "",
             .help = "How the learning rate falls.",
             .choices = dense_schedule_names()});
  table.add({.key = "train.milestones",
             .fallback = std::vector<double>{0.5, 0.75},
             .unit = "fractions of the training",
             .help = "Where the rate drops.",
             .minimum = 0,
             .maximum = 1,
             .only_with = OnlyWith{"train.schedule", {"step"}}});
  table.add({.key = "train.gamma",
             .fallback = 0.1,
             .unit = "",
             .help = "The factor of each drop.",
             .minimum = 0,
             .maximum = 1,
             .minimum_open = true,
             .only_with = OnlyWith{"train.schedule", {"step"}}});
  table.add({.key = "train.rise",
             .fallback = 0.3,
             .unit = "fraction of the training",
             .help = "How long the rate rises.",
             .minimum = 0,
             .maximum = 1,
             .maximum_open = true,
             .only_with = OnlyWith{"train.schedule", {"onecycle"}}});
  table.add({.key = "train.warmup",
             .fallback = 0.0,
             .unit = "epochs",
             .help = "Linear warm-up from 0, counted into train.epochs.",
             .minimum = 0,
             .only_with = OnlyWith{"train.schedule", {"step", "linear", "cosine", "constant"}}});
  table.add({.key = "train.momentum",
             .fallback = 0.9,
             .unit = "",
             .help = "Momentum of SGD.",
             .minimum = 0,
             .maximum = 1,
             .maximum_open = true});
  table.add(
      {.key = "train.nesterov", .fallback = true, .unit = "", .help = "Nesterov's momentum."});
  table.add({.key = "train.weight_decay",
             .fallback = 2e-4,
             .unit = "",
             .help = "Weight decay, in training and retraining.",
             .minimum = 0});
  table.add({.key = "train.decay_all",
             .fallback = true,
             .unit = "",
             .help = "Decay biases and batch norm too, as PyTorch does by default."});
  table.add({.key = "train.label_smoothing",
             .fallback = 0.0,
             .unit = "",
             .help = "Label smoothing of the training loss (test losses too).",
             .minimum = 0,
             .maximum = 1,
             .maximum_open = true});
  table.add({.key = "train.sync_batch_norm",
             .fallback = false,
             .unit = "",
             .help = "On several processes: batch norm in training takes the mean and variance of "
                     "the whole batch, as one process does, not of each process's share."});
  table.add({.key = "train.peer_timeout",
             .fallback = whole(30),
             .unit = "seconds",
             .help = "On several processes: how long one waits for the others before it gives up.",
             .minimum = 1,
             .maximum = 86400,
             .identity = false});
  add_training_engine(table);
  std::vector<std::string> wide = wide_networks();
  table.add({.key = "train.dropout",
             .fallback = -1.0,
             .unit = "fraction",
             .help = "Dropout within the wide networks' blocks, or before mobilenet-v2's linear "
                     "layer; -1: what the network has.",
             .minimum = -1,
             .maximum = 1,
             .maximum_open = true,
             .only_with = OnlyWith{"model", with("mobilenet-v2", wide)}});
  table.add({.key = "train.last_momentum",
             .fallback = -1.0,
             .unit = "fraction",
             .help = "Share of a batch in the running statistics of the wide networks' last batch "
                     "norm; -1: what the network has.",
             .minimum = -1,
             .maximum = 1,
             .only_with = OnlyWith{"model", std::move(wide)}});
}

void add_pruning(ParameterTable& table) {
  table.add(
      {.key = "prune.sparsity",
       .fallback = 0.9,
       .unit = "fraction",
       .help = "Zeros among the prunable weights at the end (all convolutions and linear layers).",
       .minimum = 0,
       .maximum = 1,
       .maximum_open = true});
  table.add(
      {.key = "prune.cycles",
       .fallback = whole(1),
       .unit = "cycles",
       .help =
           "Prune and retrain so many times; each cycle removes the same fraction of what is left. "
           "0: as many as it takes with prune.rate (Renda et al.).",
       .minimum = 0,
       .maximum = 1000});
  table.add({.key = "prune.rate",
             .fallback = 0.2,
             .unit = "fraction",
             .help = "What each cycle removes of the weights that are left; the last one lands on "
                     "prune.sparsity or a little above.",
             .minimum = 0,
             .maximum = 1,
             .minimum_open = true,
             .maximum_open = true,
             .only_with = OnlyWith{"prune.cycles", {"0"}}});
  table.add(
      {.key = "prune.allocation",
       .fallback = text("global"),
       .unit = "",
       .help = "How sparsity is spread over the layers. global: one threshold for all weights; "
               "uniform: every layer alike; uniform+: but the first convolution dense and the last "
               "linear layer at most 80 % sparse; erk: more of small layers; lamp: by magnitude "
               "relative to the layer's larger weights; random: no matter which weights.",
       .choices = allocation_names()});
  table.add({.key = "prune.include",
             .fallback = text(""),
             .unit = "patterns",
             .help = "Prune these weights only: names, separated by commas, with * for any "
                     "characters and ? for one. Empty: all of convolutions and linear layers. "
                     "Sparsity counts the weights that may be pruned."});
  table.add({.key = "prune.exclude",
             .fallback = text(""),
             .unit = "patterns",
             .help = "Leave these weights dense, of those that prune.include names."});
  table.add({.key = "retrain.epochs",
             .fallback = whole(30),
             .unit = "epochs",
             .help = "Length of each cycle's retraining; 0: none.",
             .minimum = 0,
             .maximum = 100000,
             .only_with = OnlyWith{"train.dense_epochs", {"0"}}});
  add_retraining_rates(table);
  table.add({.key = "retrain.reset_momentum",
             .fallback = false,
             .unit = "",
             .help = "Start every cycle's retraining with zero momentum; off: only the first."});
  add_retraining_engine(table);
}

void add_recalibration(ParameterTable& table) {
  table.add({.key = "recalibrate.batches",
             .fallback = whole(0),
             .unit = "batches",
             .help = "Estimate batch norm's running statistics anew over so many training batches, "
                     "as a stage of its own; 0: never.",
             .minimum = 0,
             .maximum = 1 << 20});
  table.add({.key = "recalibrate.after",
             .fallback = text("prune"),
             .unit = "",
             .help = "When: after each pruning, after each retraining, or both.",
             .choices = {"prune", "retrain", "both"}});
}

void add_books(ParameterTable& table) {
  table.add({.key = "checkpoint.interval",
             .fallback = 60.0,
             .unit = "seconds",
             .help = "Time between checkpoints within a stage; one is also written at the end of "
                     "every stage and on SIGINT or SIGTERM.",
             .minimum = 0,
             .identity = false});
  table.add({.key = "metrics.interval",
             .fallback = whole(50),
             .unit = "steps",
             .help = "Steps between records of the training loss.",
             .minimum = 1,
             .identity = false});
}

ParameterTable declare() {
  ParameterTable table;
  add_general(table);
  add_data(table);
  add_train(table);
  declare_methods(table);
  add_pruning(table);
  add_recalibration(table);
  add_books(table);
  return table;
}

}  // namespace

const ParameterTable& parameter_table() {
  static const ParameterTable table = declare();
  return table;
}

const ParameterTable& all_parameters() {
  static const ParameterTable table = [] {
    ParameterTable all = declare();
    add_speed_parameters(all);
    return all;
  }();
  return table;
}

std::string_view group_of(std::string_view key) { return key.substr(0, key.find('.')); }

void check_read_by(const Config& config, std::string_view verb,
                   std::span<const std::string_view> groups) {
  for (const std::string& key : config.given_keys()) {
    if (std::ranges::find(groups, group_of(key)) != groups.end()) continue;
    refuse_without_effect(key, verb);
  }
}

void refuse_without_effect(std::string_view key, std::string_view verb) {
  throw Error(ErrorCode::Config, fmt::format("'{}' has no effect on `pollard {}`", key, verb),
              "leave it out");
}

}  // namespace pollard
