#include "report/page/page_source.h"

#include <algorithm>

#include "core/files.h"
#include "experiment/store/care.h"
#include "pollard/error.h"
#include "report/values.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kMostPoints = 60;  // of a stage's curve

/// Seconds of all stages over those of a dense training of the regular length (methods.md 2.6).
std::optional<double> time_ratio(const Settings& settings, const json& stages) {
  const auto epochs = settings.find("train.epochs");
  double dense = 0, total = 0;
  for (const json& stage : stages) {
    const double seconds = find_number(stage, {"seconds"}).value_or(0);
    const double own = find_number(stage, {"epochs"}).value_or(0);
    total += seconds;
    if (find_text(stage, {"kind"}) == "train" && find_text(stage, {"method"}) == "dense" &&
        own > 0 && epochs != settings.end())
      dense += seconds * std::atof(epochs->second.c_str()) / own;
  }
  if (dense <= 0) return {};
  return total / dense;
}

PageStage read_stage(const Store& store, const std::string& id) {
  StageRecord record = store.read(id);
  PageStage stage{.kind = std::move(record.kind),
                  .label = std::move(record.label),
                  .epochs = record.epochs,
                  .result = std::move(record.result),
                  .environment = std::move(record.environment),
                  .curve = {}};
  const fs::path metrics = store.metrics_file(id);
  if (stage.epochs > 0 && fs::exists(metrics))
    stage.curve = read_curve(read_text(metrics), kMostPoints);
  return stage;
}

fs::path description_of(const fs::path& folder) { return folder / "sweep.json"; }

bool is_store(const fs::path& folder) {
  std::error_code none;
  return fs::is_directory(folder / "configurations", none);
}

/// "runs/store/" is called "store" too.
std::string name_of(const fs::path& folder) {
  const fs::path path = fs::absolute(folder).lexically_normal();
  return path.has_filename() ? path.filename() : path.parent_path().filename();
}

}  // namespace

bool PageReader::knows(const fs::path& folder) {
  return fs::exists(description_of(folder)) || is_store(folder);
}

PageReader::PageReader(const fs::path& folder) {
  if (fs::exists(description_of(folder))) {
    sweep_ = folder;
    read_description();
  } else if (is_store(folder)) {
    store_.emplace(folder);
    source_.name = name_of(folder);
  } else {
    throw Error(ErrorCode::Input,
                "'" + folder.string() + "' is neither a sweep's folder nor a store's",
                "name what `pollard sweep` was given as out= or store=");
  }
}

void PageReader::read_description() {
  const fs::path file = description_of(sweep_);
  try {
    const json text = json::parse(read_text(file));
    source_.name = text.at("name");
    source_.is_sweep = true;
    source_.axes = text.at("axes").get<std::vector<std::string>>();
    listed_ = text.at("configurations").get<std::vector<std::string>>();
    store_.emplace(fs::path(text.at("store").get<std::string>()));
  } catch (const json::exception& error) {
    throw Error(ErrorCode::Input, "'" + file.string() + "' describes no sweep: " + error.what(),
                "start the sweep again: it is written anew");
  }
  if (!std::ranges::all_of(listed_, is_stage_id))
    throw Error(ErrorCode::Input, "'" + file.string() + "' has configurations that are no ids");
  if (!is_store(store_->folder())) {
    throw Error(ErrorCode::Input,
                "'" + file.string() + "' names the store '" + store_->folder().string() +
                    "', and nothing of a store is there",
                "where it was moved, mend \"store\" in that file");
  }
}

void PageReader::look_for_failure(const Configuration& configuration) {
  for (const std::string& id : configuration.stages) {
    const auto failure = store_->failure(id);
    if (!failure) continue;
    ++source_.failed;
    if (std::ranges::find(source_.failures, id, &FailedStage::id) == source_.failures.end())
      source_.failures.push_back({id, *failure});
    return;
  }
}

const ResultRow& PageReader::finish(const Configuration& configuration) {
  json results = json::array();
  for (const std::string& id : configuration.stages) {
    auto stage = source_.stages.find(id);
    if (stage == source_.stages.end())
      stage = source_.stages.emplace(id, read_stage(*store_, id)).first;
    results.push_back(stage->second.result);
  }
  ResultRow row{configuration.id(), configuration.settings, measures_of(results)};
  if (const auto ratio = time_ratio(row.settings, results)) row.measures["time_ratio"] = *ratio;
  source_.chains[row.id] = configuration.stages;
  return finished_.emplace(row.id, std::move(row)).first->second;
}

void PageReader::read(const std::string& id) {
  if (const auto row = finished_.find(id); row != finished_.end()) {
    source_.rows.push_back(row->second);
    return;
  }
  auto known = configurations_.find(id);
  if (known == configurations_.end())
    known = configurations_.emplace(id, read_configuration(*store_, id)).first;
  if (store_->holds(id)) {
    source_.rows.push_back(finish(known->second));
  } else {
    look_for_failure(known->second);
  }
}

void PageReader::update(Progress& progress) {
  source_.rows.clear();
  source_.failures.clear();
  source_.failed = 0;
  const std::vector<std::string> ids = sweep_.empty() ? configuration_ids(*store_) : listed_;
  source_.wanted = ids.size();
  for (const std::string& id : ids) {
    if (damaged_.contains(id)) continue;
    try {
      read(id);
    } catch (const Error& error) {
      damaged_.insert(id);
      progress.warn(one_line(error) + "; the page does without it");
    }
  }
  if (!sweep_.empty()) source_.progress = read_sweep_progress(sweep_ / "jobs.sqlite");
}

}  // namespace pollard
