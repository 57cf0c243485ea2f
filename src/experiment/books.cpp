#include "experiment/books.h"

#include <chrono>
#include <sstream>
#include <utility>

#include "experiment/events.h"

namespace pollard {
namespace {

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

nlohmann::json to_json(const Meters& meters) {
  return {{"top1", meters.top1}, {"top5", meters.top5}, {"loss", meters.loss}};
}

Books::Books(const RunFolder& folder, std::int64_t metrics_size, std::int64_t events_size,
             std::string evaluated)
    : metrics_(folder.file("metrics.jsonl"), metrics_size),
      events_(folder.file("events.out.tfevents.0.pollard"), events_size),
      evaluated_(std::move(evaluated)) {
  if (events_.size() == 0) events_.append(event_file_header(wall_time()));
}

void Books::step(const StageMark& stage, const StepRecord& record) {
  write(stage.first_step + record.step, {{"event", "step"},
                                         {"stage", stage.index},
                                         {"kind", stage.kind},
                                         {"epoch", record.epoch},
                                         {"position", record.position},
                                         {"step", record.step},
                                         {"lr", record.rate},
                                         {"train/loss", record.train.loss},
                                         {"train/top1", record.train.top1}});
}

void Books::epoch(const StageMark& stage, const EpochRecord& record) {
  write(stage.first_step + record.step, {{"event", "epoch"},
                                         {"stage", stage.index},
                                         {"kind", stage.kind},
                                         {"epoch", record.epoch},
                                         {"epochs", record.epochs},
                                         {"position", record.epoch},
                                         {"step", record.step},
                                         {"lr", record.rate},
                                         {"train/loss", record.train.loss},
                                         {"train/top1", record.train.top1},
                                         {evaluated_ + "/loss", record.test.loss},
                                         {evaluated_ + "/top1", record.test.top1},
                                         {evaluated_ + "/top5", record.test.top5},
                                         {"sparsity", stage.sparsity},
                                         {"seconds", record.seconds}});
}

void Books::repeat(std::string_view lines, std::int64_t first_step) {
  std::istringstream in{std::string(lines)};
  for (std::string line; std::getline(in, line);) {
    const auto record = nlohmann::json::parse(line);
    write(first_step + record.at("step").get<std::int64_t>(), record);
  }
}

void Books::write(std::int64_t step, const nlohmann::json& record) {
  metrics_.append(record.dump() + "\n");
  const double now = wall_time();
  std::string events;
  for (const std::string& tag :
       {std::string("lr"), std::string("train/loss"), std::string("train/top1"),
        evaluated_ + "/loss", evaluated_ + "/top1", evaluated_ + "/top5",
        std::string("sparsity")}) {
    if (!record.contains(tag)) continue;
    events += scalar_event(now, step, tag, record[tag].get<float>());
  }
  events_.append(events);
}

}  // namespace pollard
