#include "method/global_rank.h"

#include <utility>

#include "method/imp.h"
#include "method/tensor_selection.h"

namespace pollard {
namespace {

std::string scope_key(std::string_view method) {
  return "method." + std::string(method) + ".rank_scope";
}

}  // namespace

std::int64_t kept_at_goal(const Graph& graph, double sparsity) {
  return imp_kept(graph.prunable_weights(), sparsity, 1).back();
}

MaskSet finish_by_magnitude(Engine& engine, double sparsity) {
  MaskSet masks = MaskSet::dense(engine.graph());
  imp_prune(engine, masks, kept_at_goal(engine.graph(), sparsity), "global");
  return masks;
}

void declare_rank_scope(ParameterTable& table, std::string_view method, OnlyWith only_with) {
  table.add({.key = scope_key(method),
             .fallback = std::string("prunable"),
             .unit = "",
             .help =
                 "What is ranked: the prunable weights, or all trainable parameters, biases and "
                 "batch norm among them, against the same count.",
             .choices = {"prunable", "all"},
             .only_with = std::move(only_with)});
}

bool ranks_all(const Config& config, std::string_view method) {
  return config.text(scope_key(method)) == "all";
}

std::vector<ParameterSlot*> ranked_slots(Engine& engine, bool all) {
  if (!all) return prunable_slots(engine);
  std::vector<ParameterSlot*> slots;
  for (ParameterSlot& slot : engine.slots()) slots.push_back(&slot);
  return slots;
}

}  // namespace pollard
