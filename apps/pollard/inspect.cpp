// `pollard inspect [config.toml] [FILE] [key=value ...]`: a network, or a file of weights
// (.safetensors, .pt, .pth, .th), as a table.
#include <fmt/format.h>

#include "experiment/parameters.h"
#include "experiment/setup.h"
#include "pollard/error.h"
#include "pollard/pytorch_file.h"
#include "verbs.h"

namespace pollard::app {

int inspect(const Arguments& arguments) {
  Config config = read_config(arguments);
  constexpr std::string_view groups[] = {"model", "weights", "data"};
  check_read_by(config, "inspect", groups);
  if (!arguments.file.empty()) {
    config.apply("weights=" + arguments.file.string());
    // Our own files say what they are.
    const Safetensors file = read_weights(arguments.file);
    for (const auto& [key, name] : {std::pair("model", "model"), std::pair("data", "dataset")}) {
      if (!config.given(key) && file.metadata.contains(name)) {
        config.apply(std::string(key) + "=" + file.metadata.at(name));
      }
    }
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
