// The verbs of the command, one file each.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/parameters.h"
#include "experiment/sweep/slurm_script.h"
#include "pollard/progress.h"
#include "pollard/safetensors.h"

namespace pollard::app {

/// Files that `pollard export` writes; "" for those that it does not.
struct ExportFiles {
  std::filesystem::path sparse, onnx, safetensors;
};

/// How `pollard sweep` runs.
struct SweepOptions {
  int workers = 0;  // 0: as many as there are cores for
  bool retry_failed = false;
  std::string launcher = "local";  // or "slurm", with:
  SlurmOptions slurm;
};

/// What `pollard results` is asked besides key=value; keys and measures separated by commas, files
/// "" or "-" for standard output.
struct ResultsOptions {
  std::string by, measures, sort, compare;
  bool seeds = false;
  std::string csv, json;
};

/// What `pollard reproduce` is asked besides key=value.
struct ReproduceOptions {
  std::vector<std::string> items;  // "fig4", "all"
  std::filesystem::path paper;     // "" for the usual place
  bool plan = false, draw = false;
};

struct StoreOptions {
  std::string action;  // ls, gc, verify
  bool yes = false, states = false;
};

/// Where `pollard serve` listens.
struct ServeOptions {
  std::string host = "127.0.0.1";
  int port = 8377;  // 0: any that is free
};

/// What stands on the command line after the verb.
struct Arguments {
  std::string verb;
  bool computes = false;               // the verb keeps all threads busy
  std::filesystem::path config_file;   // "" without one
  std::vector<std::string> overrides;  // key=value
  bool resume = false;
  bool quiet = false;
  bool markdown = false;  // parameters
  std::filesystem::path
      file;  // inspect: a model file; export: a run's folder; or a store's, a sweep's
  ExportFiles exports;
  SweepOptions sweeps;
  std::string stage;  // worker: an id
  ResultsOptions results;
  ReproduceOptions reproduce;
  StoreOptions store;
  std::filesystem::path html;  // report: the page's file; "" for report.html in the folder
  ServeOptions serve;
};

/// Those that the verb takes.
[[nodiscard]] const ParameterTable& parameters_of(std::string_view verb);

/// Defaults, the file, the overrides; checked.
[[nodiscard]] Config read_config(const Arguments& arguments);
/// Model and data that a file of weights says it is of, where the configuration does not say.
void take_names(Config& config, const Safetensors& weights);

// Each returns the exit status.
int run(const Arguments& arguments, Progress& progress);  // run, train, prune, retrain
int evaluate(const Arguments& arguments, Progress& progress);
int bench(const Arguments& arguments, Progress& progress);
int plan(const Arguments& arguments, Progress& progress);
int sweep(const Arguments& arguments, Progress& progress);
int worker(const Arguments& arguments, Progress& progress);
int inspect(const Arguments& arguments);
int export_network(const Arguments& arguments);
int report(const Arguments& arguments, Progress& progress);
int serve(const Arguments& arguments, Progress& progress);
int results(const Arguments& arguments, Progress& progress);
int reproduce(const Arguments& arguments, Progress& progress);
int store(const Arguments& arguments, Progress& progress);
int parameters(const Arguments& arguments);

}  // namespace pollard::app
