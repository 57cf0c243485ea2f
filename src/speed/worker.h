// A program beside ours that does what a line of text tells it and answers with a line.
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace pollard {

class Worker {
 public:
  /// Starts `words` (the first is looked for in PATH) with the caller's CPUs. Throws Error{Io}
  /// where no process can be started; a program that is not there shows at the first answer().
  explicit Worker(const std::vector<std::string>& words);
  /// Ends it: it reads the end of its standard input, and is killed where that is not enough.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void tell(std::string_view line);
  /// Its next line. Throws Error{Io} with the first line of its standard error if it has ended.
  [[nodiscard]] std::string answer();

 private:
  [[noreturn]] void fail() const;

  std::string name_;
  std::FILE* errors_ = nullptr;
  int socket_ = -1;
  pid_t process_ = -1;
  std::string read_;  // beyond the last line
};

}  // namespace pollard
