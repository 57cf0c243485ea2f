#include "report/paper/spots.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <set>

#include "report/paper/paper_rows.h"

namespace pollard {
namespace {

using test::row_of;
using test::schedule_panel;

// Configurations with one to three seeds each.
std::vector<ResultRow> any_rows() {
  std::vector<ResultRow> rows;
  const int configurations = *rc::gen::inRange(0, 30);
  for (int i = 0; i < configurations; ++i) {
    const int seeds = *rc::gen::inRange(1, 4);
    for (int seed = 1; seed <= seeds; ++seed)
      rows.push_back(row_of({{"k", std::to_string(i)}, {"seed", std::to_string(seed)}},
                            {{"sparsity", 0.001 * *rc::gen::inRange(880, 1000)},
                             {"retrain_epochs", *rc::gen::inRange(1, 40)},
                             {"top1", *rc::gen::inRange(0, 100)}}));
  }
  return rows;
}

std::vector<Spot> any_spots(const std::vector<ResultRow>& rows, SpecForm form) {
  SpecPanel panel = schedule_panel();
  panel.form = form;
  if (form == SpecForm::Maximum) panel.x = "retrain_epochs";
  return spots_of(rows, panel, {"seed"});
}

RC_GTEST_PROP(SpotsOf, AreInOrderWithinTheirBandsAndTraceable, ()) {
  const std::vector<ResultRow> rows = any_rows();
  std::set<std::string> ids;
  for (const ResultRow& row : rows) ids.insert(row.id);
  for (const SpecForm form : {SpecForm::Curve, SpecForm::Maximum, SpecForm::Bins}) {
    double before = -1;
    for (const Spot& spot : any_spots(rows, form)) {
      RC_ASSERT(spot.x >= before);
      RC_ASSERT(spot.low <= spot.y + 1e-9 && spot.y <= spot.high + 1e-9);
      RC_ASSERT(spot.n == spot.origin.size());
      for (const std::string& id : spot.origin) RC_ASSERT(ids.contains(id));
      before = spot.x;
    }
  }
}

RC_GTEST_PROP(SpotsOf, RiseAsRunningMaximaToTheBestOfAll, ()) {
  const std::vector<ResultRow> rows = any_rows();
  const std::vector<Spot> spots = any_spots(rows, SpecForm::Maximum);
  for (std::size_t i = 1; i < spots.size(); ++i) RC_ASSERT(spots[i].y > spots[i - 1].y);
  const std::vector<Spot> best = best_spot(rows, "top1", {"seed"});
  RC_ASSERT(best.empty() == spots.empty());
  if (!best.empty()) RC_ASSERT(best[0].y == spots.back().y);
}

RC_GTEST_PROP(SpotsOf, AreOneABinAndNoneIsBetter, ()) {
  const std::vector<ResultRow> rows = any_rows();
  const auto bin = [](const Spot& spot) {
    return std::floor(spot.x / (100 * kBinWidth) + 0.5 + 1e-9);
  };
  std::map<double, double> best;
  for (const Spot& spot : any_spots(rows, SpecForm::Curve)) {
    double& highest = best.try_emplace(bin(spot), spot.y).first->second;
    highest = std::max(highest, spot.y);
  }
  const std::vector<Spot> spots = any_spots(rows, SpecForm::Bins);
  RC_ASSERT(spots.size() == best.size());
  for (const Spot& spot : spots) RC_ASSERT(spot.y == best.at(bin(spot)));
}

}  // namespace
}  // namespace pollard
