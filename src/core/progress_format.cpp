#include "core/progress_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/terminal_text.h"

namespace pollard {
namespace {

constexpr std::size_t kBarLeast = 8, kBarMost = 30;  // columns between the brackets

double fraction(const BarState& state) {
  if (state.total <= 0) return 0;
  return std::clamp(static_cast<double>(state.done) / static_cast<double>(state.total), 0.0, 1.0);
}

double rate(const BarState& state) {
  const std::int64_t finished = state.done - state.done_before;
  return finished > 0 && state.elapsed > 0 ? static_cast<double>(finished) / state.elapsed : 0;
}

// Rounded down: 100% means finished.
std::string percent_text(const BarState& state) {
  return fmt::format("{}%", static_cast<int>(std::floor(100 * fraction(state))));
}

std::string count_text(const BarState& state) {
  return state.total > 0 ? fmt::format("{}/{}", state.done, state.total)
                         : fmt::format("{}", state.done);
}

std::string eta_text(const BarState& state) {
  const double seconds = remaining_seconds(state);
  return seconds < 0 ? "" : "ETA " + duration_text(seconds);
}

// Text of ours and of callers on one line: a line break or a tab would spoil the redrawing.
std::string one_line_of(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(
      line, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return line;
}

std::string bar(double fraction, std::size_t width) {
  const auto filled = static_cast<std::size_t>(std::floor(fraction * static_cast<double>(width)));
  std::string text(filled, '=');
  if (filled < width) text += '>';
  text.resize(width, ' ');
  return "[" + text + "]";
}

void append(std::string& line, const std::string& piece) {
  if (piece.empty()) return;
  if (!line.empty()) line += ' ';
  line += piece;
}

}  // namespace

std::string duration_text(double seconds) {
  // Held to what an integer holds; nobody waits that long.
  const auto whole = static_cast<std::int64_t>(std::lround(std::clamp(seconds, 0.0, 1e9)));
  const std::int64_t hours = whole / 3600, minutes = whole / 60 % 60, rest = whole % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, rest);
  return fmt::format("{}:{:02}", minutes, rest);
}

std::string rate_text(const BarState& state) {
  const double units = rate(state);
  if (units <= 0) return "";
  return units < 100 ? fmt::format("{:.3g}/s", units) : fmt::format("{:.0f}/s", units);
}

double remaining_seconds(const BarState& state) {
  const double units = rate(state);
  if (units <= 0 || state.total <= 0) return -1;
  return static_cast<double>(std::max<std::int64_t>(state.total - state.done, 0)) / units;
}

std::string bar_line(const BarState& state, std::size_t width) {
  const std::string label = one_line_of(state.label);
  std::string figures = state.total > 0 ? fmt::format("{:>4}", percent_text(state)) : "";
  for (const std::string& piece : {count_text(state), rate_text(state), eta_text(state)}) {
    append(figures, piece);
  }
  const std::string detail = one_line_of(state.detail);

  const std::size_t least = columns(label) + 1 + columns(figures);
  // Two brackets and a space.
  const bool with_bar = state.total > 0 && least + kBarLeast + 3 <= width;
  const bool with_detail =
      !detail.empty() && with_bar && least + kBarLeast + 3 + 1 + columns(detail) <= width;
  std::string line = label;
  if (with_bar) {
    const std::size_t taken = least + 3 + (with_detail ? 1 + columns(detail) : 0);
    append(line, bar(fraction(state), std::min(width - taken, kBarMost)));
  }
  append(line, figures);
  if (with_detail || (state.total <= 0 && least + 1 + columns(detail) <= width))
    append(line, detail);
  return std::string(cut(line, width));
}

std::string plain_line(const BarState& state) {
  std::string line = one_line_of(state.label) + ": " + count_text(state);
  if (state.total > 0) line += " (" + percent_text(state) + ")";
  for (const std::string& piece : {rate_text(state), eta_text(state), one_line_of(state.detail)}) {
    if (!piece.empty()) line += ", " + piece;
  }
  return line;
}

}  // namespace pollard
