#include "command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "core/nearest.h"
#include "pollard/error.h"
#include "pollard/onnx_file.h"
#include "pollard/pytorch_file.h"

namespace pollard::app {
namespace {

struct Verb {
  std::string name, help;
  bool runs = false;    // stages, in a run's folder
  bool hidden = false;  // from --help
};

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> all = {
      {"run", "the whole chain: train (or import), prune, retrain, report", true},
      {"train", "train a dense network", true},
      {"prune", "prune the network that weights= names, and retrain it (retrain.epochs=0: do not)",
       true},
      {"retrain", "retrain a sparse network; its zeros stay zero", true},
      {"evaluate", "loss and accuracy of the network that weights= names"},
      {"plan", "what a run or a sweep would do: stages, identities, sizes; computes nothing"},
      {"sweep", "a grid of configurations: settings that are lists are axes (docs/sweeps.md)"},
      {"bench", "theoretical against measured speed of a pruned network, beside dense ones"},
      {"inspect",
       "layers, shapes, parameters, sparsity and multiply-adds of a network or a model file"},
      {"export", "a network as a sparse, ONNX or safetensors file: of a run's folder, or weights="},
      {"report", "report.html of a run's folder, of a sweep's or of a store (docs/report.md)"},
      {"serve", "the same page over HTTP, kept up to date while a sweep runs"},
      {"reproduce",
       "figures and tables of \"Back to Basics\" (arXiv 2111.00843), whole or scaled down"},
      {"results", "tables of the finished configurations in a store, over seeds"},
      {"store",
       "what a store of finished stages holds (ls), whether it is whole (verify), and what "
       "it can do without (gc)"},
      {"parameters", "every parameter with default, unit and range"},
      {"worker", "runs one stage of a sweep", false, true},
  };
  return all;
}

void add_results(CLI::App* sub, ResultsOptions& options, std::vector<std::string>& words) {
  sub->add_option("words", words, "STORE [key=value ...]: only configurations with these settings");
  sub->add_option("--by", options.by, "group by these keys (KEY,KEY) instead of all but the seed");
  sub->add_option("--measures", options.measures,
                  "columns (top1,loss,sparsity,seconds ...); docs/results.md lists them");
  sub->add_flag("--seeds", options.seeds, "one line a run instead of one a group");
  sub->add_option("--sort", options.sort, "by this measure, the best first");
  sub->add_option("--compare", options.compare,
                  "KEY=A,B: the difference between two values of a setting, over pairs of seeds");
  sub->add_option("--csv", options.csv, "write plain numbers into this file; - prints them");
  sub->add_option("--json", options.json, "the same as JSON, with complete settings");
}

void add_report(CLI::App* sub, Arguments& arguments) {
  sub->add_option("folder", arguments.file, "a run's folder, a sweep's or a store's")->required();
  sub->add_option("--html", arguments.html, "the page's file (default: report.html in the folder)");
}

void add_serve(CLI::App* sub, Arguments& arguments) {
  sub->add_option("folder", arguments.file, "a sweep's folder or a store's")->required();
  sub->add_option("--port", arguments.serve.port, "port to listen on; 0: any that is free")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  sub->add_option("--host", arguments.serve.host,
                  "address to listen on; by default only this machine can look")
      ->capture_default_str();
}

void add_store(CLI::App* sub, Arguments& arguments) {
  sub->add_option("action", arguments.store.action, "ls, gc or verify")->required();
  sub->add_option("store", arguments.file, "the store's folder")->required();
  sub->add_flag("--yes", arguments.store.yes, "gc: remove it; without, it is only listed");
  sub->add_flag("--states", arguments.store.states,
                "gc: also the weights within finished chains; verify: read all weights");
}

// Sweeps and what runs several of them.
void add_sweep_options(CLI::App* sub, SweepOptions& options) {
  sub->add_option("--workers", options.workers, "stages at a time (default: one a core)")
      ->check(CLI::Range(1, 1024));
  SlurmOptions& slurm = options.slurm;
  sub->add_option("--launcher", options.launcher,
                  "local, or slurm: as job arrays on a cluster (docs/slurm.md)")
      ->check(CLI::IsMember({"local", "slurm"}));
  sub->add_option("--slurm-partition", slurm.partition, "partition of the jobs");
  sub->add_option("--slurm-time", slurm.time_limit, "time limit of a stage, as sbatch takes it");
  sub->add_option("--slurm-memory", slurm.memory, "memory of a stage, as sbatch takes it");
  sub->add_option("--slurm-most", slurm.most_at_once, "tasks of one array at a time");
  sub->add_option("--slurm-grace", slurm.grace,
                  "seconds before the time limit to write a checkpoint");
  sub->add_option("--slurm-option", slurm.extra, "another option of sbatch, as --gres=gpu:1")
      ->allow_extra_args(false);
  sub->add_flag("--retry-failed", options.retry_failed, "run what failed once more");
}

void add_reproduce(CLI::App* sub, ReproduceOptions& options, std::vector<std::string>& words) {
  sub->add_option(
      "words", words,
      "fig1 ... fig15, table1 ... table5, budget, density, or all; profile=NAME (quick, "
      "or paper: the real networks, for clusters); out=DIR, store=DIR; key=value for the "
      "sweeps behind them, such as data.path=DIR");
  sub->add_flag("--plan", options.plan, "say what it would cost; compute nothing");
  sub->add_flag("--draw", options.draw, "draw what is finished; compute nothing");
  sub->add_option("--paper", options.paper,
                  "the folder of the specifications (default: paper/2111.00843)");
}

void add_verb(CLI::App& app, const Verb& verb, Arguments& arguments,
              std::vector<std::string>& words) {
  CLI::App* sub = app.add_subcommand(verb.name, verb.help);
  sub->callback([&arguments, &verb] {
    arguments.verb = verb.name;
    arguments.computes =
        verb.runs || verb.name == "evaluate" || verb.name == "export" || verb.name == "worker";
  });
  if (verb.hidden) sub->group("");
  if (verb.name == "report") {
    add_report(sub, arguments);
  } else if (verb.name == "serve") {
    add_serve(sub, arguments);
  } else if (verb.name == "worker") {
    sub->add_option("store", arguments.file, "the store")->required();
    sub->add_option("stage", arguments.stage, "the id of the stage")->required();
  } else if (verb.name == "reproduce") {
    add_reproduce(sub, arguments.reproduce, words);
  } else if (verb.name == "results") {
    add_results(sub, arguments.results, words);
  } else if (verb.name == "store") {
    add_store(sub, arguments);
  } else if (verb.name == "parameters") {
    sub->add_flag("--markdown", arguments.markdown, "as docs/parameters.md");
  } else {
    sub->add_option("words", words,
                    verb.name == "export"    ? "[RUN_FOLDER | config.toml] [key=value ...]"
                    : verb.name == "inspect" ? "[config.toml] [FILE] [key=value ...]"
                                             : "[config.toml] [key=value ...]");
    sub->footer([&verb] { return "Parameters:\n\n" + help_text(parameters_of(verb.name)); });
  }
  if (verb.name == "export") {
    sub->add_option("--sparse", arguments.exports.sparse, "FILE.plrd, for libpollard_sparse");
    sub->add_option("--onnx", arguments.exports.onnx, "FILE.onnx");
    sub->add_option("--safetensors", arguments.exports.safetensors, "FILE.safetensors");
  }
  if (verb.name == "sweep" || verb.name == "reproduce") add_sweep_options(sub, arguments.sweeps);
  if (verb.runs) {
    sub->add_flag("--resume", arguments.resume,
                  "go on in the run's folder; start where there is nothing yet");
  }
  sub->add_flag("-q,--quiet", arguments.quiet, "warnings and results only");
}

// A model file after `inspect`, a run's folder after `export`, a store after `results`.
bool names_network(const std::string& verb, const std::string& word) {
  if (verb == "results") return true;
  if (verb == "export") return !word.ends_with(".toml");
  return verb == "inspect" && (word.ends_with(".safetensors") || word.ends_with(".plrd") ||
                               is_named_as_onnx(word) || is_named_as_pytorch(word));
}

// One word without '=' is the configuration file (or a network), the others are key=value.
void sort_words(const std::vector<std::string>& words, Arguments& arguments) {
  for (const std::string& word : words) {
    if (word.empty()) {
      throw Error(ErrorCode::Usage, "a word of the command line is empty",
                  "is a variable of the shell not set?");
    }
    const bool assignment = word.find('=') != std::string::npos;
    if (assignment) {
      arguments.overrides.push_back(word);
    } else if (arguments.verb == "reproduce") {
      arguments.reproduce.items.push_back(word);
    } else if (names_network(arguments.verb, word) && arguments.file.empty()) {
      arguments.file = word;
    } else if (arguments.config_file.empty()) {
      arguments.config_file = word;
    } else {
      throw Error(ErrorCode::Usage,
                  "'" + word + "' is neither key=value nor the one configuration file");
    }
  }
}

[[noreturn]] void bad_usage(const CLI::ParseError& error, int argc, const char* const* argv) {
  std::vector<std::string> names;
  for (const Verb& verb : verbs()) {
    if (!verb.hidden) names.push_back(verb.name);
  }
  const std::string help = "`pollard --help` lists the verbs";
  if (argc < 2) throw Error(ErrorCode::Usage, "there is no verb", help);
  const std::string first = argv[1];
  if (!first.starts_with('-') && std::find(names.begin(), names.end(), first) == names.end()) {
    const std::string meant = nearest(first, names);
    throw Error(ErrorCode::Usage, "'" + first + "' is not a verb",
                meant.empty() ? help : "did you mean '" + meant + "'?");
  }
  const std::string what = error.what();
  throw Error(ErrorCode::Usage, what.substr(0, what.find('\n')), help);
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  Arguments arguments;
  std::vector<std::string> words;
  CLI::App app("Prunes neural networks by magnitude and lets them regrow.", "pollard");
  app.require_subcommand(1);
  app.set_version_flag("--version", "pollard " POLLARD_VERSION);
  app.footer(
      "`pollard VERB --help` shows the parameters of a verb. They are given as key=value after an\n"
      "optional TOML file. Exit status: 0 done; 1 the work failed; 2 bad usage, configuration or\n"
      "input; 130/143 interrupted after a checkpoint.");
  for (const Verb& verb : verbs()) add_verb(app, verb, arguments, words);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return {std::nullopt, app.exit(success)};
  } catch (const CLI::ParseError& error) {
    bad_usage(error, argc, argv);
  }
  sort_words(words, arguments);
  return {arguments, 0};
}

int dispatch(const Arguments& arguments) {
  const auto progress =
      make_console_progress(stderr, arguments.quiet ? Verbosity::Quiet : Verbosity::Normal);
  const std::string& verb = arguments.verb;
  if (verb == "evaluate") return evaluate(arguments, *progress);
  if (verb == "bench") return bench(arguments, *progress);
  if (verb == "plan") return plan(arguments, *progress);
  if (verb == "sweep") return sweep(arguments, *progress);
  if (verb == "worker") return worker(arguments, *progress);
  if (verb == "inspect") return inspect(arguments);
  if (verb == "export") return export_network(arguments);
  if (verb == "report") return report(arguments, *progress);
  if (verb == "serve") return serve(arguments, *progress);
  if (verb == "results") return results(arguments, *progress);
  if (verb == "reproduce") return reproduce(arguments, *progress);
  if (verb == "store") return store(arguments, *progress);
  if (verb == "parameters") return parameters(arguments);
  return run(arguments, *progress);
}

}  // namespace pollard::app
