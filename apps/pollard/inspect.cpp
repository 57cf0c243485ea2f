// `pollard inspect [config.toml] [FILE] [key=value ...]`: a network, or a file of weights
// (.safetensors, .pt, .pth, .th) or of a sparse network (.plrd), as a table.
#include <fmt/format.h>

#include "experiment/parameters.h"
#include "experiment/setup.h"
#include "experiment/trained_network.h"
#include "pollard/error.h"
#include "sparse/plrd.h"
#include "verbs.h"

namespace pollard::app {
namespace {

int inspect_sparse(const Arguments& arguments) {
  if (!arguments.overrides.empty() || !arguments.config_file.empty()) {
    throw Error(ErrorCode::Usage,
                fmt::format("'{}' holds the network itself: settings have no effect",
                            arguments.file.string()),
                "leave them out");
  }
  const sparse::NetworkFile file = sparse::read_plrd(arguments.file);
  fmt::print("{}", describe(file.graph, &file.state));
  for (const auto& [key, value] : file.metadata) fmt::print("{}: {}\n", key, value);
  return 0;
}

}  // namespace

int inspect(const Arguments& arguments) {
  if (arguments.file.extension() == ".plrd") return inspect_sparse(arguments);
  Config config = read_config(arguments);
  constexpr std::string_view groups[] = {"model", "weights", "data"};
  check_read_by(config, "inspect", groups);
  if (!arguments.file.empty()) config.apply("weights=" + arguments.file.string());
  if (config.text("weights").empty()) {
    const ImageKind images = image_kind(config, {});
    fmt::print("{}", describe(make_graph(config, images.shape, images.classes)));
    return 0;
  }
  const TrainedNetwork network = load_trained(config);
  fmt::print("{}", describe(network.graph, &network.state));
  return 0;
}

}  // namespace pollard::app
