// Reads the seeds of a target and the inputs kept in files or folders, and judges as a fuzzer does.
//
//   pollard_replay_NAME [FILE | FOLDER ...]    fails naming the inputs that are findings
//   pollard_replay_NAME --write FOLDER         the seeds as files, for the fuzzer to start from
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "fuzz/target.h"
#include "pollard/error.h"

namespace {

namespace fs = std::filesystem;
using Inputs = std::vector<std::pair<std::string, std::string>>;  // names and contents

constexpr std::chrono::seconds kLongest{10};  // sanitized, on a busy machine
constexpr long kMostMegabytes = 2048;

Inputs seeds() {
  Inputs inputs;
  for (std::string& seed : pollard::fuzz::seeds()) {
    std::string name = "seed-" + std::to_string(inputs.size());
    inputs.emplace_back(std::move(name), std::move(seed));
  }
  return inputs;
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void add_files(const fs::path& path, Inputs& inputs) {
  if (!fs::is_directory(path)) {
    if (fs::exists(path)) inputs.emplace_back(path.string(), content_of(path));
    return;
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(path)) files.push_back(entry.path());
  std::ranges::sort(files);
  for (const fs::path& file : files) inputs.emplace_back(file.string(), content_of(file));
}

int write_seeds(const fs::path& folder) {
  fs::create_directories(folder);
  for (const auto& [name, content] : seeds())
    std::ofstream(folder / name, std::ios::binary) << content;
  return 0;
}

/// What is wrong about how it is read; nothing is.
std::string finding(const std::string& input) {
  const auto begin = std::chrono::steady_clock::now();
  try {
    pollard::fuzz::read(std::as_bytes(std::span(input)));
  } catch (const pollard::Error& error) {
    if (error.code() == pollard::ErrorCode::Internal) return error.what();
    if (error.hint().empty()) return std::string("an error without a hint: ") + error.what();
  } catch (const std::exception& error) {
    return std::string("another exception: ") + error.what();
  }
  if (std::chrono::steady_clock::now() - begin > kLongest) return "it takes too long";
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024 > kMostMegabytes ? "it takes too much memory" : "";
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 2 && arguments[0] == "--write") return write_seeds(arguments[1]);
  Inputs inputs = seeds();
  for (const std::string& path : arguments) add_files(path, inputs);
  int findings = 0;
  for (const auto& [name, content] : inputs) {
    const std::string problem = finding(content);
    if (problem.empty()) continue;
    std::fprintf(stderr, "%s: %s\n", name.c_str(), problem.c_str());
    ++findings;
  }
  std::printf("%zu inputs, %d findings\n", inputs.size(), findings);
  return findings == 0 ? 0 : 1;
}
