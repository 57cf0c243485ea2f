// `pollard export [RUN_FOLDER | config.toml] [key=value ...] --sparse FILE --onnx FILE
// --safetensors FILE`: a network as files for others.
//
// A sparse file is read back before it gets its name: it must hold the same network, and the sparse
// engine must give LibTorch's outputs with it. Beside each file goes a model card, FILE.md.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "core/files.h"
#include "experiment/environment.h"
#include "experiment/network_copy.h"
#include "experiment/parameters.h"
#include "experiment/run_folder.h"
#include "experiment/setup.h"
#include "graph/gzip_size.h"
#include "pollard/accounting.h"
#include "pollard/error.h"
#include "pollard/onnx_file.h"
#include "pollard/pytorch_file.h"
#include "pollard/torch_engine.h"
#include "report/model_card.h"
#include "sparse/network.h"
#include "sparse/plrd.h"
#include "speed/contender.h"
#include "verbs.h"

namespace pollard::app {
namespace {

namespace fs = std::filesystem;

constexpr double kMostDifference = 1e-4;  // of outputs, relative to the largest
constexpr std::int64_t kCheckImages = 33;

struct Exported {
  Graph graph;
  TensorMap state;
  sparse::Metadata notes;
};

// ---- where the network comes from ----

Config config_of_folder(const Arguments& arguments) {
  const fs::path &folder = arguments.file, weights = folder / "model.safetensors";
  std::error_code ignored;
  if (!fs::exists(weights, ignored)) {
    throw Error(ErrorCode::Input,
                "'" + folder.string() + "' holds no model.safetensors: no run has ended there",
                "give the folder of a run, or model= and weights=");
  }
  if (!arguments.config_file.empty()) {
    throw Error(ErrorCode::Usage, "there is a run's folder and '" + arguments.config_file.string() +
                                      "': give one of them");
  }
  constexpr std::string_view groups[] = {"data", "threads"};
  check_read_by(read_config(arguments), "export RUN_FOLDER", groups);
  Config config(parameter_table());
  config.read_toml(folder / "config.toml");
  for (const std::string& word : arguments.overrides) config.apply(word);
  config = with_network_of(std::move(config), folder);
  config.apply("weights=" + weights.string());
  return config;
}

Config config_of_settings(const Arguments& arguments) {
  Config config = read_config(arguments);
  constexpr std::string_view groups[] = {"model", "weights", "data", "prune", "threads"};
  check_read_by(config, "export", groups);
  if (config.text("weights").empty()) {
    throw Error(ErrorCode::Config, "weights is empty: there is nothing to export",
                "give weights=FILE, or the folder of a run");
  }
  return config;
}

// The shape of images, as our own files note it: "3x32x32".
std::optional<ImageShape> noted_shape(const sparse::Metadata& notes) {
  if (!notes.contains("input")) return {};
  const std::string& text = notes.at("input");
  std::int64_t sizes[3] = {};
  const char *at = text.data(), *end = at + text.size();
  for (int i = 0; i < 3; ++i) {
    const auto [next, error] = std::from_chars(at, end, sizes[i]);
    if (error != std::errc() || (i < 2) != (next != end)) return {};
    at = i < 2 && *next == 'x' ? next + 1 : next;
  }
  return ImageShape{sizes[0], sizes[1], sizes[2]};
}

std::optional<std::int64_t> noted_classes(const sparse::Metadata& notes) {
  std::int64_t classes = 0;
  if (!notes.contains("classes")) return {};
  const std::string& text = notes.at("classes");
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), classes);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return classes;
}

// The file knows its images, so that the data set need not be there.
Graph graph_of(const Config& config, const sparse::Metadata& notes) {
  const auto shape = noted_shape(notes);
  const auto classes = noted_classes(notes);
  const auto model = notes.find("model");
  if (!shape || !classes || model == notes.end() ||
      (model->second != config.text("model") && !model_is_a_file(config)))
    return make_graph_alone(config);
  return make_graph(config, ImageFormat{*shape, *classes});
}

// ---- where it goes ----

// Files that an export must not replace.
std::vector<fs::path> sources_of(const Arguments& arguments, const Config& config) {
  std::vector<fs::path> sources{config.text("weights")};
  if (model_is_a_file(config)) sources.emplace_back(config.text("model"));
  if (!arguments.config_file.empty()) sources.push_back(arguments.config_file);
  if (!arguments.file.empty()) {
    for (const char* name : RunFolder::kFiles) sources.push_back(arguments.file / name);
  }
  return sources;
}

// Of an exported file.
fs::path card_of(const fs::path& file) {
  fs::path card = file;
  return card += ".md";
}

// Before any work, and so that nothing is lost.
void check_targets(const ExportFiles& files, const std::vector<fs::path>& sources) {
  const auto whole = [](const fs::path& path) { return fs::weakly_canonical(fs::absolute(path)); };
  std::set<fs::path> taken;
  for (const fs::path& source : sources) taken.insert(whole(source));
  std::size_t targets = 0;
  for (const auto& [option, path] : {std::pair("--sparse", &files.sparse),
                                     {"--onnx", &files.onnx},
                                     {"--safetensors", &files.safetensors}}) {
    if (path->empty()) continue;
    ++targets;
    const fs::path folder = path->has_parent_path() ? path->parent_path() : ".";
    if (fs::is_directory(*path) || !fs::is_directory(folder)) {
      throw Error(
          ErrorCode::Usage,
          fmt::format("{} '{}': {}", option, path->string(),
                      fs::is_directory(*path) ? "that is a folder" : "there is no folder for it"),
          "give the name of a file in a folder that exists");
    }
    const bool free =
        taken.insert(whole(*path)).second && taken.insert(whole(card_of(*path))).second;
    if (!free) {
      throw Error(ErrorCode::Usage,
                  fmt::format("{} '{}' would replace a file that is read, or written too", option,
                              path->string()),
                  "choose another name");
    }
  }
  if (targets == 0) {
    throw Error(ErrorCode::Usage, "there is no file to export to",
                "give --sparse FILE.plrd, --onnx FILE.onnx or --safetensors FILE.safetensors");
  }
}

Exported network_of(const Arguments& arguments) {
  Config config =
      arguments.file.empty() ? config_of_settings(arguments) : config_of_folder(arguments);
  check_targets(arguments.exports, sources_of(arguments, config));
  const std::string& file = config.text("weights");
  const Safetensors weights = is_named_as_onnx(file) ? Safetensors() : read_weights(file);
  take_names(config, weights);
  set_threads(static_cast<int>(config.integer("threads")));
  Graph graph = graph_of(config, weights.metadata);
  TensorMap state = import_weights(config, graph).state;
  sparse::Metadata notes = network_notes(config, graph);
  notes["sparsity"] = fmt::format("{}", measure_sparsity(graph, state).prunable);
  for (const char* key : {"method", "seed", "test_top1", "mean", "stddev"}) {
    if (weights.metadata.contains(key)) notes[key] = weights.metadata.at(key);
  }
  return {std::move(graph), std::move(state), std::move(notes)};
}

// ---- sparse files ----

Batch random_batch(const Graph& graph) {
  return {.count = kCheckImages,
          .shape = graph.input_shape(),
          .images = random_images(graph, kCheckImages, 1),
          .labels = std::vector<std::int64_t>(static_cast<std::size_t>(kCheckImages), 0)};
}

// The largest difference of outputs to LibTorch's, for a batch and for single images.
double difference_to_torch(const Exported& network, const sparse::NetworkFile& file) {
  const Batch batch = random_batch(network.graph);
  const auto engine = make_torch_engine(network.graph, {});
  engine->load_state(network.state);
  const HostTensor expected = engine->predict(batch);
  sparse::Network sparse(file.graph, file.state, {.measure = false});
  std::vector<float> outputs(expected.f32().size());
  const auto run = [&](std::int64_t first, std::int64_t count) {
    const auto at = [first, count](std::int64_t size) {
      return std::pair(static_cast<std::size_t>(first * size),
                       static_cast<std::size_t>(count * size));
    };
    const auto [image, pixels] = at(sparse.inputs());
    const auto [output, classes] = at(sparse.outputs());
    sparse.run(std::span(batch.images).subspan(image, pixels), count,
               std::span(outputs).subspan(output, classes), sparse::ImageOrder::ChannelsLast);
  };
  run(0, batch.count);
  const double of_batch = relative_difference(outputs, expected.f32());
  for (std::int64_t i = 0; i < batch.count; ++i) run(i, 1);
  return std::max(of_batch, relative_difference(outputs, expected.f32()));
}

void check_difference(double difference, const fs::path& path) {
  if (difference <= kMostDifference) return;
  const std::string what = std::isfinite(difference)
                               ? fmt::format(
                                     "differ from LibTorch's by {:.2g}, at most {:.0e} may "
                                     "be",
                                     difference, kMostDifference)
                               : "are not finite, or another number than LibTorch's";
  throw Error(
      ErrorCode::Numeric,
      fmt::format("'{}' is not written: the sparse network's outputs {}", path.string(), what),
      "are the weights those of a network that works?");
}

void export_sparse(const Exported& network, const std::vector<std::byte>& bytes,
                   const fs::path& path) {
  const fs::path part = write_beside(path, bytes);
  double difference = 0;
  try {
    difference = difference_to_torch(network, sparse::read_plrd(part));
    check_difference(difference, path);
    publish(part, path);
  } catch (...) {
    std::error_code ignored;
    fs::remove(part, ignored);
    throw;
  }
  fmt::print("{}\n", path.string());
  fmt::print("outputs differ from LibTorch's by {:.1e} of the largest ({} random images)\n",
             difference, kCheckImages);
}

// ---- sizes and cards ----

// The same network in the forms that one may choose from.
std::vector<ModelFacts::Bytes> figures_of(const Exported& network, std::size_t sparse) {
  const std::vector<std::byte> dense = encode_safetensors({network.state, network.notes});
  return {{"dense", dense.size()}, {"gzip", gzip_size(dense)}, {"sparse", sparse}};
}

void print_figures(const std::vector<ModelFacts::Bytes>& figures) {
  for (const auto& [what, count] : figures) {
    fmt::print("{:<7} {:>12} bytes {:>7.2f} %\n", what, count,
               100.0 * static_cast<double>(count) / static_cast<double>(figures.front().count));
  }
}

// All but what is each file's own: its name and size.
ModelFacts facts_of(const Exported& network) {
  const Sparsity sparsity = measure_sparsity(network.graph, network.state);
  ModelFacts facts{.file = {},
                   .notes = network.notes,
                   .layers = {},
                   .theoretical_speedup = sparsity.theoretical_speedup,
                   .bytes = {}};
  for (const LayerSparsity& layer : sparsity.layers)
    facts.layers.push_back({layer.name, to_string(layer.shape), layer.kept, layer.of});
  return facts;
}

void write_card(ModelFacts& facts, const fs::path& file,
                const std::vector<ModelFacts::Bytes>& figures) {
  facts.file = file.filename().string();
  facts.bytes = {{"this file", fs::file_size(file)}};
  facts.bytes.insert(facts.bytes.end(), figures.begin(), figures.end());
  write_file(card_of(file), model_card(facts));
}

}  // namespace

int export_network(const Arguments& arguments) {
  const ExportFiles& files = arguments.exports;
  const Exported network = network_of(arguments);
  const std::vector<std::byte> sparse =
      sparse::encode_plrd(network.graph, network.state, network.notes);
  if (!files.sparse.empty()) export_sparse(network, sparse, files.sparse);
  if (!files.onnx.empty()) {
    const OnnxReport report =
        write_onnx(files.onnx, network.graph, network.state, {.metadata = network.notes});
    fmt::print("{}\n{:<7} {:>12} bytes\n", files.onnx.string(), "ONNX", report.bytes);
  }
  if (!files.safetensors.empty()) {
    Safetensors content{network.state, network.notes};
    content.metadata["format"] = "pt";
    write_safetensors(files.safetensors, content);
    fmt::print("{}\n", files.safetensors.string());
  }
  const std::vector<ModelFacts::Bytes> figures = figures_of(network, sparse.size());
  print_figures(figures);
  ModelFacts facts = facts_of(network);
  for (const fs::path* file : {&files.sparse, &files.onnx, &files.safetensors}) {
    if (!file->empty()) write_card(facts, *file, figures);
  }
  return 0;
}

}  // namespace pollard::app
