#include "report/measures.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/values.h"

namespace pollard {
namespace {

struct Style {
  const char* name;
  const char* header;
  double scale = 1;
  int digits = 2;
  bool better_low = false;
};

// In the order of tables. The names are those of measures_of().
constexpr Style kStyles[] = {
    {.name = "top1", .header = "top1 %"},
    {.name = "top5", .header = "top5 %"},
    {.name = "loss", .header = "loss", .digits = 4, .better_low = true},
    {.name = "sparsity", .header = "sparsity %", .scale = 100},
    {.name = "theoretical_speedup", .header = "theoretical speedup"},
    {.name = "retrain_epochs", .header = "retrain epochs", .digits = 0, .better_low = true},
    {.name = "epochs", .header = "epochs", .digits = 0, .better_low = true},
    {.name = "seconds", .header = "seconds", .digits = 1, .better_low = true},
    {.name = "time_ratio", .header = "time ratio", .better_low = true},
    {.name = "dense_top1", .header = "dense top1 %"},
    {.name = "pruned_top1", .header = "pruned top1 %"},
    {.name = "stability", .header = "stability", .digits = 3},
    {.name = "increase", .header = "increase (points)"},
    {.name = "model_sparsity", .header = "model sparsity %", .scale = 100},
    {.name = "kept", .header = "kept", .digits = 0, .better_low = true},
    {.name = "of", .header = "of", .digits = 0, .better_low = true},
};
constexpr const char* kShown[] = {"top1", "sparsity", "theoretical_speedup"};

Style style_of(const std::string& measure) {
  const auto* found = std::ranges::find(kStyles, measure, &Style::name);
  if (found != std::end(kStyles)) return *found;
  return {.name = measure.c_str(), .header = measure.c_str(), .digits = 4};
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

std::vector<std::string> shown_measures(std::span<const ResultRow> rows) {
  std::vector<std::string> names;
  for (const char* name : kShown) {
    if (has(rows, name)) names.emplace_back(name);
  }
  return names.empty() ? measure_names(rows) : names;
}

std::string measure_header(const std::string& measure) { return style_of(measure).header; }

MeasureForm measure_form(const std::string& measure) {
  const Style style = style_of(measure);
  return {style.scale, style.digits};
}

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
