// The files of a figure or table: SVG, PDF and CSV, or Markdown, LaTeX and CSV.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiment/store/store.h"
#include "report/paper/grid_results.h"
#include "report/paper/spec.h"

namespace pollard::app {

/// What was written of an item.
struct WrittenItem {
  std::string id, title;
  Mark mark = Mark::Missing;
  std::vector<std::string> files;  // names within the folder
};

/// The heat map reads the layers of its stages from the store. The notes say what the numbers were
/// made with. `measured`: the record of a specification of kind "speed" (reproduce_speed.h), whose
/// file ID.json is there.
[[nodiscard]] WrittenItem write_item(const Spec& spec, const ProfileResults& results,
                                     const Store& store, const std::filesystem::path& folder,
                                     const nlohmann::json& measured);

/// By id, the rows of the folder's README.md whose items were written earlier, of the same profile,
/// and are still there.
using OverviewRows = std::map<std::string, std::string>;
[[nodiscard]] OverviewRows rows_there(const std::filesystem::path& folder,
                                      std::string_view profile);
/// README.md of the folder: every item with its mark and files, and the paper's claims held against
/// the results. Rows in the order of `ids`; of items that are not among `items` as they were.
void write_overview(const std::vector<WrittenItem>& items, OverviewRows rows,
                    std::span<const std::string> ids, const ProfileResults& results,
                    const std::filesystem::path& folder);

/// What the rows' last stages were made with, different machines in turn; reads each stage's
/// record.
[[nodiscard]] std::set<std::string> conditions_of(std::span<const ResultRow> rows,
                                                  const Store& store);

}  // namespace pollard::app
