// What a pruned ResNet-56 costs as a file and as a process: bytes dense, compressed and sparse;
// time to load; peak memory of a program that links only libpollard_sparse.
//
//   pollard_sparse_file_benchmark [SPARSITY [PROCESSES]]                          0.95 21
//
// Real weights where POLLARD_DATA has weights/resnet56-cifar10.safetensors, random ones elsewhere.
// Every load is that of a fresh process (sparse_file_child.cpp); the file is in the page cache.
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/statistics.h"
#include "graph/gzip_size.h"
#include "pollard/error.h"
#include "pollard/masks.h"
#include "pollard/networks.h"
#include "pollard/safetensors.h"
#include "pollard/selection.h"
#include "report/table.h"
#include "sparse/plrd.h"

namespace {

using namespace pollard;
namespace fs = std::filesystem;

struct Weights {
  TensorMap state;
  const char* origin;
};

Weights weights_of(const Graph& graph) {
  const char* data = std::getenv("POLLARD_DATA");
  const fs::path path =
      fs::path(data != nullptr ? data : "") / "weights/resnet56-cifar10.safetensors";
  if (!fs::exists(path)) return {initialize(graph, 1, Initialization::Kaiming), "random"};
  return {match_state(graph, read_safetensors(path).tensors, path.string()), "real"};
}

// What the child prints: names and numbers.
struct Measured {
  double load_ms = 0, first_ms = 0, again_ms = 0, peak_kib = 0;
};

Measured run_child(const fs::path& file, int batch, const char* plan) {
  const std::string command =
      fmt::format("'{}' '{}' {} {}", POLLARD_CHILD, file.string(), batch, plan);
  std::FILE* pipe = ::popen(command.c_str(), "r");
  Measured one;
  const int read = pipe == nullptr ? 0
                                   : std::fscanf(pipe, "%lf %lf %lf %lf", &one.load_ms,
                                                 &one.first_ms, &one.again_ms, &one.peak_kib);
  if (pipe == nullptr || ::pclose(pipe) != 0 || read != 4)
    throw Error(ErrorCode::Internal, "failed: " + command);
  return one;
}

template <typename Pick>
std::string median(const std::vector<Measured>& all, int digits, const Pick& pick) {
  std::vector<double> values;
  for (const Measured& one : all) values.push_back(pick(one));
  const Spread spread = spread_of(values);
  return fmt::format("{:.{}f} ({:.{}f}-{:.{}f})", spread.median, digits, spread.low, digits,
                     spread.high, digits);
}

void print_sizes(const Graph& graph, const TensorMap& dense, const TensorMap& pruned,
                 std::size_t sparse_bytes) {
  const std::vector<std::byte> before = encode_safetensors({dense, {}}),
                               after = encode_safetensors({pruned, {}});
  TextTable table{{{"file", Align::Left}, {"bytes"}, {"of dense %"}}, {}};
  const auto add = [&](const char* name, std::size_t bytes) {
    table.rows.push_back({name, std::to_string(bytes),
                          fmt::format("{:.2f}", 100.0 * static_cast<double>(bytes) /
                                                    static_cast<double>(before.size()))});
  };
  add("dense weights, safetensors", before.size());
  add("the same, gzip", gzip_size(before));
  add("pruned, safetensors", after.size());
  add("the same, gzip", gzip_size(after));
  add("pruned, .plrd (with the graph)", sparse_bytes);
  fmt::print("{}: {} parameters\n\n{}\n", graph.name(), graph.parameter_count(), to_text(table));
}

void print_processes(const fs::path& file, int processes) {
  TextTable table{{{"process", Align::Left},
                   {"plan", Align::Left},
                   {"load ms"},
                   {"first call ms"},
                   {"next calls ms"},
                   {"peak MiB"}},
                  {}};
  for (const auto& [name, batch] : {std::pair("starts and ends", -1),
                                    {"loads", 0},
                                    {"loads, batch 1", 1},
                                    {"loads, batch 128", 128}}) {
    for (const char* plan : {"measure", "density"}) {
      std::vector<Measured> all;
      for (int i = 0; i < processes; ++i) all.push_back(run_child(file, batch, plan));
      table.rows.push_back(
          {name, plan, median(all, 1, [](const Measured& one) { return one.load_ms; }),
           median(all, 2, [](const Measured& one) { return one.first_ms; }),
           median(all, 2, [](const Measured& one) { return one.again_ms; }),
           median(all, 1, [](const Measured& one) { return one.peak_kib / 1024; })});
      if (batch < 0) break;
    }
  }
  fmt::print("one thread, medians of {} processes (quartiles)\n\n{}", processes, to_text(table));
}

int run(double sparsity, int processes) {
  const Graph graph = build_network("resnet56", {3, 32, 32}, 10);
  const Weights weights = weights_of(graph);
  MaskSet masks = MaskSet::dense(graph);
  const auto all = static_cast<double>(graph.prunable_weights());
  prune_global(masks, weights.state, std::llround((1 - sparsity) * all));
  TensorMap pruned = weights.state;
  apply_masks(masks, pruned);

  const fs::path file = fs::temp_directory_path() / fmt::format("pollard-{}.plrd", ::getpid());
  const std::size_t bytes =
      sparse::write_plrd(file, graph, pruned, {{"sparsity", fmt::format("{}", sparsity)}});
  fmt::print("{} weights, {:g} % pruned globally\n", weights.origin, 100 * sparsity);
  print_sizes(graph, weights.state, pruned, bytes);
  print_processes(file, processes);
  fs::remove(file);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc > 1 ? std::atof(argv[1]) : 0.95, argc > 2 ? std::atoi(argv[2]) : 21);
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", one_line(error));
    return exit_status(error.code());
  }
}
