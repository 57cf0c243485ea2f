#include "speed/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Worker, AnswersLineByLine) {
  Worker worker(
      {"sh", "-c", "while read line; do echo \"$line $1\"; echo more; done", "sh", "a b"});
  for (const char* word : {"one", "two"}) {
    worker.tell(word);
    EXPECT_EQ(worker.answer(), std::string(word) + " a b");
    EXPECT_EQ(worker.answer(), "more");
  }
}

TEST(Worker, SaysWhyItEnded) {
  Worker worker({"sh", "-c", "echo broken >&2; echo not this >&2; exit 3"});
  const Error error = thrown_by([&] { (void)worker.answer(); });
  EXPECT_THAT(error.what(), AllOf(HasSubstr("'sh' has ended: broken"), Not(HasSubstr("not this"))));
  // Telling one that has ended is an error as well, and no signal.
  EXPECT_EQ(thrown_by([&] { worker.tell("hello"); }).code(), ErrorCode::Io);
}

TEST(Worker, ThatIsNotThereIsNamed) {
  Worker worker({"no-such-program-here"});
  EXPECT_THAT(thrown_by([&] { (void)worker.answer(); }).what(),
              AllOf(HasSubstr("no-such-program-here"), HasSubstr("No such file")));
}

TEST(Worker, ThatHangsIsEnded) {
  const Worker worker({"sh", "-c", "trap '' TERM; exec sleep 600"});
}

}  // namespace
}  // namespace pollard
