// The file of image_cache.h: its layout, writing and checking.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/mapped_file.h"
#include "data/image_list.h"
#include "pollard/progress.h"

namespace pollard {

struct CachedPicture {
  std::uint64_t offset = 0;
  std::uint32_t width = 0, height = 0;  // 0: unusable
  std::uint64_t hash = 0;               // of the pixels
};
static_assert(sizeof(CachedPicture) == 24);

[[nodiscard]] std::uint64_t pixel_hash(std::span<const std::uint8_t> pixels);

/// A file that is whole and of the key.
struct CacheFile {
  MappedFile file;
  std::vector<CachedPicture> pictures;
  std::vector<std::string> reasons;  // of each unusable picture, in order

  [[nodiscard]] std::span<const std::uint8_t> pixels(const CachedPicture& picture) const;
};

[[nodiscard]] std::string cache_key(const ImageList& list, std::int64_t shorter_side);

/// Decodes all pictures by all threads and writes the file.
void write_cache(const std::filesystem::path& path, const ImageList& list,
                 std::int64_t shorter_side, Progress& progress);

/// Nothing where the file cannot be used; then `why` says so.
[[nodiscard]] std::optional<CacheFile> open_cache(const std::filesystem::path& path,
                                                  std::string_view key, std::size_t images,
                                                  std::string& why);

}  // namespace pollard
