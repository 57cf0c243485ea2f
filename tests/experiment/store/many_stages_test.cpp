// Ten thousand stages: how long the first indexing takes, and a query after it.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>

#include "core/files.h"
#include "experiment/store/index.h"
#include "experiment/store/small_store.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using test::id_of;
using test::record_of;
using test::TemporaryFolder;

constexpr int kStages = 10'000;
constexpr int kCycles = 2;  // pruned and retrained so often in each configuration

// What a run has: some eighty settings, and a prune stage sixty layers.
Settings settings_of(int number) {
  Settings settings;
  for (int i = 0; i < 78; ++i) settings[fmt::format("group{}.setting_{}", i % 9, i)] = "0.5";
  settings["prune.sparsity"] = fmt::format("{}", 0.5 + 0.0001 * (number / 5));
  settings["seed"] = std::to_string(number % 5);
  return settings;
}

// As a store would have it, but not synced: that would take minutes.
void put_quickly(const Store& store, StageRecord record, const Settings& settings) {
  record.settings = settings;
  if (record.kind == "prune") {
    for (int layer = 0; layer < 60; ++layer) {
      record.result["layers"].push_back({{"name", fmt::format("layer{}.0.conv1.weight", layer)},
                                         {"kept", 1000 + layer},
                                         {"of", 36864},
                                         {"multiply_adds", 2359296}});
    }
  }
  const fs::path folder = store.stage_folder(record.id);
  fs::create_directories(folder);
  const auto write = [&](const char* name, const std::string& text) {
    std::FILE* file = std::fopen((folder / name).c_str(), "wb");
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
  };
  write("metrics.jsonl", "{}\n");
  write("stage.json", encode(record));
}

int fill(const Store& store) {
  int stages = 0, configurations = 0;
  for (int seed = 0; seed < 5; ++seed, ++stages)
    put_quickly(store, record_of(fmt::format("train {}", seed), "", "train"), settings_of(seed));
  fs::create_directories(store.folder() / "configurations");
  for (; stages + 2 * kCycles <= kStages; ++configurations) {
    const Settings settings = settings_of(configurations);
    std::string before = fmt::format("train {}", configurations % 5);
    Configuration wanted{settings, {id_of(before)}};
    for (int i = 0; i < 2 * kCycles; ++i, ++stages) {
      const std::string name = fmt::format("{} of {}", i, configurations);
      put_quickly(store, record_of(name, before, i % 2 == 0 ? "prune" : "retrain"), settings);
      wanted.stages.push_back(id_of(name));
      before = name;
    }
    keep_configuration(store, wanted);
  }
  return configurations;
}

template <typename Work>
double seconds_of(const Work& work) {
  const auto begun = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

TEST(ManyStages, AreAskedInUnderTwoSeconds) {
  const TemporaryFolder folder;
  const Store store(folder / "store");
  const auto configurations = static_cast<std::size_t>(fill(store));
  const double first = seconds_of([&] { const Index index(store, silent_progress()); });

  std::vector<ResultRow> rows;
  const double again = seconds_of([&] { rows = Index(store, silent_progress()).results(); });
  const double stages = seconds_of([&] {
    EXPECT_GT(Index(store, silent_progress()).stages().size(), std::size_t{kStages - 10});
  });
  EXPECT_EQ(rows.size(), configurations);
  std::printf("first indexing %.2f s, results %.2f s, stages %.2f s, index %.1f MB\n", first, again,
              stages, static_cast<double>(fs::file_size(store.folder() / "index.sqlite")) / 1e6);
  EXPECT_LT(again, 2);
  EXPECT_LT(stages, 2);
}

}  // namespace
}  // namespace pollard
