#include "report/page/page_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <utility>

#include "report/measures.h"
#include "report/values.h"

namespace pollard {
namespace {

using nlohmann::json;

constexpr std::size_t kMostPoints = 60'000;  // of all curves together, which is about half a MB

json rounded(double value, int digits) {
  if (!std::isfinite(value)) return nullptr;
  const double shorter = std::strtod(fmt::format("{:.{}g}", value, digits).c_str(), nullptr);
  if (shorter == std::floor(shorter) && std::abs(shorter) < 1e15)
    return static_cast<std::int64_t>(shorter);  // without ".0"
  return shorter;
}

/// Equal values under one number, in the order in which they came.
class Shared {
 public:
  std::size_t put(const json& value) {
    const auto [found, fresh] = places_.try_emplace(value.dump(), places_.size());
    if (fresh) all_.push_back(value);
    return found->second;
  }
  [[nodiscard]] const json& all() const { return all_; }

 private:
  std::map<std::string, std::size_t> places_;
  json all_ = json::array();
};

class Writer {
 public:
  explicit Writer(const PageView& view) : view_(view), source_(*view.source) {
    std::size_t stages = 1;
    for (const auto& [id, stage] : source_.stages) stages += stage.curve.top1.empty() ? 0 : 1;
    most_ = std::clamp<std::size_t>(kMostPoints / stages, 8, 60);
  }

  json write() {
    json groups = json::array();
    for (const ResultGroup& group : view_.groups) groups.push_back(group_of(group));
    return {{"format", 1},
            {"name", source_.name},
            {"keys", view_.keys},
            {"colour", view_.colour},
            {"drivers", drivers()},
            {"x", view_.x},
            {"measures", measures()},
            {"groups", groups},
            {"stages", stages_},
            {"arrays", arrays_.all()},
            {"layers", layers_.all()},
            {"kept", kept_.all()},
            {"progress", progress()}};
  }

 private:
  json measures() const {
    json all = json::array();
    for (const std::string& name : view_.measures) {
      all.push_back({{"n", name},
                     {"h", measure_header(name)},
                     {"a", measure_axis(name)},
                     {"s", measure_scale(name)},
                     {"d", measure_digits(name)},
                     {"low", is_better_low(name)}});
    }
    return all;
  }

  json drivers() const {
    json all = json::object();
    for (const std::string& name : view_.measures) all[name] = driving_keys(name);
    return all;
  }

  json curve(const std::vector<Point>& points) {
    json x = json::array(), y = json::array();
    for (const Point point : thin_out(points, most_)) {
      x.push_back(rounded(point.x, 5));
      y.push_back(rounded(point.y, 4));
    }
    return {arrays_.put(x), arrays_.put(y)};
  }

  std::size_t stage(const std::string& id) {
    const auto [place, fresh] = places_.try_emplace(id, places_.size());
    if (!fresh) return place->second;
    const PageStage& stage = source_.stages.at(id);
    json text = {{"k", stage.kind}, {"l", stage.label}, {"e", stage.epochs}};
    if (const auto top1 = find_number(stage.result, {"test", "top1"}))
      text["t"] = rounded(*top1, 4);
    if (!stage.curve.top1.empty()) text["a"] = curve(stage.curve.top1);
    if (!stage.curve.rate.empty()) text["r"] = curve(stage.curve.rate);
    stages_.push_back(std::move(text));
    return place->second;
  }

  json run(const ResultRow& row) {
    json numbers = json::array(), stages = json::array();
    for (const std::string& name : view_.measures) {
      const auto number = measure_of(row, name);
      numbers.push_back(number ? rounded(*number, 6) : json());
    }
    for (const std::string& id : source_.chains.at(row.id)) stages.push_back(stage(id));
    return {row.id, setting_of(row, "seed"), numbers, stages};
  }

  /// The mean over seeds of what each layer keeps; where seeds disagree about the layers, the
  /// first.
  json layers(const ResultGroup& group) {
    const json* first = layers_of(source_, group.rows.front()->id);
    if (first == nullptr) return nullptr;
    std::vector<double> sums(first->size(), 0);
    double count = 0;
    for (const ResultRow* row : group.rows) {
      const json* own = layers_of(source_, row->id);
      if (own == nullptr || own->size() != first->size()) continue;
      for (std::size_t i = 0; i < sums.size(); ++i)
        sums[i] += find_number((*own)[i], {"kept"}).value_or(0);
      ++count;
    }
    json kept = json::array(),
         set = {{"names", json::array()}, {"of", json::array()}, {"macs", json::array()}};
    for (std::size_t i = 0; i < sums.size(); ++i) {
      kept.push_back(rounded(sums[i] / count, 7));
      set["names"].push_back(find_text((*first)[i], {"name"}));
      set["of"].push_back(find_value((*first)[i], {"of"}));
      set["macs"].push_back(find_value((*first)[i], {"multiply_adds"}));
    }
    return kept_.put({layers_.put(set), kept});
  }

  json group_of(const ResultGroup& group) {
    json values = json::array(), runs = json::array();
    for (const std::string& key : view_.keys) {
      const auto found = group.settings.find(key);
      values.push_back(found == group.settings.end() ? json() : json(found->second));
    }
    for (const ResultRow* row : group.rows) runs.push_back(run(*row));
    return {{"s", values}, {"r", runs}, {"l", layers(group)}};
  }

  json progress() const {
    if (!source_.progress) return nullptr;
    const SweepProgress& now = *source_.progress;
    json text = {{"jobs", now.jobs},
                 {"epochs_done", now.epochs_done},
                 {"epochs", now.epochs},
                 {"running", now.running}};
    if (now.seconds_left) text["seconds_left"] = std::round(*now.seconds_left);
    return text;
  }

  const PageView& view_;
  const PageSource& source_;
  std::size_t most_ = 0;  // points of a curve
  Shared arrays_, layers_, kept_;
  std::map<std::string, std::size_t> places_;  // of stages
  json stages_ = json::array();
};

}  // namespace

json page_data(const PageView& view) { return Writer(view).write(); }

std::string script_text(const json& data) {
  const std::string text = data.dump(-1, ' ', false, json::error_handler_t::replace);
  std::string safe;
  safe.reserve(text.size());
  for (const char c : text) {
    if (c == '<') {
      safe += "\\u003c";  // "</script", "<!--"
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace pollard
