// The one exception family. An error says what is wrong (naming the file, key or tensor), what was
// expected, and in `hint()` what to do about it.
#pragma once

#include <stdexcept>
#include <string>

namespace pollard {

enum class ErrorCode {
  Usage,        // bad command line
  Config,       // unknown key, value out of range, settings that contradict each other
  Input,        // a file or tensor that is damaged, truncated, or does not fit the model
  Io,           // a file or folder that cannot be read or written
  Numeric,      // the work itself failed: a loss that is not finite
  Interrupted,  // stopped by a signal, after a checkpoint
  Internal,     // a broken invariant of ours
  Peer,         // another process of this run is gone, late, or not where this one is
};

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& what, std::string hint = {});

  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  [[nodiscard]] const std::string& hint() const noexcept { return hint_; }

 private:
  ErrorCode code_;
  std::string hint_;
};

/// 2 for what the user can mend (usage, configuration, input, files), 1 for work that failed.
[[nodiscard]] int exit_status(ErrorCode code) noexcept;

/// `what` and the hint in one line, as the command prints it after "pollard: error: ".
[[nodiscard]] std::string one_line(const Error& error);

}  // namespace pollard
