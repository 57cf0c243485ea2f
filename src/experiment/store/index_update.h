// Brings the tables of an index up to the files of its store.
#pragma once

#include <cstdint>
#include <filesystem>

#include "experiment/store/sqlite.h"
#include "experiment/store/store.h"
#include "pollard/progress.h"

namespace pollard {

/// All in one transaction. Files of the store that cannot be read are left out, with a warning
/// each; what is thrown is of the database.
void update_index(Database& database, const Store& store, Progress& progress);

/// Of the files in a folder, at any depth; 0 where there is none.
[[nodiscard]] std::int64_t bytes_in(const std::filesystem::path& folder);

}  // namespace pollard
