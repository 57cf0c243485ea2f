#include "report/model_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pollard {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

ModelFacts facts() {
  return {.file = "net.onnx",
          .notes = {{"model", "resnet20"},
                    {"dataset", "cifar10"},
                    {"test_top1", "87.5"},
                    {"method", "IMP+"},
                    {"input", "3x32x32"}},
          .layers = {{"conv1.weight", "16x3x3x3", 108, 432}, {"linear.weight", "10x64", 160, 640}},
          .theoretical_speedup = 3.5,
          .bytes = {{"ONNX", 1234}, {"dense", 5000}}};
}

TEST(ModelCard, HasAHeadForHubs) {
  const std::string card = model_card(facts());
  EXPECT_THAT(card, StartsWith("---\nlibrary_name: pollard\n"));
  EXPECT_THAT(card, HasSubstr("datasets:\n- \"cifar10\"\n"));
  EXPECT_THAT(card, HasSubstr("      value: 0.8750\n---\n"));
}

TEST(ModelCard, SaysWhatIsLeftAndHowLargeItIs) {
  const std::string card = model_card(facts());
  EXPECT_THAT(card, HasSubstr("# net.onnx\n\nA network with 75.00 % of its prunable weights"));
  EXPECT_THAT(card, HasSubstr("| weights left | 268 of 1072 prunable |"));
  EXPECT_THAT(card, HasSubstr("| top-1 on the test set | 87.50 % |"));
  EXPECT_THAT(card, HasSubstr("3.50 times fewer (theoretical)"));
  EXPECT_THAT(card, HasSubstr("1234"));
  EXPECT_THAT(card, HasSubstr("25.00"));
}

TEST(ModelCard, LeavesOutWhatIsNotKnown) {
  ModelFacts unknown = facts();
  unknown.notes = {};
  const std::string card = model_card(unknown);
  EXPECT_THAT(card, Not(HasSubstr("metrics:")));
  EXPECT_THAT(card, Not(HasSubstr("datasets:")));
  EXPECT_THAT(card, Not(HasSubstr("| network |")));
}

// A file's metadata is anybody's text.
TEST(ModelCard, TakesNoMarkupFromNotes) {
  ModelFacts hostile = facts();
  hostile.notes["dataset"] = "x\"\n---\nlicense: mit\n\x1b[31m|<script>";
  const std::string card = model_card(hostile);
  EXPECT_THAT(card, Not(HasSubstr("\nlicense: mit")));
  EXPECT_THAT(card, Not(HasSubstr("\x1b")));
  EXPECT_THAT(card, HasSubstr("\\|\\<script\\>"));
  EXPECT_THAT(card, HasSubstr("- \"x\\\" --- license: mit"));
}

}  // namespace
}  // namespace pollard
