#include "report/paper/claims.h"

#include <fmt/format.h>

#include <functional>

#include "report/paper/claim_tables.h"
#include "report/paper/row_sets.h"
#include "report/paper/words.h"

namespace pollard {
namespace {

using MakeClaim = std::function<Claim(std::span<const ResultRow>)>;

std::string section(const std::string& title, std::span<const ResultRow> rows,
                    const MakeClaim& make) {
  std::string text = "## " + title + "\n\n";
  const std::string network[] = {"model", "data"};
  for (const RowFilter& values : each_combination(rows, network, {})) {
    const std::vector<ResultRow> own = chosen_rows(rows, values);
    if (own.empty()) continue;
    const Claim claim = make(own);
    text += fmt::format("{}: {}\n\n", filled_title("{network}", own, ""), claim.verdict);
    if (!claim.table.rows.empty()) text += to_markdown(claim.table) + "\n";
  }
  if (rows.empty()) text += "Not enough data: nothing is finished.\n\n";
  return text;
}

}  // namespace

std::string make_claims(std::span<const ResultRow> allocations, std::span<const ResultRow> budget,
                        const KeySet& ignored) {
  KeySet left_out = ignored;
  left_out.insert("seed");
  return section("SLR is better than FT", allocations,
                 [&](auto rows) { return schedule_claim(rows, left_out); }) +
         section("The global criterion keeps up with other allocations", allocations,
                 [&](auto rows) { return allocation_claim(rows, left_out); }) +
         section("Few epochs of retraining recover most", budget, budget_claim);
}

}  // namespace pollard
