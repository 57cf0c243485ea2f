// `pollard bench`: theoretical against measured speed of a pruned network.
#include <fmt/format.h>

#include "core/files.h"
#include "exec/allocator.h"
#include "experiment/environment.h"
#include "experiment/parameters.h"
#include "experiment/setup.h"
#include "report/speed.h"
#include "speed/settings.h"
#include "verbs.h"

namespace pollard::app {
namespace {

std::string title(const nlohmann::json& record, std::size_t at, std::size_t network) {
  const nlohmann::json& one = record["cases"][at];
  return fmt::format("{}, batch {}, threads {}",
                     record["networks"][network]["name"].get<std::string>(),
                     one["batch"].get<int>(), one["threads"].get<int>());
}

// A network's layers are a screen full: those of all are in layers.csv.
void print_layers(const nlohmann::json& record) {
  if (record["networks"].size() > 1) return;
  for (std::size_t at = 0; at < record["cases"].size(); ++at)
    fmt::print("\n{}\n{}", title(record, at, 0), to_text(layer_table(record, at, 0)));
}

std::string markdown(const nlohmann::json& record) {
  std::string text =
      fmt::format("```\n{}```\n\n{}", speed_conditions(record), to_markdown(speed_table(record)));
  if (const TextTable crossover = crossover_table(record); !crossover.rows.empty())
    text += "\nDensity above which sparse layers are slower than dense ones:\n\n" +
            to_markdown(crossover);
  return text;
}

void write_all(const std::filesystem::path& folder, const nlohmann::json& record) {
  write_file(folder / "bench.json", record.dump(1) + "\n");
  write_file(folder / "bench.csv", to_csv(speed_values(record)));
  write_file(folder / "layers.csv", to_csv(layer_values(record)));
  write_file(folder / "crossover.csv", to_csv(crossover_values(record)));
  write_file(folder / "bench.md", markdown(record));
  write_file(folder / "bench.svg", speed_figure(record));
}

}  // namespace

int bench(const Arguments& arguments, Progress& progress) {
  keep_freed_memory();
  const Config config = read_config(arguments);
  constexpr std::string_view groups[] = {"model", "weights", "initialization", "seed",
                                         "out",   "data",    "prune",          "bench"};
  check_read_by(config, "bench", groups);
  require_fast_blas(blas_name());
  const SpeedSettings settings = speed_settings(config);
  const std::filesystem::path folder = config.text("out");
  const Graph graph = make_graph_alone(config);
  const TensorMap dense = config.text("weights").empty() ? make_initial_state(config, graph)
                                                         : import_weights(config, graph).state;
  const std::vector<PrunedNetwork> networks = prune_networks(config, graph, dense);
  if (!folder.empty()) make_writable_folder(folder);

  nlohmann::json record = measure_speed(graph, dense, networks, settings, progress);
  record["config"] = config.to_toml();
  fmt::print("{}\n{}", speed_conditions(record), to_text(speed_table(record)));
  print_layers(record);
  if (const TextTable crossover = crossover_table(record); !crossover.rows.empty())
    fmt::print("\nDensity above which sparse layers are slower than dense ones:\n{}",
               to_text(crossover));
  if (folder.empty()) return 0;
  write_all(folder, record);
  fmt::print("\n{}\n", (folder / "bench.svg").string());
  return 0;
}

}  // namespace pollard::app
