// A run's folder: which files there are, who may write, and the logs that grow.
//
//   config.toml environment.json metrics.jsonl events.out.tfevents.* checkpoints/ model.safetensors
//   masks.safetensors result.json report.html, and network.onnx where model= is a file
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/folder_lock.h"

namespace pollard {

class RunFolder {
 public:
  /// Creates the folder if need be and locks it. Throws FolderBusy, or Error{Io} if it cannot be
  /// written.
  explicit RunFolder(std::filesystem::path path);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path file(std::string_view name) const { return path_ / name; }
  [[nodiscard]] std::filesystem::path checkpoints() const { return checkpoints_of(path_); }
  [[nodiscard]] static std::filesystem::path checkpoints_of(const std::filesystem::path& path) {
    return path / "checkpoints";
  }

  /// Those of a run, but for the events' log.
  static constexpr const char* kFiles[] = {"config.toml",
                                           "environment.json",
                                           "metrics.jsonl",
                                           "result.json",
                                           "report.html",
                                           "model.safetensors",
                                           "masks.safetensors",
                                           "network.onnx",
                                           "checkpoints/last.safetensors",
                                           "checkpoints/previous.safetensors"};
  /// Is there a run already? (Asked without creating anything.)
  [[nodiscard]] static bool holds_run(const std::filesystem::path& path);

 private:
  std::filesystem::path path_;
  std::optional<FolderLock> lock_;
};

/// A file that only grows; after a crash it is cut back to where the checkpoint left it.
class AppendLog {
 public:
  /// Opens it and cuts it to `size` bytes.
  AppendLog(std::filesystem::path path, std::int64_t size);
  ~AppendLog();
  AppendLog(const AppendLog&) = delete;
  AppendLog& operator=(const AppendLog&) = delete;

  void append(std::string_view bytes);
  [[nodiscard]] std::int64_t size() const { return size_; }

 private:
  std::filesystem::path path_;
  int fd_ = -1;
  std::int64_t size_ = 0;
};

}  // namespace pollard
