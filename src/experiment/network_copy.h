// The network of a run that takes it from a user's ONNX file is kept in the run's folder, as
// network.onnx with the weights that the run starts from: the run goes on and can be used without
// the file, wherever that is by then and whatever it has become.
#pragma once

#include <filesystem>
#include <string>

#include "core/parameters.h"
#include "pollard/graph.h"

namespace pollard {

/// Where `model` is a file and the folder has its copy: the configuration with the copy in the
/// file's place, for the weights too if they were of the same file. Else as it is.
[[nodiscard]] Config with_network_of(Config config, const std::filesystem::path& folder);

/// Unless the folder has it.
void keep_network(const std::filesystem::path& folder, const Graph& graph, const TensorMap& state);

/// The network as a file of its weights notes it: its name, or that of the copy beside the weights.
[[nodiscard]] std::string model_note(const Config& config);
/// What to take for `model` where a file of weights has this note.
[[nodiscard]] std::string noted_model(const std::string& note,
                                      const std::filesystem::path& weights);

}  // namespace pollard
