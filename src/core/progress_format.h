// The words of progress, apart from where they go: a bar for a terminal, a line for a pipe.
//
//   epoch 3 [=======>            ]  38% 150/390 212/s ETA 0:01 loss 0.412
//   epoch 3: 150/390 (38%), 212/s, ETA 0:01, loss 0.412
//
// The rate is that since begin(), so units that a resumed bar began with do not flatter it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include "pollard/progress.h"

namespace pollard {

struct BarState {
  std::string label;
  std::int64_t total = 0;  // 0: not known
  std::int64_t done = 0;
  std::int64_t done_before = 0;  // at begin()
  double elapsed = 0;            // seconds since begin()
  std::string detail;
};

/// "0:05", "1:05", "2:03:04".
[[nodiscard]] std::string duration_text(double seconds);

/// Units per second: "0.052/s", "12.3/s", "48200/s"; "" while there is none.
[[nodiscard]] std::string rate_text(const BarState& state);

/// Seconds to go at the rate so far; negative while it cannot be told.
[[nodiscard]] double remaining_seconds(const BarState& state);

/// One line of at most `width` columns. Where room is short, the detail goes first, then the bar,
/// then the figures.
[[nodiscard]] std::string bar_line(const BarState& state, std::size_t width);
[[nodiscard]] std::string plain_line(const BarState& state);

/// A stream that progress is shown on.
struct Console {
  std::FILE* stream = nullptr;
  Verbosity verbosity = Verbosity::Normal;
  bool terminal = false;
  bool colour = false;
  std::function<double()> seconds;     // a clock
  std::function<std::size_t()> width;  // of the terminal, in columns
};

/// With a clock that starts now.
[[nodiscard]] Console console_on(std::FILE* stream, Verbosity verbosity);

[[nodiscard]] std::unique_ptr<Progress> make_console_progress(Console console);

}  // namespace pollard
