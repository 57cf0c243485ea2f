// The files of a figure or table: SVG, PDF and CSV, or Markdown, LaTeX and CSV.
#pragma once

#include <filesystem>
#include <string>
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
/// made with.
[[nodiscard]] WrittenItem write_item(const Spec& spec, const ProfileResults& results,
                                     const Store& store, const std::filesystem::path& folder);

/// README.md of the folder: every item with its mark and files, and the paper's claims held against
/// the results.
void write_overview(const std::vector<WrittenItem>& items, const ProfileResults& results,
                    const Store& store, const std::filesystem::path& folder);

}  // namespace pollard::app
