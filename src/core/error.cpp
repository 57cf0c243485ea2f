#include "pollard/error.h"

#include <utility>

#include "core/terminal_text.h"

namespace pollard {

Error::Error(ErrorCode code, const std::string& what, std::string hint)
    : std::runtime_error(what), code_(code), hint_(std::move(hint)) {}

int exit_status(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::Usage:
    case ErrorCode::Config:
    case ErrorCode::Input:
    case ErrorCode::Io:
      return 2;
    case ErrorCode::Interrupted:
      return 130;
    case ErrorCode::Numeric:
    case ErrorCode::Internal:
    case ErrorCode::Peer:
      return 1;
  }
  return 1;
}

std::string one_line(const Error& error) {
  std::string line = error.what();
  if (!error.hint().empty()) line += " (" + error.hint() + ")";
  return without_codes(std::move(line));  // names come from files too
}

}  // namespace pollard
