// A tiny data set on disk, a configuration that runs a whole chain on it within a moment, and a
// Progress that can pull the plug.
#pragma once

#include <csignal>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/interrupt.h"
#include "data/synthetic.h"
#include "experiment/parameters.h"
#include "experiment/runner.h"
#include "pollard/error.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard::test {

/// 28 x 28 pixels of noise with one bright square of a 4 x 4 grid, which tells the label.
inline void write_digits(const std::filesystem::path& folder, const std::string& stem,
                         std::uint8_t count, std::uint32_t salt) {
  using testing_data::Bytes;
  Bytes images = {0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28};
  Bytes labels = {0, 0, 8, 1, 0, 0, 0, count};
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t label = (7 * i + salt) % 10;
    labels.push_back(static_cast<std::uint8_t>(label));
    for (std::uint32_t y = 0; y < 28; ++y) {
      for (std::uint32_t x = 0; x < 28; ++x) {
        const std::uint32_t noise = (37 * y + 11 * x + 13 * i * (y + salt)) % 97;
        const bool bright = y / 7 * 4 + x / 7 == label;
        images.push_back(static_cast<std::uint8_t>(noise + (bright ? 150 : 0)));
      }
    }
  }
  testing_data::write_bytes(folder / (stem + "-images-idx3-ubyte"), images);
  testing_data::write_bytes(folder / (stem + "-labels-idx1-ubyte"), labels);
}

constexpr std::int64_t kTrainImages = 250, kTestImages = 64;

/// A folder with the data in data/ and room for runs.
class SmallRuns {
 public:
  SmallRuns() {
    write_digits(folder_ / "data", "train", kTrainImages, 0);
    write_digits(folder_ / "data", "t10k", kTestImages, 5);
  }
  ~SmallRuns() { set_interrupted(0); }
  SmallRuns(const SmallRuns&) = delete;
  SmallRuns& operator=(const SmallRuns&) = delete;

  [[nodiscard]] std::filesystem::path at(const std::string& name) const { return folder_ / name; }

  /// 5 steps an epoch, the last on 10 images: 10 to train, then twice one evaluation and 5 to
  /// retrain: 22 calls of advance().
  [[nodiscard]] Config config(const std::string& out,
                              const std::vector<std::string>& more = {}) const {
    Config config(parameter_table());
    for (const char* text : {"model=lenet-300-100", "data=mnist", "threads=1", "train.epochs=2",
                             "train.lr=0.05", "train.batch_size=60", "prune.cycles=2",
                             "retrain.epochs=1", "metrics.interval=3", "retrain.engine=torch"}) {
      config.apply(text);
    }
    config.apply("data.path=" + at("data").string());
    config.apply("out=" + at(out).string());
    for (const std::string& text : more) config.apply(text);
    return config;
  }
  static constexpr int kAdvances = 22;

 private:
  TemporaryFolder folder_;
};

/// Keeps what it hears; as soon as it has heard so many advances, it is as if SIGTERM had come.
class Listener final : public Progress {
 public:
  explicit Listener(int stop_at = 0) : stop_at_(stop_at) {}

  void note(std::string_view message) override { notes += std::string(message) + "\n"; }
  void warn(std::string_view message) override { warnings += std::string(message) + "\n"; }
  void begin(std::string_view label, std::int64_t total, std::int64_t done) override {
    bars.push_back({std::string(label), total, done});
  }
  void advance(std::int64_t, std::string_view) override {
    if (++advances == stop_at_) set_interrupted(SIGTERM);
  }
  void end(std::string_view) override {}

  struct Bar {
    std::string label;
    std::int64_t total, done;
    bool operator==(const Bar&) const = default;
  };
  std::string notes, warnings;
  std::vector<Bar> bars;
  int advances = 0;

 private:
  int stop_at_;
};

inline nlohmann::json run(const Config& config, ChainKind chain = ChainKind::Whole) {
  return run_chain(config, chain, false, silent_progress()).result;
}

inline nlohmann::json resume(const Config& config, Progress& progress = silent_progress(),
                             ChainKind chain = ChainKind::Whole) {
  set_interrupted(0);
  return run_chain(config, chain, true, progress).result;
}

/// Runs until the plug is pulled at the given call of advance().
inline Error interrupted_run(const Config& config, int stop_at, bool resume = false) {
  set_interrupted(0);
  Listener listener(stop_at);
  const Error error =
      thrown_by([&] { (void)run_chain(config, ChainKind::Whole, resume, listener); });
  EXPECT_EQ(error.code(), ErrorCode::Interrupted) << error.what();
  set_interrupted(0);
  return error;
}

inline nlohmann::json json_of(const std::filesystem::path& path) {
  return nlohmann::json::parse(read_text(path));
}

/// Path within the folder -> content, and when it was written.
inline std::map<std::string, std::pair<std::string, std::filesystem::file_time_type>> snapshot(
    const std::filesystem::path& folder) {
  std::map<std::string, std::pair<std::string, std::filesystem::file_time_type>> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder).string();
    const std::string content = entry.is_regular_file() ? read_text(entry.path()) : "";
    files.emplace(name, std::pair(content, entry.last_write_time()));
  }
  return files;
}

/// The final weights and masks are the same, byte for byte. (The weights name their stage and their
/// accuracy, so these are the same too.)
inline void expect_same_end(const std::filesystem::path& a, const std::filesystem::path& b) {
  for (const char* name : {"model.safetensors", "masks.safetensors"})
    EXPECT_TRUE(read_bytes(a / name) == read_bytes(b / name)) << name << " of " << b;
}

}  // namespace pollard::test
