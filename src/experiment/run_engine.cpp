#include "experiment/run_engine.h"

#include <fmt/format.h>

#include <string>

#include "experiment/setup.h"

namespace pollard {

RunEngine::RunEngine(const Config& config, const Graph& graph, const Team& team, Progress& progress)
    : config_(config),
      team_(team),
      progress_(progress),
      engine_(team.share(make_engine(config, graph))) {}

bool RunEngine::measures(std::string_view setting) const { return config_.text(setting) == "auto"; }

EngineChoice RunEngine::choose_by(std::string_view setting, const MaskSet& masks,
                                  BatchLoader& train) {
  EngineChoice choice = choose_engine(config_.text(setting), config_, engine_, masks, train);
  choice.name = team_.leaders(choice.name, "the choice of an engine");
  return choice;
}

EngineChoice RunEngine::choose(const MaskSet& masks, BatchLoader& train) {
  return choose_by("retrain.engine", masks, train);
}

std::optional<EngineChoice> RunEngine::choose_again(const std::optional<EngineChoice>& before,
                                                    BatchLoader& train) {
  if (engine_.masks().empty() || config_.text("train.engine") == "torch") return {};
  const MaskSet masks = MaskSet::from_tensors(engine_.graph(), engine_.masks());
  if (!is_to_choose_again(before.value_or(EngineChoice()), masks)) return {};
  const EngineChoice choice = choose_by("train.engine", masks, train);
  take(choice.name, masks);
  return choice;
}

void RunEngine::take(std::string_view name, const MaskSet& masks) {
  if (engine_.name() == name) return;
  engine_.replace(team_.share(engine_like(name, config_, engine_, masks)));
}

void RunEngine::tell(std::string_view label, const EngineChoice& choice) const {
  if (const std::string text = describe(choice); !text.empty())
    progress_.note(fmt::format("{}: {}", label, text));
}

void RunEngine::tell_kept(std::string_view label, std::string_view setting,
                          const EngineChoice& choice) const {
  if (measures(setting) || config_.text(setting) == choice.name) return;
  progress_.warn(fmt::format("{} goes on with the engine it began with, {}", label, choice.name));
}

}  // namespace pollard
