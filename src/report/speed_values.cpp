#include "report/speed.h"
#include "report/speed_record.h"

namespace pollard {
namespace {

using nlohmann::json;

/// As many digits as tell values apart, for other programs.
std::string digits(std::optional<double> value) {
  return value ? fmt::format("{:.6g}", *value) : std::string();
}

}  // namespace

TextTable speed_values(const json& record) {
  TextTable table{{{"batch"},
                   {"threads"},
                   {"name"},
                   {"allocation"},
                   {"sparsity"},
                   {"median_ms"},
                   {"p10_ms"},
                   {"low_quartile_ms"},
                   {"high_quartile_ms"},
                   {"calls"},
                   {"alone_median_ms"},
                   {"images_per_second"},
                   {"speedup"},
                   {"speedup_libtorch"},
                   {"theoretical_speedup"}},
                  {}};
  for (const json& one : find_list(record, "cases")) {
    each_contender(one, [&](const json& entry, std::optional<double> best) {
      const json& network = network_of(record, entry);
      const auto number = [&](std::string_view key) { return digits(find_number(entry, {key})); };
      table.rows.push_back(
          {digits(find_number(one, {"batch"})), digits(find_number(one, {"threads"})),
           find_text(entry, {"name"}), find_text(network, {"allocation"}),
           digits(find_number(network, {"sparsity"})), number("median_ms"), number("p10_ms"),
           number("low_quartile_ms"), number("high_quartile_ms"), number("calls"),
           digits(find_number(entry, {"alone", "median_ms"})), digits(images_per_second(one, best)),
           digits(ratio(find_number(one, {"baseline", "ms"}), best)),
           digits(ratio(find_number(one, {"libtorch", "ms"}), best)),
           digits(theory_of(record, entry))});
    });
  }
  return table;
}

TextTable layer_values(const json& record) {
  TextTable table{{{"batch"},
                   {"threads"},
                   {"network"},
                   {"layer"},
                   {"shape"},
                   {"kept"},
                   {"of"},
                   {"theoretical_speedup"},
                   {"onednn_ms"},
                   {"dense_ms"},
                   {"sparse_ms"},
                   {"speedup"},
                   {"plan"}},
                  {}};
  for (const json& one : find_list(record, "cases")) {
    for (const json& layer : find_list(one, "layers")) {
      const auto number = [&](std::string_view key) { return digits(find_number(layer, {key})); };
      table.rows.push_back(
          {digits(find_number(one, {"batch"})), digits(find_number(one, {"threads"})),
           find_text(network_of(record, layer), {"name"}), find_text(layer, {"name"}),
           find_text(layer, {"shape"}), number("kept"), number("of"), number("theoretical_speedup"),
           number("onednn_ms"), number("dense_ms"), number("sparse_ms"), number("speedup"),
           find_text(layer, {"plan"})});
    }
  }
  return table;
}

TextTable crossover_values(const json& record) {
  TextTable table{{{"batch"},
                   {"threads"},
                   {"shape"},
                   {"layers"},
                   {"density"},
                   {"dense_ms"},
                   {"sparse_ms"},
                   {"crossover_density"}},
                  {}};
  for (const json& one : find_list(record, "cases")) {
    for (const json& shape : find_list(one, "crossover")) {
      for (const json& at : find_list(shape, "times")) {
        table.rows.push_back(
            {digits(find_number(one, {"batch"})), digits(find_number(one, {"threads"})),
             find_text(shape, {"shape"}), digits(find_number(shape, {"layers"})),
             digits(find_number(at, {"density"})), digits(find_number(at, {"dense_ms"})),
             digits(find_number(at, {"sparse_ms"})), digits(find_number(shape, {"density"}))});
      }
    }
  }
  return table;
}

}  // namespace pollard
