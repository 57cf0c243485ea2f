// From a configuration to the things it names.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/parameters.h"
#include "pollard/batches.h"
#include "pollard/dataset.h"
#include "pollard/engine.h"
#include "pollard/graph.h"
#include "pollard/networks.h"
#include "pollard/progress.h"
#include "pollard/schedule.h"
#include "pollard/sgd.h"

namespace pollard {

[[nodiscard]] DataSplits make_data(const Config& config, Progress& progress = silent_progress());
/// Throws Error{Io} where there are only images to test with.
void require_training_images(const Config& config, const DataSplits& data);
/// Names the images that could not be used so far, if any.
void warn_of_problems(const Dataset& data, Progress& progress);
/// Whether `model` is an ONNX file rather than a network that has a name.
[[nodiscard]] bool model_is_a_file(const Config& config);
/// With the weights that may be pruned (prune.include, prune.exclude). Throws Error{Config} where
/// the network of a file is not one for these images and classes.
[[nodiscard]] Graph make_graph(const Config& config, const ImageFormat& images);
[[nodiscard]] Graph make_graph(const Config& config, const Dataset& data);
/// The same without images, where data.path names none: for those that the data set is published
/// with.
[[nodiscard]] Graph make_graph_alone(const Config& config);
[[nodiscard]] std::unique_ptr<Engine> make_engine(const Config& config, const Graph& graph);
/// That computes with the weights that `masks` leave. Throws Error{Config} naming what it cannot
/// train.
[[nodiscard]] std::unique_ptr<Engine> make_sparse_engine(const Config& config, const Graph& graph,
                                                         const TensorMap& masks);
[[nodiscard]] TensorMap make_initial_state(const Config& config, const Graph& graph);

[[nodiscard]] BatchSettings train_batches(const Config& config, const Dataset& data);
/// As for training, but without augmentation.
[[nodiscard]] BatchSettings recalibration_batches(const Config& config, const Dataset& data);
/// In order, no augmentation, larger batches.
[[nodiscard]] BatchSettings test_batches(const Config& config, const Dataset& data);

/// Whether train.method prunes while it trains; dense training leaves that to the prune stages.
[[nodiscard]] bool prunes_in_training(const Config& config);

[[nodiscard]] SgdSettings make_sgd(const Config& config);
/// Of the dense part: train.dense_epochs, or where that is 0 (IMP+) train.epochs.
[[nodiscard]] std::int64_t dense_epochs(const Config& config);
/// The rates of dense training, whether it runs or not.
[[nodiscard]] LearningRates original_rates(const Config& config, std::int64_t iterations_per_epoch);
[[nodiscard]] RetrainingSchedule make_retraining(const Config& config,
                                                 std::optional<PruneDrop> drop = {});
/// Whether the retraining of this cycle (from 1) depends on what its pruning took away: with allr,
/// in every cycle or in the last alone (retrain.allr_cycles).
[[nodiscard]] bool wants_drop(const Config& config, std::int64_t cycle, std::int64_t cycles);
[[nodiscard]] LearningRates retrain_rates(const Config& config, std::int64_t iterations_per_epoch,
                                          std::int64_t epochs, std::optional<PruneDrop> drop = {});

/// The weights that `weights` names, matched to the graph, and the hash of their content.
struct ImportedWeights {
  TensorMap state;
  std::string hash;
};
[[nodiscard]] ImportedWeights import_weights(const Config& config, const Graph& graph);

/// What a file of this network says of itself: model, dataset, input, classes, and the mean and
/// stddev that it expects pixels to be normalised with.
[[nodiscard]] std::map<std::string, std::string> network_notes(const Config& config,
                                                               const Graph& graph);

}  // namespace pollard
