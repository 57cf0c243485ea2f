// report.html from the files of a run's folder.
#pragma once

#include <filesystem>

namespace pollard::app {

/// Writes it, or `file` in its place, and returns its path. Throws Error{Io} or Error{Input} naming
/// a file that is missing or damaged.
std::filesystem::path write_report(const std::filesystem::path& folder,
                                   const std::filesystem::path& file = {});

}  // namespace pollard::app
