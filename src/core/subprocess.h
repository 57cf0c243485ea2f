// Runs another program to its end and reads what it says. No shell: words are passed as they are.
#pragma once

#include <string>
#include <vector>

namespace pollard {

struct ProgramResult {
  int status = 0;              // its exit status, or 128 + the signal that ended it
  std::string output, errors;  // what it wrote to standard output and standard error
};

/// `words` are the program, looked for in PATH, and its arguments. Its standard input is empty.
/// Throws Error{Io} where it cannot be started; what it returns is the caller's to judge.
[[nodiscard]] ProgramResult run_program(const std::vector<std::string>& words);

}  // namespace pollard
