#include "report/paper/claim_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "report/measures.h"
#include "report/paper/claim_pairs.h"
#include "report/paper/row_sets.h"
#include "report/paper/words.h"
#include "report/values.h"

namespace pollard {
namespace {

const std::string kSparsity = "prune.sparsity", kSchedule = "retrain.schedule",
                  kAllocation = "prune.allocation", kEpochs = "retrain.epochs",
                  kCycles = "prune.cycles", kDecay = "train.weight_decay";

void add_pair_columns(TextTable& table, const std::string& a, const std::string& b) {
  for (const std::string& header :
       {std::string("n"), a, b, b + " − " + a, std::string("95 % interval"), std::string("p")})
    table.columns.push_back({header});
}

// The other allocation of the best mean, whatever its seeds; "" where there is none.
std::string best_other(std::span<const ResultRow> rows) {
  const std::string keys[] = {kAllocation};
  std::vector<ResultGroup> groups = group_results_by(rows, keys);
  std::erase_if(groups, [](const ResultGroup& group) {
    const auto found = group.settings.find(kAllocation);
    return found == group.settings.end() || found->second == "global";
  });
  const ResultGroup* best = best_group(groups, "top1");
  return best == nullptr ? "" : best->settings.at(kAllocation);
}

// The accuracy before the one pruning: of a network that was trained here, or of given weights.
std::optional<double> dense_top1(const ResultGroup& group) {
  if (const Summary* trained = group.find("dense_top1")) return trained->mean;
  const Summary *pruned = group.find("pruned_top1"), *stability = group.find("stability");
  if (pruned == nullptr || stability == nullptr || stability->mean <= 0) return {};
  return pruned->mean / stability->mean;
}

// Of what pruning cost, the part that retraining brought back.
std::optional<double> recovered(const ResultGroup& group) {
  const auto dense = dense_top1(group);
  const Summary *pruned = group.find("pruned_top1"), *top1 = group.find("top1");
  if (!dense || pruned == nullptr || top1 == nullptr || *dense <= pruned->mean) return {};
  return (top1->mean - pruned->mean) / (*dense - pruned->mean);
}

struct Lengths {
  const ResultGroup *shortest = nullptr, *longest = nullptr;
};

Lengths lengths_of(std::span<const ResultGroup> groups) {
  Lengths lengths;
  for (const ResultGroup& group : groups) {
    const Summary* epochs = group.find("retrain_epochs");
    if (epochs == nullptr || epochs->mean <= 0 || !recovered(group)) continue;
    if (lengths.shortest == nullptr ||
        epochs->mean < lengths.shortest->find("retrain_epochs")->mean)
      lengths.shortest = &group;
    if (lengths.longest == nullptr || epochs->mean > lengths.longest->find("retrain_epochs")->mean)
      lengths.longest = &group;
  }
  return lengths;
}

std::vector<std::string> length_cells(const ResultGroup& group) {
  return {shortest(group.find("retrain_epochs")->mean), summary_text("top1", group.find("top1")),
          percent(recovered(group))};
}

}  // namespace

Claim schedule_claim(std::span<const ResultRow> rows, const KeySet& ignored) {
  Claim claim{{{{"sparsity"}}, {}}, ""};
  add_pair_columns(claim.table, "FT", "SLR");
  std::size_t above = 0;
  for (const std::string& sparsity : setting_values(rows, kSparsity)) {
    const auto pairs = pooled_pairs(chosen_rows(rows, {{kSparsity, {sparsity}}}),
                                    {kSchedule, "ft", "slr"}, ignored);
    if (!pairs) continue;
    above += pairs->difference.difference.mean > 0 ? 1 : 0;
    claim.table.rows.push_back({value_words(kSparsity, sparsity)});
    for (std::string& cell : pair_cells(*pairs)) claim.table.rows.back().push_back(std::move(cell));
  }
  claim.verdict =
      claim.table.rows.empty()
          ? "Not enough data: no runs with FT and SLR share seed, allocation and sparsity."
          : fmt::format("SLR is above FT at {} of {} sparsities.", above, claim.table.rows.size());
  return claim;
}

Claim allocation_claim(std::span<const ResultRow> rows, const KeySet& ignored) {
  Claim claim{{{{"schedule", Align::Left}, {"sparsity"}, {"best other", Align::Left}}, {}}, ""};
  add_pair_columns(claim.table, "best other", "Global");
  std::size_t above = 0;
  const std::string keys[] = {kSchedule, kSparsity};
  for (const RowFilter& values : each_combination(rows, keys, {})) {
    const std::vector<ResultRow> here = chosen_rows(rows, values);
    const std::string other = best_other(here);
    const auto pairs = pooled_pairs(here, {kAllocation, other, "global"}, ignored);
    if (other.empty() || !pairs) continue;
    above += pairs->difference.difference.mean >= 0 ? 1 : 0;
    claim.table.rows.push_back({value_words(kSchedule, values.at(kSchedule).front()),
                                value_words(kSparsity, values.at(kSparsity).front()),
                                value_words(kAllocation, other)});
    for (std::string& cell : pair_cells(*pairs)) claim.table.rows.back().push_back(std::move(cell));
  }
  claim.verdict =
      claim.table.rows.empty()
          ? "Not enough data: no runs with the global and another allocation share the rest."
          : fmt::format("Global is at or above the best other allocation in {} of {} cases.", above,
                        claim.table.rows.size());
  return claim;
}

Claim budget_claim(std::span<const ResultRow> rows) {
  Claim claim{{{{"sparsity"},
                {"schedule", Align::Left},
                {"weight decay"},
                {"dense top-1 %"},
                {"pruned top-1 %"},
                {"shortest, epochs"},
                {"top-1 % (n)"},
                {"recovered %"},
                {"longest, epochs"},
                {"top-1 % (n)"},
                {"recovered %"}},
               {}},
              ""};
  std::vector<double> least;
  const std::string keys[] = {kSparsity, kSchedule, kDecay}, length[] = {kEpochs};
  for (const RowFilter& values : each_combination(rows, keys, {})) {
    const std::vector<ResultRow> here = chosen_rows(rows, values, {{kCycles, {"1"}}});
    const std::vector<ResultGroup> groups = group_results_by(here, length);
    const auto [few, many] = lengths_of(groups);
    if (few == nullptr || few == many) continue;
    claim.table.rows.push_back({value_words(kSparsity, values.at(kSparsity).front()),
                                value_words(kSchedule, values.at(kSchedule).front()),
                                values.at(kDecay).front(), fixed(dense_top1(*few), 2),
                                summary_text("pruned_top1", few->find("pruned_top1"))});
    for (const ResultGroup* group : {few, many}) {
      for (std::string& cell : length_cells(*group))
        claim.table.rows.back().push_back(std::move(cell));
    }
    least.push_back(*recovered(*few));
  }
  claim.verdict =
      least.empty()
          ? "Not enough data: no runs of one cycle differ in the length of retraining alone."
          : fmt::format("The shortest retraining recovers {} to {} % of what pruning cost.",
                        fixed(100 * std::ranges::min(least), 1),
                        fixed(100 * std::ranges::max(least), 1));
  return claim;
}

}  // namespace pollard
