// The Error that a call throws, for tests of what errors say.
#pragma once

#include <gtest/gtest.h>

#include <utility>

#include "pollard/error.h"

namespace pollard::test {

/// The pollard::Error that `call` throws; a test failure where it throws none.
template <typename Call>
[[nodiscard]] Error thrown_by(Call&& call) {
  try {
    std::forward<Call>(call)();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no pollard::Error was thrown";
  return {ErrorCode::Internal, "nothing was thrown"};
}

}  // namespace pollard::test
