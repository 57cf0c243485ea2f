// A run that takes seconds or less: a few small images, a small network, and what the run left.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <map>
#include <string>

#include "apps/command.h"
#include "data/synthetic.h"
#include "support/temporary_folder.h"

namespace pollard::test {

using testing_data::Bytes;
using testing_data::write_bytes;

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void spill(const std::filesystem::path& path, std::string_view text) {
  write_bytes(path, Bytes(text.begin(), text.end()));
}

/// Whether SQLite has left it beside an index without a change in it: two commands that close one
/// in the same moment each leave its files to the other. A log with something in it is a change.
inline bool is_left_by_readers(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  return name == "index.sqlite-shm" ||
         (name == "index.sqlite-wal" && std::filesystem::file_size(file) == 0);
}

/// All files below the folder with their bytes, but for the lock, which is empty, and what only
/// readers left.
inline std::map<std::string, std::string> snapshot(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().filename() != ".lock" &&
        !is_left_by_readers(entry.path()))
      files.emplace(entry.path().lexically_relative(folder).string(), slurp(entry.path()));
  }
  return files;
}

/// Names of the files that are not in both with the same bytes.
inline Words changes(const std::map<std::string, std::string>& before,
                     const std::map<std::string, std::string>& after) {
  Words names;
  for (const auto& [name, bytes] : before) {
    const auto found = after.find(name);
    if (found == after.end() || found->second != bytes) names.push_back(name);
  }
  for (const auto& entry : after) {
    if (!before.contains(entry.first)) names.push_back(entry.first);
  }
  return names;
}

inline void append_big_endian(Bytes& bytes, std::initializer_list<std::uint32_t> numbers) {
  for (const std::uint32_t number : numbers) {
    for (const int shift : {24, 16, 8, 0})
      bytes.push_back(static_cast<std::uint8_t>(number >> shift));
  }
}

struct ImageCounts {
  std::uint32_t train = 128, test = 32, side = 8;
};

/// MNIST's four files. A bright spot on noise shows an image's class, so that training learns.
inline void write_small_mnist(const std::filesystem::path& folder, const ImageCounts& counts = {}) {
  std::uint32_t noise = 12345;
  const auto draw = [&noise] { return (noise = noise * 1664525 + 1013904223) >> 24; };
  for (const auto& [stem, count] : {std::pair("train", counts.train), {"t10k", counts.test}}) {
    Bytes images, labels;
    append_big_endian(images, {0x803, count, counts.side, counts.side});
    append_big_endian(labels, {0x801, count});
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t label = draw() % 10, left = label % 5, top = 3 * (label / 5);
      labels.push_back(static_cast<std::uint8_t>(label));
      for (std::uint32_t y = 0; y < counts.side; ++y) {
        for (std::uint32_t x = 0; x < counts.side; ++x) {
          const bool bright = y >= top && y < top + 3 && x >= left && x < left + 3;
          images.push_back(static_cast<std::uint8_t>(bright ? 250 : draw() / 2));
        }
      }
    }
    write_bytes(folder / (std::string(stem) + "-images-idx3-ubyte"), images);
    write_bytes(folder / (std::string(stem) + "-labels-idx1-ubyte"), labels);
  }
}

/// A folder with images in mnist/, in which commands run.
class AppTest : public ::testing::Test {
 protected:
  explicit AppTest(const ImageCounts& counts = {}) { write_small_mnist(path() / "mnist", counts); }

  [[nodiscard]] const std::filesystem::path& path() const { return folder_.path(); }
  [[nodiscard]] Options here() const { return {.folder = path()}; }
  [[nodiscard]] Outcome pollard(const Words& words) const { return run_command(words, here()); }

  /// One that must succeed.
  Outcome must(const Words& words) const {
    Outcome outcome = pollard(words);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return outcome;
  }

  /// Settings of a run of about a tenth of a second, besides the start.
  [[nodiscard]] static Words tiny() {
    return {"model=resnet8",       "data=mnist",     "data.path=mnist",
            "threads=1",           "train.epochs=1", "retrain.epochs=1",
            "train.batch_size=64", "prune.cycles=1", "retrain.engine=torch"};
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace pollard::test
