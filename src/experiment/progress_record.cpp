#include "experiment/progress_record.h"

#include "pollard/error.h"

namespace pollard {

using nlohmann::json;

std::string encode(const ProgressRecord& r) {
  const EpochTotals& totals = r.loop.totals;
  return json{{"stage_ids", r.stage_ids},     {"stage", r.stage},
              {"epoch", r.loop.epoch},        {"step", r.loop.step},
              {"seconds", r.loop.seconds},    {"totals", {totals.loss, totals.top1, totals.top5}},
              {"images", totals.images},      {"results", r.results},
              {"first_step", r.first_step},   {"metrics_size", r.metrics_size},
              {"events_size", r.events_size}, {"threads", r.threads}}
      .dump();
}

ProgressRecord decode_progress(const std::string& text) {
  try {
    const json j = json::parse(text);
    ProgressRecord r;
    j.at("stage_ids").get_to(r.stage_ids);
    j.at("stage").get_to(r.stage);
    j.at("epoch").get_to(r.loop.epoch);
    j.at("step").get_to(r.loop.step);
    j.at("seconds").get_to(r.loop.seconds);
    r.loop.totals = {j.at("totals").at(0), j.at("totals").at(1), j.at("totals").at(2),
                     j.at("images")};
    r.results = j.at("results");
    j.at("first_step").get_to(r.first_step);
    j.at("metrics_size").get_to(r.metrics_size);
    j.at("events_size").get_to(r.events_size);
    j.at("threads").get_to(r.threads);
    return r;
  } catch (const json::exception& error) {
    throw Error(ErrorCode::Input,
                std::string("a checkpoint does not say where its run stands: ") + error.what(),
                "it was written by another version; start again in another folder with out=DIR");
  }
}

}  // namespace pollard
