#include "graph/select_prunable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pollard/error.h"
#include "pollard/networks.h"
#include "support/thrown.h"

namespace pollard {
namespace {

using test::thrown_by;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Glob, MatchesWholeNames) {
  EXPECT_TRUE(matches_glob("fc.weight", "fc.weight"));
  EXPECT_FALSE(matches_glob("fc", "fc.weight"));
  EXPECT_FALSE(matches_glob("weight", "fc.weight"));
  EXPECT_FALSE(matches_glob("fc.weight2", "fc.weight"));
  EXPECT_FALSE(matches_glob("", "fc"));
  EXPECT_TRUE(matches_glob("", ""));
}

TEST(Glob, StarsTakeAnyCharactersAndQuestionMarksOne) {
  EXPECT_TRUE(matches_glob("*", "layer1.0.conv1.weight"));
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("layer1.*", "layer1.0.conv1.weight"));
  EXPECT_FALSE(matches_glob("layer1.*", "layer10.conv1.weight"));
  EXPECT_TRUE(matches_glob("*conv?.weight", "layer1.0.conv1.weight"));
  EXPECT_FALSE(matches_glob("*conv?.weight", "layer1.0.conv10.weight"));
  EXPECT_FALSE(matches_glob("conv?", "conv"));
  EXPECT_TRUE(matches_glob("conv**", "conv"));
  EXPECT_FALSE(matches_glob("Conv*", "conv1"));
}

// A star may have to take more than it did at first.
TEST(Glob, StarsGiveWay) {
  EXPECT_TRUE(matches_glob("*ab", "aab"));
  EXPECT_TRUE(matches_glob("a*b*c", "abbcbc"));
  EXPECT_FALSE(matches_glob("a*b*c", "abbcb"));
  EXPECT_TRUE(matches_glob("*.?.*1.weight", "layer1.0.conv1.weight"));
  const std::string many(2000, 'a');
  EXPECT_FALSE(matches_glob("*a*a*a*a*a*a*a*a*b", many));  // in no time
}

// fc1, fc2 and fc3: 784 x 300, 300 x 100 and 100 x 10 weights.
Graph lenet() { return build_network("lenet-300-100", {1, 28, 28}, 10); }

std::vector<std::string> chosen(std::string_view include, std::string_view exclude) {
  Graph graph = lenet();
  select_prunable(graph, include, exclude);
  std::vector<std::string> names;
  for (const ParameterInfo& parameter : graph.prunable_parameters())
    names.push_back(parameter.name);
  return names;
}

TEST(SelectPrunable, TakesIncludedOnesThatAreNotExcluded) {
  EXPECT_THAT(chosen("", ""), ElementsAre("fc1.weight", "fc2.weight", "fc3.weight"));
  EXPECT_THAT(chosen("fc1.weight", ""), ElementsAre("fc1.weight"));
  EXPECT_THAT(chosen("", "fc3*"), ElementsAre("fc1.weight", "fc2.weight"));
  EXPECT_THAT(chosen(" fc3.weight ,fc1.* ", ""), ElementsAre("fc1.weight", "fc3.weight"));
}

TEST(SelectPrunable, CountsFollow) {
  Graph graph = lenet();
  select_prunable(graph, "", "fc1.*");
  EXPECT_EQ(graph.prunable_weights(), 30'000 + 1'000);
  EXPECT_EQ(graph.parameter_count(), 266'200 + 410);
  EXPECT_EQ(unselected_weights(graph), "fc1.weight\n");
  select_prunable(graph, "", "");  // all again
  EXPECT_EQ(graph.prunable_weights(), 266'200);
  EXPECT_EQ(unselected_weights(graph), "");
}

TEST(SelectPrunable, APatternThatMatchesNoWeightIsAnError) {
  const auto refused = [](std::string_view include, std::string_view exclude) {
    Graph graph = lenet();
    const Error error = thrown_by([&] { select_prunable(graph, include, exclude); });
    EXPECT_EQ(error.code(), ErrorCode::Config);
    EXPECT_EQ(graph.prunable_weights(), 266'200);  // nothing has changed
    return error;
  };
  const Error typo = refused("fc1.wieght", "");
  EXPECT_THAT(typo.what(), AllOf(HasSubstr("prune.include"), HasSubstr("'fc1.wieght'")));
  EXPECT_EQ(typo.hint(), "did you mean 'fc1.weight'?");
  const Error second = refused("", "fc1.weight, fc2.bias");  // biases are never pruned
  EXPECT_THAT(second.what(), AllOf(HasSubstr("prune.exclude"), HasSubstr("'fc2.bias'")));
  const Error far = refused("features.*.conv*", "");
  EXPECT_THAT(far.hint(), AllOf(HasSubstr("'fc1.weight'"), HasSubstr("'fc3.weight'")));
}

TEST(SelectPrunable, LeavingNothingIsAnError) {
  Graph graph = lenet();
  const Error error = thrown_by([&] { select_prunable(graph, "fc1.*", "fc?.weight"); });
  EXPECT_EQ(error.code(), ErrorCode::Config);
  EXPECT_THAT(error.what(),
              AllOf(HasSubstr("prune.include='fc1.*'"), HasSubstr("prune.exclude='fc?.weight'")));
  EXPECT_FALSE(error.hint().empty());
  EXPECT_EQ(graph.prunable_weights(), 266'200);
}

TEST(Graph, SelectsOnlyParametersThatThereAre) {
  Graph graph = lenet();
  EXPECT_EQ(thrown_by([&] { graph.select("fc9.weight", false); }).code(), ErrorCode::Input);
}

}  // namespace
}  // namespace pollard
