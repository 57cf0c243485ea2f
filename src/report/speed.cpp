#include "report/speed.h"

#include <fmt/format.h>

#include <map>
#include <vector>

#include "report/speed_record.h"

namespace pollard {
namespace {

using nlohmann::json;

/// Milliseconds: four digits that count.
std::string ms(std::optional<double> value) {
  if (!value) return fixed(value, 0);
  return fixed(value, *value >= 100 ? 1 : *value >= 10 ? 2 : 3);
}

std::string quartiles(const json& entry) {
  return ms(find_number(entry, {"low_quartile_ms"})) + "–" +
         ms(find_number(entry, {"high_quartile_ms"}));
}

std::string crossover_cell(const json& entry) {
  if (const auto density = find_number(entry, {"density"})) return percent(density) + " %";
  const json& times = find_list(entry, "times");
  if (times.empty()) return std::string(kDash);
  // Sparse is slower at the lowest density already, or nowhere.
  const auto sparse = find_number(times.front(), {"sparse_ms"});
  const auto dense = find_number(times.front(), {"dense_ms"});
  const bool never = sparse && dense && *sparse > *dense;
  const json& end = never ? times.front() : times.back();
  return (never ? "< " : "> ") + percent(find_number(end, {"density"})) + " %";
}

}  // namespace

TextTable speed_table(const json& record) {
  TextTable table{{{"batch"},
                   {"threads"},
                   {"network", Align::Left},
                   {"median ms"},
                   {"p10"},
                   {"quartiles"},
                   {"alone ms"},
                   {"images/s"},
                   {"speedup"},
                   {"over LibTorch"},
                   {"theoretical"},
                   {"share %"}},
                  {}};
  for (const json& one : find_list(record, "cases")) {
    each_contender(one, [&](const json& entry, std::optional<double> best) {
      const auto speedup = ratio(find_number(one, {"baseline", "ms"}), best);
      const auto theory = theory_of(record, entry);
      table.rows.push_back(
          {shortest(find_number(one, {"batch"})), shortest(find_number(one, {"threads"})),
           find_text(entry, {"name"}), ms(find_number(entry, {"median_ms"})),
           ms(find_number(entry, {"p10_ms"})), quartiles(entry),
           ms(find_number(entry, {"alone", "median_ms"})), grouped(images_per_second(one, best)),
           times(speedup), times(ratio(find_number(one, {"libtorch", "ms"}), best)), times(theory),
           theory ? fixed(100 * *ratio(speedup, theory), 0) : std::string(kDash)});
    });
  }
  return table;
}

TextTable layer_table(const json& record, std::size_t at, std::size_t network) {
  TextTable table{{{"layer", Align::Left},
                   {"shape", Align::Left},
                   {"density %"},
                   {"theoretical"},
                   {"oneDNN ms"},
                   {"dense ms"},
                   {"sparse ms"},
                   {"speedup"},
                   {"plan", Align::Left}},
                  {}};
  for (const json& layer : find_list(find_list(record, "cases").at(at), "layers")) {
    if (find_number(layer, {"network"}) != static_cast<double>(network)) continue;
    table.rows.push_back(
        {find_text(layer, {"name"}), find_text(layer, {"shape"}),
         percent(ratio(find_number(layer, {"kept"}), find_number(layer, {"of"}))),
         times(find_number(layer, {"theoretical_speedup"})), ms(find_number(layer, {"onednn_ms"})),
         ms(find_number(layer, {"dense_ms"})), ms(find_number(layer, {"sparse_ms"})),
         times(find_number(layer, {"speedup"})), find_text(layer, {"plan"})});
  }
  return table;
}

TextTable crossover_table(const json& record) {
  TextTable table{{{"shape", Align::Left}, {"layers"}}, {}};
  std::map<std::string, std::size_t> rows;
  for (const json& one : find_list(record, "cases")) {
    const json& shapes = find_list(one, "crossover");
    if (shapes.empty()) continue;
    table.columns.push_back({case_name(one)});
    for (const json& entry : shapes) {
      const std::string shape = find_text(entry, {"shape"});
      const auto [row, fresh] = rows.emplace(shape, table.rows.size());
      if (fresh) table.rows.push_back({shape, shortest(find_number(entry, {"layers"}))});
      table.rows[row->second].resize(table.columns.size() - 1, std::string(kDash));
      table.rows[row->second].push_back(crossover_cell(entry));
    }
  }
  for (auto& row : table.rows) row.resize(table.columns.size(), std::string(kDash));
  return table;
}

std::string speed_conditions(const json& record) {
  const json& machine = find_value(record, {"environment"});
  std::string flags;
  for (const json& flag : find_list(machine, "cpu_flags")) {
    const std::string name = flag.is_string() ? flag.get<std::string>() : "";
    if (name == "avx2" || name == "avx512f" || name == "amx_tile") flags += " " + name;
  }
  const std::string onednn = find_text(machine, {"onednn"});
  std::string text =
      fmt::format("{} on {},{}; {} threads available\nLibTorch {} ({} kernels), {}, oneDNN {}\n",
                  find_text(record, {"model"}), find_text(machine, {"cpu"}), flags,
                  shortest(find_number(machine, {"available_threads"})),
                  find_text(machine, {"libtorch"}), find_text(machine, {"aten_cpu_capability"}),
                  find_text(machine, {"blas"}), onednn.empty() ? "not there" : onednn);
  for (const json& one : find_list(record, "cases")) {
    text +=
        fmt::format("{}: {} GF/s multiply-adds, {} GB/s copied; best dense: {}\n", case_name(one),
                    fixed(find_number(one, {"calibration", "multiply_adds_gflops"}), 0),
                    fixed(find_number(one, {"calibration", "copy_gbytes"}), 1),
                    find_text(one, {"baseline", "name"}));
  }
  for (const json& missing : find_list(record, "unavailable")) {
    text += fmt::format("not measured: {}: {}\n", find_text(missing, {"name"}),
                        find_text(missing, {"reason"}));
  }
  return text;
}

}  // namespace pollard
