#include "experiment/network_copy.h"

#include "experiment/setup.h"
#include "pollard/onnx_file.h"

namespace pollard {

namespace fs = std::filesystem;

namespace {

constexpr const char* kCopy = "network.onnx";

}  // namespace

Config with_network_of(Config config, const fs::path& folder) {
  const fs::path copy = folder / kCopy;
  std::error_code ignored;
  if (!model_is_a_file(config) || !fs::exists(copy, ignored)) return config;
  if (config.text("weights") == config.text("model")) config.apply("weights=" + copy.string());
  config.apply("model=" + copy.string());
  return config;
}

void keep_network(const fs::path& folder, const Graph& graph, const TensorMap& state) {
  if (!fs::exists(folder / kCopy)) write_onnx(folder / kCopy, graph, state);
}

std::string model_note(const Config& config) {
  return model_is_a_file(config) ? kCopy : config.text("model");
}

// A file is not trusted to name one elsewhere.
std::string noted_model(const std::string& note, const fs::path& weights) {
  return is_named_as_onnx(note) ? (weights.parent_path() / fs::path(note).filename()).string()
                                : note;
}

}  // namespace pollard
