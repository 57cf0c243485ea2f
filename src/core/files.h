// Files that appear whole or not at all: write beside, fsync, rename, fsync the folder.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pollard {

/// Replaces `path` by `content` in one step; a crash leaves the old file or the new one.
/// Throws Error{Io} naming the path.
void write_file(const std::filesystem::path& path, std::string_view content);
void write_file(const std::filesystem::path& path, std::span<const std::byte> content);

/// Writes `content` beside `path` and returns the temporary's path (fsynced); publish() renames it.
/// For writers that must move the old file away first.
[[nodiscard]] std::filesystem::path write_beside(const std::filesystem::path& path,
                                                 std::span<const std::byte> content);
void publish(const std::filesystem::path& temporary, const std::filesystem::path& path);

/// Makes renames within the folder last, where the file system can.
void sync_folder(const std::filesystem::path& folder);

/// The whole file. Throws Error{Io} if it cannot be opened or read.
[[nodiscard]] std::vector<std::byte> read_bytes(const std::filesystem::path& path);
[[nodiscard]] std::string read_text(const std::filesystem::path& path);

/// Creates the folder and its parents, and proves that a file can be written there. Throws
/// Error{Io}.
void make_writable_folder(const std::filesystem::path& folder);

/// Removes what an interrupted write_file left in `folder` (names ending in ".part").
void remove_leftovers(const std::filesystem::path& folder);

}  // namespace pollard
