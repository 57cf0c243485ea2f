#include "report/measures.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/values.h"

namespace pollard {
namespace {

struct Style {
  const char* name;
  const char* header;
  const char* axis;
  double scale = 1;
  int digits = 2;
  bool better_low = false;
  bool derived = false;  // by a page, not by measures_of()
};

// In the order of tables. The names are those of measures_of().
constexpr Style kStyles[] = {
    {.name = "top1", .header = "top1 %", .axis = "test accuracy (top-1), %"},
    {.name = "top5", .header = "top5 %", .axis = "test accuracy (top-5), %"},
    {.name = "loss", .header = "loss", .axis = "test loss", .digits = 4, .better_low = true},
    {.name = "sparsity",
     .header = "sparsity %",
     .axis = "sparsity of the prunable weights, %",
     .scale = 100},
    {.name = "theoretical_speedup",
     .header = "theoretical speedup",
     .axis = "theoretical speedup, ×"},
    {.name = "retrain_epochs",
     .header = "retrain epochs",
     .axis = "retraining epochs, all cycles",
     .digits = 0,
     .better_low = true},
    {.name = "epochs",
     .header = "epochs",
     .axis = "epochs, dense training and retraining",
     .digits = 0,
     .better_low = true},
    {.name = "seconds",
     .header = "seconds",
     .axis = "time of all stages, s",
     .digits = 1,
     .better_low = true},
    {.name = "time_ratio",
     .header = "time ratio",
     .axis = "time of all stages / of dense training",
     .better_low = true,
     .derived = true},
    {.name = "dense_top1",
     .header = "dense top1 %",
     .axis = "test accuracy of the dense network (top-1), %"},
    {.name = "dense_seconds",
     .header = "dense seconds",
     .axis = "time of dense training, s",
     .digits = 1,
     .better_low = true},
    {.name = "pruned_top1",
     .header = "pruned top1 %",
     .axis = "test accuracy before retraining (top-1), %"},
    {.name = "stability",
     .header = "stability",
     .axis = "stability, accuracy pruned / trained",
     .digits = 3},
    {.name = "increase", .header = "increase (points)", .axis = "gain by retraining, points"},
    {.name = "model_sparsity",
     .header = "model sparsity %",
     .axis = "sparsity of all parameters, %",
     .scale = 100},
    {.name = "kept",
     .header = "kept",
     .axis = "prunable weights kept",
     .digits = 0,
     .better_low = true},
    {.name = "of", .header = "of", .axis = "prunable weights", .digits = 0, .better_low = true},
};
constexpr const char* kShown[] = {"top1", "sparsity", "theoretical_speedup"};

Style style_of(const std::string& measure) {
  const auto* found = std::ranges::find(kStyles, measure, &Style::name);
  if (found != std::end(kStyles)) return *found;
  return {.name = measure.c_str(), .header = measure.c_str(), .axis = measure.c_str(), .digits = 4};
}

bool has(std::span<const ResultRow> rows, const std::string& measure) {
  return std::ranges::any_of(rows,
                             [&](const ResultRow& row) { return row.measures.contains(measure); });
}

}  // namespace

std::vector<std::string> measure_names(std::span<const ResultRow> rows) {
  KeySet all;
  for (const ResultRow& row : rows) {
    for (const auto& [name, value] : row.measures) all.insert(name);
  }
  std::vector<std::string> names;
  for (const Style& style : kStyles) {
    if (all.erase(style.name) > 0) names.emplace_back(style.name);
  }
  names.insert(names.end(), all.begin(), all.end());
  return names;
}

std::vector<std::string> known_measures() {
  std::vector<std::string> names;
  for (const Style& style : kStyles) {
    if (!style.derived) names.emplace_back(style.name);
  }
  return names;
}

std::vector<std::string> shown_measures(std::span<const ResultRow> rows) {
  std::vector<std::string> names;
  for (const char* name : kShown) {
    if (has(rows, name)) names.emplace_back(name);
  }
  return names.empty() ? measure_names(rows) : names;
}

std::string measure_header(const std::string& measure) { return style_of(measure).header; }

std::string measure_axis(const std::string& measure) { return style_of(measure).axis; }

double measure_scale(const std::string& measure) { return style_of(measure).scale; }

int measure_digits(const std::string& measure) { return style_of(measure).digits; }

std::string measure_text(const std::string& measure, double value) {
  const Style style = style_of(measure);
  return fixed(style.scale * value, style.digits);
}

std::string summary_text(const std::string& measure, const Summary* summary) {
  if (summary == nullptr) return std::string(kDash);
  const std::string mean = measure_text(measure, summary->mean);
  if (!summary->std) return fmt::format("{} ({})", mean, summary->n);
  return fmt::format("{} ± {} ({})", mean, measure_text(measure, *summary->std), summary->n);
}

bool is_better_low(const std::string& measure) { return style_of(measure).better_low; }

}  // namespace pollard
