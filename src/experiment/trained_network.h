// A trained network as verbs take it that write or show it: from weights= and model=, or from a
// run's folder. Its images are not needed, only their size.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/parameters.h"
#include "pollard/graph.h"

namespace pollard {

using Notes = std::map<std::string, std::string>;

/// What the images are that a network is made for.
struct ImageKind {
  ImageShape shape;
  std::int64_t classes = 0;
};
/// As the notes of a weights file tell, or the name of the data set; else from the data set's
/// files.
[[nodiscard]] ImageKind image_kind(const Config& config, const Notes& notes);

/// Notes for a file of weights, so that it can be used without the data set: model, dataset,
/// input ("3x32x32"), classes, mean and stddev (of pixels in [0, 1], a number per channel).
[[nodiscard]] Notes network_notes(const Config& config, const ImageKind& images);

struct TrainedNetwork {
  Graph graph;
  TensorMap state;
  Notes notes;  // of the weights file; network_notes; sparsity
};
/// The network of weights=; what its file notes (model, dataset) counts where `config` was not
/// given it. `masks`: a file, "" for none. Throws Error{Input} naming what does not fit.
[[nodiscard]] TrainedNetwork load_trained(Config config, const std::filesystem::path& masks = {});

/// The configuration of the finished run in `folder`, weights= being its final weights.
[[nodiscard]] Config finished_run(const std::filesystem::path& folder);

}  // namespace pollard
