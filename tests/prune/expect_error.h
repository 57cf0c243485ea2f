// EXPECT_ERROR(call, code, part of the message).
#pragma once

#include <gmock/gmock.h>

#include "support/thrown.h"

#define EXPECT_ERROR(call, expected_code, part)                               \
  do {                                                                        \
    const ::pollard::Error error = ::pollard::test::thrown_by([&] { call; }); \
    EXPECT_EQ(error.code(), expected_code);                                   \
    EXPECT_THAT(error.what(), ::testing::HasSubstr(part));                    \
  } while (false)
