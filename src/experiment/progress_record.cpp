#include "experiment/progress_record.h"

#include <fmt/format.h>

#include "pollard/error.h"

namespace pollard {

using nlohmann::json;

std::string encode(const ProgressRecord& r) {
  const EpochTotals& totals = r.loop.totals;
  json record{
      {"stage_ids", r.stage_ids},        {"stage", r.stage},
      {"epoch", r.loop.epoch},           {"step", r.loop.step},
      {"seconds", r.loop.seconds},       {"totals", {totals.loss, totals.top1, totals.top5}},
      {"images", totals.images},         {"results", r.results},
      {"first_step", r.first_step},      {"metrics_size", r.metrics_size},
      {"events_size", r.events_size},    {"threads", r.threads},
      {"stage_metrics", r.stage_metrics}};
  if (r.processes != 1) record["processes"] = r.processes;
  if (r.engine) {
    record["engine"] = {{"name", r.engine->name},
                        {"torch_ms", r.engine->torch_ms},
                        {"sparse_ms", r.engine->sparse_ms},
                        {"reason", r.engine->reason},
                        {"kept", r.engine->kept}};
  }
  return record.dump();
}

namespace {

// nlohmann's conversions take true for 1, 1.5 for 1 and -1 for a huge size.
std::int64_t count_of(const json& record, const char* key) {
  const json& value = record.at(key);
  if (!value.is_number_unsigned()) {
    throw json::other_error::create(501, std::string(key) + " is no whole number", &record);
  }
  return value.get<std::int64_t>();
}

EngineChoice engine_of(const json& record) {
  EngineChoice engine{record.at("name"), record.at("torch_ms"), record.at("sparse_ms"),
                      record.at("reason"), record.contains("kept") ? count_of(record, "kept") : 0};
  if (engine.name != "torch" && engine.name != "sparse")
    throw json::other_error::create(501, "there is no engine " + engine.name, &record);
  return engine;
}

}  // namespace

ProgressRecord decode_progress(const std::string& text) {
  try {
    const json j = json::parse(text);
    ProgressRecord r;
    j.at("stage_ids").get_to(r.stage_ids);
    r.stage = static_cast<std::size_t>(count_of(j, "stage"));
    r.loop.epoch = count_of(j, "epoch");
    r.loop.step = count_of(j, "step");
    j.at("seconds").get_to(r.loop.seconds);
    r.loop.totals = {j.at("totals").at(0), j.at("totals").at(1), j.at("totals").at(2),
                     count_of(j, "images")};
    r.results = j.at("results").get<json::array_t>();
    r.first_step = count_of(j, "first_step");
    r.metrics_size = count_of(j, "metrics_size");
    r.events_size = count_of(j, "events_size");
    r.stage_metrics = count_of(j, "stage_metrics");
    r.threads = static_cast<int>(count_of(j, "threads"));
    if (j.contains("processes")) r.processes = static_cast<int>(count_of(j, "processes"));
    if (j.contains("engine")) r.engine = engine_of(j.at("engine"));
    return r;
  } catch (const json::exception& error) {
    throw Error(ErrorCode::Input,
                std::string("a checkpoint does not say where its run stands: ") + error.what(),
                "it was written by another version; start again in another folder with out=DIR");
  }
}

namespace {

// "on 2 processes", "with 1 threads"
[[noreturn]] void refuse_other(const std::string& folder, const std::string& began,
                               const std::string& goes_on, const std::string& hint) {
  throw Error(ErrorCode::Config,
              fmt::format("the run in '{}' was started {} and would go on {}: it would not end in "
                          "the same weights",
                          folder, began, goes_on),
              hint);
}

}  // namespace

void require_same_run(const ProgressRecord& record, const RunIdentity& run) {
  const std::string folder = run.folder.string();
  // Looked at first: the stages' ids depend on it too.
  if (record.processes != run.processes) {
    refuse_other(folder, fmt::format("on {} processes", record.processes),
                 fmt::format("on {}", run.processes),
                 fmt::format("start {} processes (WORLD_SIZE)", record.processes));
  }
  if (record.stage_ids != run.stage_ids || record.stage > run.wanted) {
    throw Error(ErrorCode::Config,
                fmt::format("the run in '{}' has other stages than this configuration", folder),
                "resume with the configuration (and weights) it was started with, or choose "
                "another out=DIR");
  }
  if (record.threads != run.threads) {
    refuse_other(folder, fmt::format("with {} threads", record.threads),
                 fmt::format("with {}", run.threads),
                 fmt::format("give threads={}", record.threads));
  }
}

}  // namespace pollard
