#include "report/model_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/terminal_text.h"
#include "report/table.h"

namespace pollard {
namespace {

// A string of JSON is one of YAML too.
std::string quoted(const std::string& text) {
  return nlohmann::json(without_codes(text))
      .dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

// For a cell or a heading.
std::string in_markdown(const std::string& text) {
  std::string escaped;
  for (const char c : without_codes(text)) {
    if (std::string_view("\\`*_{}[]<>#|!&").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string note(const ModelFacts& facts, const std::string& key) {
  const auto found = facts.notes.find(key);
  return found == facts.notes.end() ? "" : found->second;
}

// 0 for what is no number.
double number(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

std::string head(const ModelFacts& facts) {
  const std::string data = note(facts, "dataset"), accuracy = note(facts, "test_top1");
  std::string text = "---\nlibrary_name: pollard\npipeline_tag: image-classification\n";
  text += "tags:\n- pruning\n- sparse\n";
  if (!data.empty()) text += fmt::format("datasets:\n- {}\n", quoted(data));
  if (!accuracy.empty()) {
    text += fmt::format(
        "metrics:\n- accuracy\nmodel-index:\n- name: {}\n  results:\n  - task:\n      type: "
        "image-classification\n    dataset:\n      name: {}\n      type: {}\n    metrics:\n    - "
        "type: accuracy\n      value: {:.4f}\n",
        quoted(facts.file), quoted(data), quoted(data), number(accuracy) / 100);
  }
  return text + "---\n";
}

struct Totals {
  std::int64_t kept = 0, of = 0;
};

Totals totals_of(const ModelFacts& facts) {
  Totals totals;
  for (const ModelFacts::Layer& layer : facts.layers) {
    totals.kept += layer.kept;
    totals.of += layer.of;
  }
  return totals;
}

std::string facts_table(const ModelFacts& facts) {
  const Totals totals = totals_of(facts);
  std::string text = "| | |\n| --- | --- |\n";
  const auto row = [&text](const char* what, const std::string& value) {
    if (!value.empty()) text += fmt::format("| {} | {} |\n", what, value);
  };
  row("network", in_markdown(note(facts, "model")));
  row("data", in_markdown(note(facts, "dataset")));
  row("method", in_markdown(note(facts, "method")));
  row("seed", in_markdown(note(facts, "seed")));
  if (const std::string accuracy = note(facts, "test_top1"); !accuracy.empty())
    row("top-1 on the test set", fmt::format("{:.2f} %", number(accuracy)));
  row("weights left", fmt::format("{} of {} prunable", totals.kept, totals.of));
  if (facts.theoretical_speedup > 0)
    row("multiply-adds",
        fmt::format("{:.2f} times fewer (theoretical)", facts.theoretical_speedup));
  row("input", in_markdown(note(facts, "input")));
  row("classes", in_markdown(note(facts, "classes")));
  row("pixels: mean", in_markdown(note(facts, "mean")));
  row("pixels: standard deviation", in_markdown(note(facts, "stddev")));
  return text;
}

std::string bytes_table(const ModelFacts& facts) {
  TextTable table{{{"form", Align::Left}, {"bytes"}}, {}};
  for (const ModelFacts::Bytes& bytes : facts.bytes)
    table.rows.push_back({bytes.what, std::to_string(bytes.count)});
  return to_markdown(table);
}

std::string layers_table(const ModelFacts& facts) {
  TextTable table{
      {{"weight", Align::Left}, {"shape", Align::Left}, {"kept"}, {"of"}, {"density %"}}, {}};
  for (const ModelFacts::Layer& layer : facts.layers) {
    const double density = 100 * static_cast<double>(layer.kept) /
                           static_cast<double>(std::max<std::int64_t>(1, layer.of));
    table.rows.push_back({in_markdown(layer.name), layer.shape, std::to_string(layer.kept),
                          std::to_string(layer.of), fmt::format("{:.2f}", density)});
  }
  return to_markdown(table);
}

}  // namespace

std::string model_card(const ModelFacts& facts) {
  const Totals totals = totals_of(facts);
  const double sparsity =
      totals.of > 0 ? 1 - static_cast<double>(totals.kept) / static_cast<double>(totals.of) : 0;
  return head(facts) +
         fmt::format(
             "\n# {}\n\nA network with {:.2f} % of its prunable weights set to zero, exported "
             "by Pollard. Pixels are scaled to [0, 1] and normalised as below.\n\n",
             in_markdown(facts.file), 100 * sparsity) +
         facts_table(facts) + "\n## Size\n\n" + bytes_table(facts) + "\n## Layers\n\n" +
         layers_table(facts);
}

}  // namespace pollard
