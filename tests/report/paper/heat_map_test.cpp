#include "report/paper/heat_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/markup.h"
#include "report/paper/paper_rows.h"

namespace pollard {
namespace {

using nlohmann::json;
using test::allocation_spec;
using test::profile_of;
using test::row_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;

TEST(LayerDensities, AreOfTheLastPruning) {
  const json stages = json::parse(R"([
    {"kind": "prune", "layers": [{"name": "conv1", "kept": 9, "of": 10}]},
    {"kind": "retrain"},
    {"kind": "prune", "layers": [{"name": "conv1", "kept": 1, "of": 4},
                                 {"name": "none", "kept": 0, "of": 0}, {"name": "odd"}]},
    {"kind": "retrain"}])");
  const std::vector<LayerDensity> densities = layer_densities(stages);
  ASSERT_EQ(densities.size(), 1u);
  EXPECT_EQ(densities[0].layer, "conv1");
  EXPECT_EQ(densities[0].density, 0.25);
  EXPECT_THAT(layer_densities(json::parse(R"([{"kind": "train"}])")), IsEmpty());
}

std::vector<ResultRow> rows() {
  const auto row = [](const char* allocation, const char* seed) {
    return row_of({{"prune.allocation", allocation}, {"seed", seed}}, {});
  };
  return {row("erk", "1"), row("erk", "2"), row("global", "1")};
}

Spec map_spec() { return allocation_spec("density", SpecKind::HeatMap, "Map <1>"); }

HeatMap map_of_rows() {
  const std::vector<ResultRow> all = rows();
  return make_heat_map(map_spec(), profile_of(all),
                       {{all[0].id, {{"a", 0.5}, {"b", 0.25}}},
                        {all[1].id, {{"a", 0.25}, {"b", 0.25}}},
                        {all[2].id, {{"a", 1}, {"c", 0}}}});
}

TEST(HeatMap, IsTheMeanOverSeeds) {
  const HeatMap map = map_of_rows();
  EXPECT_THAT(map.layers, ElementsAre("a", "b", "c"));
  ASSERT_EQ(map.lines.size(), 2u);
  EXPECT_EQ(map.lines[0].name, "ERK");
  EXPECT_EQ(map.lines[0].n, 2u);
  EXPECT_EQ(map.lines[0].origin.size(), 2u);
  EXPECT_THAT(map.lines[0].densities,
              ElementsAre(Optional(0.375), Optional(0.25), std::optional<double>()));
  EXPECT_EQ(to_csv(heat_map_values(map)), "layer,ERK,Global\na,0.375,1\nb,0.25,\nc,,0\n");
  EXPECT_EQ(map.mark, Mark::Reproduced);
}

TEST(HeatMap, WantsTheRowsOfItsLines) {
  EXPECT_EQ(heat_map_ids(map_spec(), profile_of(rows())).size(), 3u);
  EXPECT_THAT(heat_map_ids(map_spec(), {}), IsEmpty());
}

TEST(HeatMap, IsDrawnAsWellFormedSvg) {
  const std::string svg = draw_heat_map(map_of_rows());
  EXPECT_EQ(test::MarkupChecker(svg).problem(), "");
  EXPECT_THAT(svg, HasSubstr("Map &lt;1&gt;"));
  EXPECT_THAT(svg, HasSubstr("ERK, a: 37.5 % kept (n = 2)"));
  EXPECT_THAT(svg, HasSubstr("#08306b"));  // dense
  EXPECT_THAT(svg, HasSubstr("#c2500a"));  // emptied
  EXPECT_EQ(svg, draw_heat_map(map_of_rows()));
}

TEST(HeatMap, OfNothingIsDrawnToo) {
  const HeatMap map = make_heat_map(map_spec(), {.profile = "quick"}, {});
  EXPECT_EQ(map.mark, Mark::Missing);
  EXPECT_EQ(test::MarkupChecker(draw_heat_map(map)).problem(), "");
}

}  // namespace
}  // namespace pollard
