// Where a library that never prints tells what it is doing.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string_view>

namespace pollard {

/// Receives messages and progress. One bar at a time. Called from one thread.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void note(std::string_view message) = 0;
  virtual void warn(std::string_view message) = 0;
  /// Starts a bar of `total` units; `done` units were finished before (a resumed epoch).
  virtual void begin(std::string_view label, std::int64_t total, std::int64_t done) = 0;
  /// `done` units are finished; `detail` is a short text such as "loss 0.412".
  virtual void advance(std::int64_t done, std::string_view detail) = 0;
  /// Replaces the bar by a closing line.
  virtual void end(std::string_view summary) = 0;
};

enum class Verbosity { Quiet, Normal };

/// Bars with ETA where `stream` is a terminal, plain lines (at most one each few seconds) where it
/// is not. Quiet shows warnings only. Colours only on a terminal and without NO_COLOR.
[[nodiscard]] std::unique_ptr<Progress> make_console_progress(std::FILE* stream,
                                                              Verbosity verbosity);

/// Says nothing, anywhere.
[[nodiscard]] Progress& silent_progress();

}  // namespace pollard
