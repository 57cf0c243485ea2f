// Finished configurations made by hand.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "experiment/store/configuration.h"

namespace pollard::test {

/// Its id is made of its settings.
inline ResultRow row_of(const Settings& settings, std::map<std::string, double> measures) {
  std::string id;
  for (const auto& [key, value] : settings) id += key + "=" + value + " ";
  return {id, settings, std::move(measures)};
}

/// Two schedules at two sparsities with three seeds, one of them (ft at 0.95) with two only.
inline std::vector<ResultRow> sample_rows() {
  struct Case {
    const char *schedule, *sparsity;
    std::vector<double> top1;
  };
  const Case cases[] = {{"ft", "0.9", {91.0, 91.2, 91.4}},
                        {"ft", "0.95", {89.0, 89.5}},
                        {"slr", "0.9", {92.0, 92.1, 92.5}},
                        {"slr", "0.95", {90.5, 90.0, 91.0}}};
  std::vector<ResultRow> rows;
  for (const Case& one : cases) {
    for (std::size_t seed = 0; seed < one.top1.size(); ++seed) {
      rows.push_back(row_of({{"model", "resnet56"},
                             {"out", "runs/" + std::to_string(rows.size())},
                             {"prune.sparsity", one.sparsity},
                             {"retrain.schedule", one.schedule},
                             {"seed", std::to_string(seed + 1)}},
                            {{"top1", one.top1[seed]},
                             {"sparsity", std::stod(one.sparsity)},
                             {"retrain_epochs", 30}}));
    }
  }
  return rows;
}

}  // namespace pollard::test
