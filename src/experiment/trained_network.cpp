#include "experiment/trained_network.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "experiment/parameters.h"
#include "experiment/setup.h"
#include "pollard/accounting.h"
#include "pollard/error.h"
#include "pollard/masks.h"
#include "pollard/pytorch_file.h"
#include "pollard/safetensors.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;

/// "3x32x32" as three numbers; nothing where the text is not `count` positive numbers.
std::optional<std::vector<std::int64_t>> parse_sizes(std::string_view text, std::size_t count) {
  std::vector<std::int64_t> sizes;
  while (sizes.size() < count) {
    const std::string_view part = text.substr(0, text.find('x'));
    std::int64_t size = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), size);
    if (error != std::errc() || end != part.data() + part.size() || size < 1) return std::nullopt;
    sizes.push_back(size);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return text.empty() ? std::optional(sizes) : std::nullopt;
}

std::optional<ImageKind> noted_kind(const Notes& notes) {
  const auto input = notes.find("input"), classes = notes.find("classes");
  if (input == notes.end() || classes == notes.end()) return std::nullopt;
  const auto sizes = parse_sizes(input->second, 3), count = parse_sizes(classes->second, 1);
  if (!sizes || !count) return std::nullopt;
  return ImageKind{{(*sizes)[0], (*sizes)[1], (*sizes)[2]}, count->front()};
}

/// Files say what they hold; what the user gave counts more.
void take_noted(Config& config, const Notes& notes) {
  for (const auto& [key, name] : {std::pair("model", "model"), std::pair("data", "dataset")}) {
    if (!config.given(key) && notes.contains(name)) {
      config.apply(std::string(key) + "=" + notes.at(name));
    }
  }
}

/// True where that changed a weight.
bool mask_weights(const fs::path& path, const Graph& graph, TensorMap& state) {
  const TensorMap before = state, tensors = read_safetensors(path).tensors;
  try {
    apply_masks(MaskSet::from_tensors(graph, tensors), state);
  } catch (const Error& error) {
    throw Error(error.code(), path.string() + ": " + error.what(), error.hint());
  }
  return state != before;
}

}  // namespace

ImageKind image_kind(const Config& config, const Notes& notes) {
  if (const auto kind = noted_kind(notes)) return *kind;
  const std::string& data = config.text("data");
  if (data == "cifar10") return {{3, 32, 32}, 10};
  if (data == "cifar100") return {{3, 32, 32}, 100};
  const DataSplits splits = make_data(config);
  return {splits.test->image_shape(), splits.test->classes()};
}

Notes network_notes(const Config& config, const ImageKind& images) {
  const Normalization pixels = make_normalization(config, images.shape.channels);
  return {{"model", config.text("model")},
          {"dataset", config.text("data")},
          {"input",
           fmt::format("{}x{}x{}", images.shape.channels, images.shape.height, images.shape.width)},
          {"classes", std::to_string(images.classes)},
          {"mean", fmt::format("{}", fmt::join(pixels.mean, ","))},
          {"stddev", fmt::format("{}", fmt::join(pixels.stddev, ","))}};
}

TrainedNetwork load_trained(Config config, const fs::path& masks) {
  const fs::path path = config.text("weights");
  if (path.empty()) {
    throw Error(ErrorCode::Config, "weights is empty: there is no network to take",
                "give weights=FILE, or the folder of a run");
  }
  Notes noted = read_weights(path).metadata;
  take_noted(config, noted);
  const ImageKind images = image_kind(config, noted);
  Graph graph = make_graph(config, images.shape, images.classes);
  TensorMap state = import_weights(config, graph).state;
  if (!masks.empty() && mask_weights(masks, graph, state)) noted.erase("test_top1");

  Notes notes = network_notes(config, images);
  notes.emplace("sparsity", fmt::format("{}", measure_sparsity(graph, state).prunable));
  for (const char* key : {"source", "seed", "test_top1"}) {
    if (noted.contains(key)) notes.emplace(key, noted.at(key));
  }
  return {std::move(graph), std::move(state), std::move(notes)};
}

Config finished_run(const fs::path& folder) {
  const fs::path weights = folder / "model.safetensors", settings = folder / "config.toml";
  for (const fs::path& file : {settings, weights}) {
    if (fs::exists(file)) continue;
    throw Error(ErrorCode::Input,
                fmt::format("'{}' holds no {}: no run has ended there", folder.string(),
                            file.filename().string()),
                "give the folder of a run, such as runs/quickstart");
  }
  Config config(parameter_table());
  config.read_toml(settings);
  config.apply("weights=" + weights.string());
  return config;
}

}  // namespace pollard
