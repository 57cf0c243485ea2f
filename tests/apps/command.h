// The built command as a process: started, watched, sent signals, waited for.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace pollard::test {

using Words = std::vector<std::string>;

inline Words operator+(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

struct Options {
  std::filesystem::path folder = ".";  // where the command works
  // NAME=value, on top of the test's own. The policy spares the command that it starts itself anew.
  Words environment = {"OMP_WAIT_POLICY=passive"};
  bool terminal = false;  // is its standard error one?
};

struct Outcome {
  int status = -1;  // -1 where a signal ended it
  int signal = 0;
  std::string out, err;
};

class Command {
 public:
  /// Starts `program` with `words`.
  explicit Command(const Words& words, const Options& options = {},
                   const std::string& program = POLLARD_COMMAND)
      : out_(std::tmpfile()), err_(std::tmpfile()) {
    if (out_ == nullptr || err_ == nullptr) throw std::runtime_error("no temporary files");
    if (options.terminal && ::openpty(&terminal_, &terminal_end_, nullptr, nullptr, nullptr) != 0)
      throw std::runtime_error("no pseudo-terminal");
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("cannot fork");
    if (process_ == 0) become(program, words, options);
    if (terminal_end_ >= 0) ::close(terminal_end_);
  }
  ~Command() {
    if (running()) {
      send(SIGKILL);
      static_cast<void>(wait());
    }
    if (terminal_ >= 0) ::close(terminal_);
    std::fclose(out_);
    std::fclose(err_);
  }
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  [[nodiscard]] bool running() {
    if (!ended_) ended_ = ::waitpid(process_, &wait_status_, WNOHANG) == process_;
    return !ended_;
  }

  [[nodiscard]] pid_t id() const { return process_; }
  void send(int signal) const {
    if (!ended_) ::kill(process_, signal);
  }

  /// What it has said on standard error so far.
  [[nodiscard]] std::string err() {
    read_terminal();
    return content(err_) + drawn_;
  }

  /// Waits until standard error holds `text`; false if the command ends without.
  [[nodiscard]] bool says(std::string_view text) {
    while (err().find(text) == std::string::npos) {
      if (!running()) return err().find(text) != std::string::npos;
      nap();
    }
    return true;
  }

  /// Waits for its end. A command that hangs is killed and fails the test.
  Outcome wait() {
    const auto begun = std::chrono::steady_clock::now();
    while (running()) {
      read_terminal();
      nap();
      if (std::chrono::steady_clock::now() - begun < kLongest) continue;
      ADD_FAILURE() << "the command did not end:\n" << err();
      send(SIGKILL);
    }
    Outcome outcome;
    if (WIFEXITED(wait_status_)) outcome.status = WEXITSTATUS(wait_status_);
    if (WIFSIGNALED(wait_status_)) outcome.signal = WTERMSIG(wait_status_);
    outcome.out = content(out_);
    outcome.err = err();
    return outcome;
  }

 private:
  static constexpr auto kLongest = std::chrono::minutes(5);

  static void nap() { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }

  [[noreturn]] void become(const std::string& program, const Words& words, const Options& options) {
    for (const std::string& entry : options.environment) {
      const std::size_t equals = entry.find('=');
      ::setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(), 1);
    }
    std::vector<char*> arguments = {const_cast<char*>(program.c_str())};
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::dup2(::fileno(out_), STDOUT_FILENO);
    ::dup2(terminal_end_ >= 0 ? terminal_end_ : ::fileno(err_), STDERR_FILENO);
    if (::chdir(options.folder.c_str()) == 0) ::execv(program.c_str(), arguments.data());
    std::perror(program.c_str());
    ::_exit(127);
  }

  // A terminal holds only little: it is read while the command runs.
  void read_terminal() {
    if (terminal_ < 0) return;
    ::fcntl(terminal_, F_SETFL, O_NONBLOCK);
    char piece[1024];
    for (ssize_t got = 0; (got = ::read(terminal_, piece, sizeof piece)) > 0;)
      drawn_.append(piece, static_cast<std::size_t>(got));
  }

  // Read by position: the command shares the file's own.
  static std::string content(std::FILE* file) {
    std::string text;
    char piece[4096];
    for (ssize_t got = 0;
         (got = ::pread(::fileno(file), piece, sizeof piece, static_cast<off_t>(text.size()))) > 0;)
      text.append(piece, static_cast<std::size_t>(got));
    return text;
  }

  std::FILE* out_;
  std::FILE* err_;
  int terminal_ = -1, terminal_end_ = -1;
  std::string drawn_;  // on the terminal
  pid_t process_ = -1;
  bool ended_ = false;
  int wait_status_ = 0;
};

/// Runs the command to its end.
inline Outcome run_command(const Words& words, const Options& options = {}) {
  return Command(words, options).wait();
}

}  // namespace pollard::test
