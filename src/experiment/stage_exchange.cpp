#include "experiment/stage_exchange.h"

#include <utility>

#include "core/files.h"
#include "experiment/result.h"

namespace pollard {

using nlohmann::json;

namespace {

// In the store a stage has "test", and "validation" where images were held out; in a run "test" is
// what its epochs were evaluated on.
json as_in_a_run(json result) {
  if (!result.contains("validation")) return result;
  result["test"] = result["validation"];
  result.erase("validation");
  return result;
}

// The longest retraining that is in the store and that this one can go on from.
std::int64_t longest_shorter(const Store& store, const Stage& stage) {
  for (std::size_t i = stage.shorter.size(); i > 0; --i) {
    if (store.holds_state(stage.shorter[i - 1])) return static_cast<std::int64_t>(i);
  }
  return 0;
}

EngineChoice choice_in(const json& result) {
  const json times = result.value("step_ms", json::object());
  return {result.at("engine"), times.value("torch", 0.0), times.value("sparse", 0.0),
          result.value("engine_reason", "")};
}

}  // namespace

std::optional<Reach> furthest(const Store& store, std::span<const Stage> stages) {
  std::size_t done = stages.size();
  while (done > 0 && !store.holds_state(stages[done - 1].id)) --done;
  if (done < stages.size()) {
    const std::int64_t epochs = longest_shorter(store, stages[done]);
    if (epochs > 0)
      return Reach{done, stages[done].shorter[static_cast<std::size_t>(epochs - 1)], epochs};
  }
  if (done == 0) return {};
  return Reach{done, stages[done - 1].id, 0};
}

StoredState take_stages(const Store& store, const Reach& reach) {
  StoredState state;
  state.tensors = read_checkpoint(store.state_file(reach.id));
  state.results = json::array();
  std::vector<StageRecord> chain = store.chain(reach.id);
  if (reach.epochs > 0) {
    const StageRecord partial = std::move(chain.back());
    chain.pop_back();
    state.partial_metrics = read_text(store.metrics_file(partial.id));
    state.partial_seconds = partial.result.value("seconds", 0.0);
    state.engine = choice_in(partial.result);
  }
  for (StageRecord& record : chain) {
    state.metrics.push_back(read_text(store.metrics_file(record.id)));
    state.steps.push_back(record.steps);
    state.results.push_back(as_in_a_run(std::move(record.result)));
  }
  return state;
}

void put_stage(const Store& store, FinishedStage stage) {
  StageRecord& record = stage.record;
  if (store.holds(record.id)) return;
  if (!record.parent.empty() && !store.holds(record.parent)) return;
  if (!stage.test.is_null())
    record.result = as_validation(json::array({record.result}), stage.test)[0];
  const std::filesystem::path draft = store.draft(record.id);
  write_checkpoint(draft / store.state_file(record.id).filename(), stage.tensors);
  store.publish(draft, record, stage.metrics);
}

}  // namespace pollard
