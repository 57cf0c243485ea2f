// Progress on a stream. On a terminal one line is drawn over itself, at most ten times a second;
// elsewhere a plain line is written at most every five seconds, so that logs stay short.
#include "pollard/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/progress_format.h"
#include "core/timing.h"

namespace pollard {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr double kLineSeconds = 5;
constexpr std::string_view kClearLine = "\r\x1b[K";

class ConsoleProgress final : public Progress {
 public:
  explicit ConsoleProgress(Console console) : console_(std::move(console)) {}

  // Work that failed leaves its bar behind; the error message should find a clean line.
  ~ConsoleProgress() override { erase(); }
  ConsoleProgress(const ConsoleProgress&) = delete;
  ConsoleProgress& operator=(const ConsoleProgress&) = delete;

  void note(std::string_view message) override {
    if (!quiet()) write_line(message);
  }

  void warn(std::string_view message) override {
    const std::string_view mark = console_.colour ? "\x1b[33mwarning:\x1b[0m " : "warning: ";
    write_line(std::string(mark).append(message));
  }

  void begin(std::string_view label, std::int64_t total, std::int64_t done) override {
    bar_ = BarState{std::string(label), total, done, done, 0, ""};
    begun_ = last_shown_ = console_.seconds();
    if (console_.terminal && !quiet()) draw();
  }

  void advance(std::int64_t done, std::string_view detail) override {
    if (!bar_) return;
    bar_->done = done;
    bar_->detail = detail;
    if (quiet()) return;
    const double now = console_.seconds();
    if (now - last_shown_ < (console_.terminal ? kRedrawSeconds : kLineSeconds)) return;
    last_shown_ = now;
    bar_->elapsed = now - begun_;
    if (console_.terminal) {
      draw();
    } else {
      write(plain_line(*bar_) + "\n");
    }
  }

  void end(std::string_view summary) override {
    bar_.reset();
    if (quiet()) return;
    summary.empty() ? erase() : write_line(summary);
  }

 private:
  [[nodiscard]] bool quiet() const { return console_.verbosity == Verbosity::Quiet; }

  // In one piece, so that nothing else comes between.
  void write(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), console_.stream);
    std::fflush(console_.stream);
  }

  [[nodiscard]] std::string drawing() const {
    // The last column stays free: writing into it wraps on some terminals.
    const std::size_t width = console_.width();
    return bar_line(*bar_, width > 1 ? width - 1 : 1);
  }

  void draw() {
    write(std::string(kClearLine) + drawing());
    drawn_ = true;
  }

  void erase() {
    if (drawn_) write(std::string(kClearLine));
    drawn_ = false;
  }

  // A whole line where the bar stood; the bar, if it goes on, moves below.
  void write_line(std::string_view line) {
    std::string text(drawn_ ? kClearLine : "");
    text.append(line).append("\n");
    const bool goes_on = drawn_ && bar_;
    if (goes_on) text += drawing();
    drawn_ = goes_on;
    write(text);
  }

  Console console_;
  std::optional<BarState> bar_;
  double begun_ = 0;
  double last_shown_ = 0;
  bool drawn_ = false;  // the stream's last line is a bar
};

class SilentProgress final : public Progress {
 public:
  void note(std::string_view) override {}
  void warn(std::string_view) override {}
  void begin(std::string_view, std::int64_t, std::int64_t) override {}
  void advance(std::int64_t, std::string_view) override {}
  void end(std::string_view) override {}
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::size_t terminal_width(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

}  // namespace

std::unique_ptr<Progress> make_console_progress(Console console) {
  return std::make_unique<ConsoleProgress>(std::move(console));
}

Console console_on(std::FILE* stream, Verbosity verbosity) {
  const int descriptor = ::fileno(stream);
  // A dumb terminal cannot redraw a line.
  const bool terminal =
      descriptor >= 0 && ::isatty(descriptor) == 1 && environment("TERM") != "dumb";
  return {
      .stream = stream,
      .verbosity = verbosity,
      .terminal = terminal,
      .colour = terminal && environment("NO_COLOR").empty(),
      .seconds = [watch = Stopwatch()] { return watch.seconds(); },
      .width = [descriptor] { return terminal_width(descriptor); },
  };
}

std::unique_ptr<Progress> make_console_progress(std::FILE* stream, Verbosity verbosity) {
  return make_console_progress(console_on(stream, verbosity));
}

Progress& silent_progress() {
  static SilentProgress progress;
  return progress;
}

}  // namespace pollard
