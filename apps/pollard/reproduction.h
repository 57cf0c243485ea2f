// What `pollard reproduce` works with: the specifications of figures and tables in a folder such as
// paper/2111.00843, and the grids of a profile below it (docs/reproduce.md).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/paper/spec.h"
#include "sweep_grid.h"
#include "verbs.h"

namespace pollard::app {

struct Reproduction {
  std::filesystem::path paper;  // the folder of the specifications
  std::string profile;
  std::filesystem::path out, store;
  std::vector<Spec> items;  // as they were asked for, "all" expanded
  Arguments arguments;      // for the grids: overrides without profile, out and store

  [[nodiscard]] Spec spec(const std::string& id) const;
  /// Of the profile; it may be missing.
  [[nodiscard]] std::filesystem::path grid_file(const std::string& grid) const;
  /// Grids of the items that the profile has a file of, each once, in the items' order.
  [[nodiscard]] std::vector<std::string> grids() const;
  /// A sweep of its own below `out`, in the common store. In the values of overrides {model} stands
  /// for the grid's model.
  [[nodiscard]] SweepSetting setting_of(const std::string& grid) const;
};

/// Throws Error{Usage} naming the nearest item or profile.
[[nodiscard]] Reproduction read_reproduction(const Arguments& arguments);

}  // namespace pollard::app
