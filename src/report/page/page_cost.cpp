#include "report/page/page_cost.h"

#include "report/values.h"

namespace pollard {

PageCost cost_of(const PageSource& source) {
  PageCost cost;
  std::map<std::string, std::size_t> uses;
  for (const ResultRow& row : source.rows) {
    for (const std::string& id : source.chains.at(row.id)) ++uses[id];
  }
  for (const auto& [id, count] : uses) {
    const PageStage& stage = source.stages.at(id);
    const auto epochs = static_cast<double>(stage.epochs), times = static_cast<double>(count);
    const double seconds = find_number(stage.result, {"seconds"}).value_or(0);
    KindCost& kind = cost.kinds[stage.kind];
    ++kind.stages;
    kind.uses += count;
    kind.epochs += epochs;
    kind.seconds += seconds;
    cost.epochs += epochs;
    cost.seconds += seconds;
    cost.alone_epochs += times * epochs;
    cost.alone_seconds += times * seconds;
  }
  return cost;
}

}  // namespace pollard
