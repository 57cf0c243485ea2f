// `pollard inspect [config.toml] [FILE] [key=value ...]`: a network, or a file of weights
// (.safetensors, .pt, .pth, .th) or of a network (.plrd, .onnx), as a table.
#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <string>

#include "core/terminal_text.h"
#include "experiment/parameters.h"
#include "experiment/setup.h"
#include "graph/byte_cursor.h"
#include "pollard/dataset.h"
#include "pollard/onnx_file.h"
#include "pollard/pytorch_file.h"
#include "report/table.h"
#include "sparse/packed_tensor.h"
#include "sparse/plrd.h"
#include "verbs.h"

namespace pollard::app {
namespace {

// What each tensor takes of the file, beside what it takes in memory.
TextTable byte_table(const sparse::NetworkFile& file) {
  TextTable table{{{"parameter", Align::Left}, {"shape", Align::Left}, {"dense bytes"}, {"bytes"}},
                  {}};
  for (const ParameterInfo& parameter : file.graph.parameters()) {
    const HostTensor& tensor = file.state.at(parameter.name);
    std::vector<std::byte> packed;
    sparse::write_packed(packed, tensor.f32());
    table.rows.push_back({parameter.name, to_string(parameter.shape),
                          std::to_string(tensor.bytes.size()), std::to_string(packed.size())});
  }
  return table;
}

void print_notes(const std::map<std::string, std::string>& notes) {
  for (const auto& [key, value] : notes) {
    const std::string line = fmt::format("note {}: {}", shortened(key), shortened(value));
    fmt::print("{}\n", without_codes(line));
  }
}

int inspect_sparse(const std::filesystem::path& path) {
  const sparse::NetworkFile file = sparse::read_plrd(path);
  std::size_t dense = 0;
  for (const auto& [name, tensor] : file.state) dense += tensor.bytes.size();
  fmt::print("{}\n{}\n", describe(file.graph, &file.state), to_text(byte_table(file)));
  fmt::print("{} bytes in the file, {} of its tensors in memory\n",
             std::filesystem::file_size(path), dense);
  print_notes(file.metadata);
  return 0;
}

// It says all itself, but for sizes of images that it leaves open.
int inspect_onnx(const Config& config, const std::filesystem::path& path) {
  constexpr std::string_view groups[] = {"data"};
  check_read_by(config, "inspect FILE.onnx", groups);
  const ImageShape images =
      config.given("data") ? dataset_format(config.text("data")).shape : ImageShape{};
  const OnnxModel model = read_onnx(path, images);
  fmt::print("{}", describe(model.graph, &model.state));
  print_notes(model.metadata);
  return 0;
}

}  // namespace

int inspect(const Arguments& arguments) {
  Config config = read_config(arguments);
  if (arguments.file.extension() == ".plrd") {
    check_read_by(config, "inspect FILE.plrd", {});  // it says all itself
    return inspect_sparse(arguments.file);
  }
  if (is_named_as_onnx(arguments.file.string())) return inspect_onnx(config, arguments.file);
  constexpr std::string_view groups[] = {"model", "weights", "data"};
  check_read_by(config, "inspect", groups);
  if (!arguments.file.empty()) {
    config.apply("weights=" + arguments.file.string());
    take_names(config, read_weights(arguments.file));
  }
  const DataSplits data = make_data(config);
  const Graph graph = make_graph(config, *data.test);
  if (config.text("weights").empty()) {
    fmt::print("{}", describe(graph));
    return 0;
  }
  const TensorMap state = import_weights(config, graph).state;
  fmt::print("{}", describe(graph, &state));
  return 0;
}

}  // namespace pollard::app
