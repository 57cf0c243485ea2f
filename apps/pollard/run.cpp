// `pollard run`, and its parts `train`, `prune` and `retrain`: configuration, chain of stages,
// table, report.
#include <fmt/format.h>

#include <filesystem>

#include "core/interrupt.h"
#include "exec/allocator.h"
#include "experiment/parameters.h"
#include "experiment/runner.h"
#include "experiment/setup.h"
#include "report/table.h"
#include "run_report.h"
#include "verbs.h"

namespace pollard::app {
namespace {

ChainKind chain_of(const std::string& verb) {
  if (verb == "train") return ChainKind::TrainOnly;
  if (verb == "prune") return ChainKind::PruneImport;
  if (verb == "retrain") return ChainKind::RetrainImport;
  return ChainKind::Whole;
}

// `train` never prunes: those keys have no effect on it.
void check_verb(const Config& config, const std::string& verb) {
  std::vector<std::string_view> groups = {
      "model",  "weights", "initialization", "seed",   "out", "store",
      "device", "threads", "channels_last",  "fused",  "amp", "data",
      "train",  "method",  "checkpoint",     "metrics"};
  if (verb != "train") groups.insert(groups.end(), {"retrain", "recalibrate"});
  // Methods that prune while they train have a goal.
  const bool prunes = verb != "train" || prunes_in_training(config);
  if (verb != "retrain" && prunes) groups.push_back("prune");
  check_read_by(config, verb, groups);
}

}  // namespace

int run(const Arguments& arguments, Progress& progress) {
  catch_interrupts();  // here alone: other verbs have nothing to save, and end at once
  keep_freed_memory();
  Config config = read_config(arguments);
  check_verb(config, arguments.verb);
  const ChainKind chain = chain_of(arguments.verb);
  const std::filesystem::path folder = run_folder_path(config, arguments.config_file, chain);
  if (arguments.resume) config = resumed_config(config, folder);
  config.apply("out=" + folder.string());

  const RunOutcome outcome = run_chain(config, chain, arguments.resume, progress);
  if (!outcome.leads) return 0;
  const std::filesystem::path page = write_report(outcome.folder);
  fmt::print("{}\n", result_table(outcome.result));
  fmt::print("{}\n", page.string());
  return 0;
}

}  // namespace pollard::app
