// Runs a chain of stages in a run folder: from nothing, or from where an earlier run was stopped.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/parameters.h"
#include "experiment/stages.h"
#include "experiment/store/store.h"
#include "pollard/progress.h"

namespace pollard {

struct RunOutcome {
  std::filesystem::path folder;
  nlohmann::json result;  // result.json
  bool leads = true;      // of the processes of the run: the folder is this one's
};

/// Everything that can be wrong with the input is found before the folder is touched. A folder that
/// holds a run already is refused unless `resume`; a folder that holds none is started either way.
/// With store= finished stages are taken from the store and added to it.
/// On Error{Interrupted} and Error{Numeric} result.json says so and the checkpoints stay. Where the
/// environment names several processes they run it together (team.h).
[[nodiscard]] RunOutcome run_chain(const Config& config, ChainKind chain, bool resume,
                                   Progress& progress);

/// Runs one stage of the chain, with those before it that the store does not have, in its work
/// folder of the store, and adds it to the store; goes on where an earlier attempt was stopped.
/// Throws FolderBusy where another process works on it.
void run_stage(const Config& config, ChainKind chain, const Store& store, std::string_view id,
               Progress& progress);

/// For a resume: the configuration saved in `folder` with what the user gave on top. Throws
/// Error{Config} naming the first key whose given value would change results. Without a saved one:
/// `given` itself, checked for keys without effect.
[[nodiscard]] Config resumed_config(const Config& given, const std::filesystem::path& folder);

/// "runs/resnet20-cifar10", where `out` is empty; `config_file` lends its name if there is one.
/// What runs only a part of the chain gets a folder of its own: "runs/resnet20-cifar10-prune".
[[nodiscard]] std::filesystem::path run_folder_path(const Config& config,
                                                    const std::filesystem::path& config_file,
                                                    ChainKind chain);

}  // namespace pollard
