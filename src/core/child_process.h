// A program that runs beside ours: its output as lines, its end, how much memory it took.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pollard {

class ChildProcess {
 public:
  struct Settings {
    std::vector<std::string> arguments;              // the program's path first
    std::map<std::string, std::string> environment;  // beside ours
    std::filesystem::path log;                       // its stderr is appended here
  };
  /// Starts it. If we die, whatever way, it gets SIGTERM. Throws Error{Io} where it cannot start.
  explicit ChildProcess(const Settings& settings);
  /// Kills it if it still runs.
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;

  [[nodiscard]] pid_t id() const { return id_; }
  /// The lines that it has written to its stdout since the last call. Never waits.
  [[nodiscard]] std::vector<std::string> lines();
  /// For poll().
  [[nodiscard]] int output() const { return output_; }
  void signal(int number) const;

  struct Ending {
    int status = 0;               // exit status, or 128 + the signal that ended it
    bool killed = false;          // by a signal
    std::int64_t peak_bytes = 0;  // of resident memory
  };
  /// How it ended; nothing while it runs. Never waits.
  [[nodiscard]] std::optional<Ending> ending();

 private:
  pid_t id_ = -1;
  int output_ = -1;
  std::string rest_;  // of a line
  std::optional<Ending> ending_;
};

/// Bytes of memory that processes may still take without swapping.
[[nodiscard]] std::int64_t available_memory();

}  // namespace pollard
