// `pollard results STORE`: finished configurations as tables.
#include "report/results.h"

#include <fmt/format.h>

#include <sstream>

#include "core/files.h"
#include "experiment/parameters.h"
#include "experiment/store/care.h"
#include "experiment/store/index.h"
#include "many_runs.h"
#include "pollard/error.h"
#include "verbs.h"

namespace pollard::app {
namespace {

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ',');) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

// As a configuration has it: "0.90" is "0.9". Keys that we do not know may be another version's.
std::pair<std::string, std::string> setting(const std::string& key, const std::string& value) {
  const Parameter* parameter = parameter_table().find(key);
  if (parameter == nullptr) return {key, value};
  Config config(parameter_table());
  config.apply(key + "=" + value);
  return {parameter->key, to_text(config.value(parameter->key))};
}

Contrast contrast_of(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::vector<std::string> values =
      equals == std::string::npos ? split("") : split(text.substr(equals + 1));
  if (values.size() != 2) {
    throw Error(ErrorCode::Usage, "--compare is '" + text + "', expected KEY=A,B",
                "write for example --compare retrain.schedule=ft,slr");
  }
  const auto [key, a] = setting(text.substr(0, equals), values[0]);
  return {key, a, setting(key, values[1]).second};
}

ResultsQuestion question_of(const Arguments& arguments) {
  const ResultsOptions& options = arguments.results;
  ResultsQuestion question;
  for (const std::string& word : arguments.overrides) {
    const std::size_t equals = word.find('=');
    question.filters.push_back(setting(word.substr(0, equals), word.substr(equals + 1)));
  }
  question.by = split(options.by);
  question.measures = split(options.measures);
  question.seeds = options.seeds;
  question.sort = options.sort;
  if (!options.compare.empty()) question.contrast = contrast_of(options.compare);
  if (question.contrast.has_value() + question.seeds + !question.by.empty() > 1)
    throw Error(ErrorCode::Usage, "--by, --seeds and --compare exclude each other");
  return question;
}

// Whether it went to standard output.
bool write(const std::string& file, const std::string& text) {
  if (file == "-") fmt::print("{}", text);
  if (!file.empty() && file != "-") write_file(file, text);
  return file == "-";
}

}  // namespace

int results(const Arguments& arguments, Progress& progress) {
  if (arguments.file.empty()) {
    throw Error(ErrorCode::Usage, "there is no store on the command line",
                "name the folder that a sweep keeps its finished stages in");
  }
  if (!arguments.config_file.empty()) {
    throw Error(ErrorCode::Usage,
                "'" + arguments.config_file.string() + "' is neither key=value nor the one store");
  }
  const ResultsQuestion question = question_of(arguments);
  const Store store(arguments.file);
  require_store(store);
  Index index(store, progress);
  const ResultsAnswer answer =
      answer_results(index.results(), question, {parameter_table().keys(), without_effect()},
                     arguments.file.string());
  const bool csv = write(arguments.results.csv, to_csv(answer.values));
  const bool json = write(arguments.results.json, answer.object.dump(1) + "\n");
  if (!csv && !json) fmt::print("{}\n\n{}", answer.summary, to_text(answer.table));
  return 0;
}

}  // namespace pollard::app
