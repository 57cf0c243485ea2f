#include "pollard/progress.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/progress_format.h"
#include "core/terminal_text.h"

namespace pollard {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// What a reader of the terminal sees: "\r" goes back, ESC[K clears to the end of the line.
struct Screen {
  std::vector<std::string> lines;  // finished ones
  std::string current;             // where the cursor stands
  std::size_t widest = 0;
};

Screen shown(std::string_view bytes) {
  Screen screen;
  std::size_t cursor = 0;
  while (!bytes.empty()) {
    if (bytes.starts_with("\x1b[K")) {
      screen.current.resize(cursor);
      bytes.remove_prefix(3);
      continue;
    }
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (c == '\r') {
      cursor = 0;
    } else if (c == '\n') {
      screen.lines.push_back(screen.current);
      screen.current.clear();
      cursor = 0;
    } else {
      if (cursor == screen.current.size()) screen.current += ' ';
      screen.current[cursor++] = c;
      screen.widest = std::max(screen.widest, columns(screen.current));
    }
  }
  return screen;
}

class ConsoleTest : public ::testing::Test {
 protected:
  ConsoleTest() : stream_(open_memstream(&bytes_, &size_)) {}
  ~ConsoleTest() override {
    std::fclose(stream_);
    std::free(bytes_);
  }
  std::unique_ptr<Progress> console(bool terminal, Verbosity verbosity = Verbosity::Normal,
                                    bool colour = false) {
    return make_console_progress(Console{.stream = stream_,
                                         .verbosity = verbosity,
                                         .terminal = terminal,
                                         .colour = colour,
                                         .seconds = [this] { return now_; },
                                         .width = [this] { return width_; }});
  }
  std::string written() {
    std::fflush(stream_);
    return {bytes_, size_};
  }
  Screen screen() { return shown(written()); }

  double now_ = 100;
  std::size_t width_ = 80;

 private:
  char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* stream_;
};

TEST_F(ConsoleTest, ATerminalShowsOneBarThatMoves) {
  const auto progress = console(true);
  progress->begin("epoch 1", 100, 0);
  EXPECT_THAT(screen().current, AllOf(StartsWith("epoch 1 [>"), EndsWith("0% 0/100")));
  now_ += 2;
  progress->advance(50, "loss 0.5");
  EXPECT_THAT(screen().current, HasSubstr("50% 50/100 25/s ETA 0:02 loss 0.5"));
  EXPECT_THAT(screen().lines, IsEmpty());
}

TEST_F(ConsoleTest, TheEndReplacesTheBar) {
  const auto progress = console(true);
  progress->begin("epoch 1", 100, 0);
  progress->end("epoch 1 done");
  EXPECT_THAT(screen().lines, ElementsAre("epoch 1 done"));
  EXPECT_EQ(screen().current, "");
}

TEST_F(ConsoleTest, AnEmptySummaryOnlyClears) {
  const auto progress = console(true);
  progress->begin("epoch 1", 100, 0);
  progress->end("");
  EXPECT_THAT(screen().lines, IsEmpty());
  EXPECT_EQ(screen().current, "");
}

TEST_F(ConsoleTest, RedrawsAreHeldToTenASecond) {
  const auto progress = console(true);
  progress->begin("a", 100000, 0);
  for (int i = 1; i <= 1000; ++i) {
    now_ += 0.001;
    progress->advance(i, "");
  }
  const std::string text = written();
  const auto drawn = std::count(text.begin(), text.end(), '\r');
  EXPECT_GE(drawn, 8);
  EXPECT_LE(drawn, 11);
}

TEST_F(ConsoleTest, TheBarStaysInsideTheTerminal) {
  width_ = 30;
  const auto progress = console(true);
  progress->begin("a label that is rather long for it", 100, 0);
  now_ += 1;
  progress->advance(10, "and a detail");
  width_ = 20;
  now_ += 1;
  progress->advance(20, "and a detail");
  EXPECT_EQ(screen().widest, 29U);
  EXPECT_EQ(columns(screen().current), 19U);
}

TEST_F(ConsoleTest, MessagesStandAboveTheBar) {
  const auto progress = console(true);
  progress->begin("epoch 1", 100, 0);
  progress->note("a note that is a good deal longer than the label of the bar");
  progress->warn("look out");
  EXPECT_THAT(screen().lines,
              ElementsAre("a note that is a good deal longer than the label of the bar",
                          "warning: look out"));
  EXPECT_THAT(screen().current, StartsWith("epoch 1 ["));
  progress->end("done");
  progress->note("after");
  EXPECT_THAT(screen().lines, ::testing::SizeIs(4));
  EXPECT_EQ(screen().lines.back(), "after");
  EXPECT_EQ(screen().current, "");
}

TEST_F(ConsoleTest, WorkThatFailsLeavesNoBar) {
  console(true)->begin("epoch 1", 100, 0);
  EXPECT_EQ(screen().current, "");
}

TEST_F(ConsoleTest, AResumedBarDoesNotFlatterItsRate) {
  const auto progress = console(true);
  progress->begin("epoch 1", 100, 90);
  now_ += 1;
  progress->advance(91, "");
  EXPECT_THAT(screen().current, HasSubstr("91/100 1/s ETA 0:09"));
}

TEST_F(ConsoleTest, APipeGetsALineEachFiveSecondsAndTheEnd) {
  const auto progress = console(false);
  progress->begin("epoch 1", 1000, 0);
  for (int i = 1; i <= 120; ++i) {
    now_ += 0.1;
    progress->advance(i, "loss 0.5");
  }
  progress->end("epoch 1: done");
  const Screen seen = screen();
  ASSERT_EQ(seen.lines.size(), 3U);
  EXPECT_THAT(seen.lines[0],
              AllOf(StartsWith("epoch 1: 5"), HasSubstr("10/s"), EndsWith("loss 0.5")));
  EXPECT_THAT(seen.lines[1], StartsWith("epoch 1: 10"));
  EXPECT_EQ(seen.lines[2], "epoch 1: done");
  EXPECT_THAT(written(), AllOf(Not(HasSubstr("\r")), Not(HasSubstr("\x1b"))));
}

TEST_F(ConsoleTest, APipeGetsMessagesAsTheyAre) {
  const auto progress = console(false);
  progress->begin("a", 10, 0);
  progress->note("one");
  progress->note("");
  progress->warn("two");
  EXPECT_EQ(written(), "one\n\nwarning: two\n");
}

TEST_F(ConsoleTest, QuietShowsWarningsOnly) {
  for (const bool terminal : {true, false}) {
    const auto progress = console(terminal, Verbosity::Quiet);
    progress->begin("a", 10, 0);
    progress->note("note");
    now_ += 60;
    progress->advance(5, "");
    progress->end("summary");
  }
  EXPECT_EQ(written(), "");
  console(true, Verbosity::Quiet)->warn("look out");
  EXPECT_EQ(written(), "warning: look out\n");
}

TEST_F(ConsoleTest, ColourMarksWarnings) {
  console(true, Verbosity::Normal, true)->warn("look out");
  EXPECT_EQ(written(), "\x1b[33mwarning:\x1b[0m look out\n");
}

TEST_F(ConsoleTest, AdvancingWithoutABarIsHarmless) {
  const auto progress = console(true);
  now_ += 10;
  progress->advance(5, "");
  EXPECT_EQ(written(), "");
}

TEST(SilentProgress, TakesEverything) {
  Progress& progress = silent_progress();
  progress.begin("a", 1, 0);
  progress.advance(1, "");
  progress.note("b");
  progress.warn("c");
  progress.end("d");
  EXPECT_EQ(&progress, &silent_progress());
}

// A pseudo-terminal, so that what make_console_progress finds out is tested too.
class PseudoTerminal {
 public:
  explicit PseudoTerminal(unsigned short columns) : master_(::posix_openpt(O_RDWR | O_NOCTTY)) {
    if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0) return;
    slave_ = std::fopen(::ptsname(master_), "r+");
    const winsize size{24, columns, 0, 0};
    if (slave_ != nullptr) ::ioctl(::fileno(slave_), TIOCSWINSZ, &size);
  }
  ~PseudoTerminal() {
    if (slave_ != nullptr) std::fclose(slave_);
    if (master_ >= 0) ::close(master_);
  }
  PseudoTerminal(const PseudoTerminal&) = delete;
  PseudoTerminal& operator=(const PseudoTerminal&) = delete;
  [[nodiscard]] std::FILE* stream() const { return slave_; }
  [[nodiscard]] std::string read() const {
    char buffer[4096];
    const ssize_t got = ::read(master_, buffer, sizeof buffer);
    return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : "";
  }

 private:
  int master_;
  std::FILE* slave_ = nullptr;
};

class TerminalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (terminal_.stream() == nullptr) GTEST_SKIP() << "no pseudo-terminal here";
    ::setenv("TERM", "xterm", 1);
    ::unsetenv("NO_COLOR");
  }
  void TearDown() override { ::unsetenv("NO_COLOR"); }
  std::string warning() {
    make_console_progress(terminal_.stream(), Verbosity::Normal)->warn("x");
    return terminal_.read();
  }
  PseudoTerminal terminal_{40};
};

TEST_F(TerminalTest, KnowsTheTerminalsWidth) {
  const auto progress = make_console_progress(terminal_.stream(), Verbosity::Normal);
  progress->begin("a label that would not leave any room for a bar", 100, 0);
  const Screen screen = shown(terminal_.read());
  EXPECT_EQ(screen.widest, 39U);
  progress->end("");
}

TEST_F(TerminalTest, ColoursUnlessAskedNotTo) {
  EXPECT_THAT(warning(), HasSubstr("\x1b[33m"));
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_THAT(warning(), Not(HasSubstr("\x1b[33m")));
  ::setenv("NO_COLOR", "", 1);
  EXPECT_THAT(warning(), HasSubstr("\x1b[33m"));
}

TEST_F(TerminalTest, ADumbTerminalGetsPlainText) {
  ::setenv("TERM", "dumb", 1);
  EXPECT_THAT(warning(), AllOf(HasSubstr("warning: x"), Not(HasSubstr("\x1b"))));
}

TEST(ConsoleProgress, AFileIsNoTerminal) {
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  make_console_progress(file, Verbosity::Normal)->begin("a", 10, 0);
  make_console_progress(file, Verbosity::Normal)->warn("x");
  std::rewind(file);
  char buffer[100] = {};
  EXPECT_EQ(std::fread(buffer, 1, sizeof buffer, file), std::string("warning: x\n").size());
  EXPECT_STREQ(buffer, "warning: x\n");
  std::fclose(file);
}

}  // namespace
}  // namespace pollard
