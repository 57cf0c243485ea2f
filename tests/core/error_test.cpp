#include "pollard/error.h"

#include <gtest/gtest.h>

namespace pollard {
namespace {

TEST(Error, CarriesCodeMessageAndHint) {
  const Error error(ErrorCode::Config, "train.epochs is 0", "use at least 1");
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_STREQ(error.what(), "train.epochs is 0");
  EXPECT_EQ(error.hint(), "use at least 1");
}

TEST(Error, OneLineAddsTheHintWhereThereIsOne) {
  EXPECT_EQ(one_line(Error(ErrorCode::Io, "no file")), "no file");
  EXPECT_EQ(one_line(Error(ErrorCode::Io, "no file", "make one")), "no file (make one)");
}

TEST(Error, ExitStatusTellsUserErrorsFromFailures) {
  for (const ErrorCode code :
       {ErrorCode::Usage, ErrorCode::Config, ErrorCode::Input, ErrorCode::Io}) {
    EXPECT_EQ(exit_status(code), 2);
  }
  EXPECT_EQ(exit_status(ErrorCode::Numeric), 1);
  EXPECT_EQ(exit_status(ErrorCode::Internal), 1);
  EXPECT_EQ(exit_status(ErrorCode::Interrupted), 130);
}

}  // namespace
}  // namespace pollard
