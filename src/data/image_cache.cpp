#include "data/image_cache.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "data/image_cache_file.h"
#include "data/pool.h"
#include "pollard/error.h"

namespace pollard {
namespace {

class CachedFolder final : public PictureDataset {
 public:
  CachedFolder(std::filesystem::path path, CacheFile cache, ImageList list,
               const PictureSizes& sizes)
      : PictureDataset(std::move(list), sizes), path_(std::move(path)), cache_(std::move(cache)) {}

  [[nodiscard]] std::vector<std::string> problems() const override { return cache_.reasons; }

 private:
  struct Worker {
    Rgbx pixels;
    Resampler resampler;
  };

  [[nodiscard]] const CachedPicture& usable(std::int64_t index) const {
    const std::string& name = entry(index).name;
    const CachedPicture& found = cache_.pictures[static_cast<std::size_t>(index)];
    if (found.width > 0) return found;
    throw UnusableImage(ErrorCode::Input, fmt::format("'{}' cannot be used", name));
  }

  void read_view(std::int64_t index, const Framing& framing,
                 std::span<std::uint8_t> out) const override {
    const CachedPicture& from = usable(index);
    const std::span<const std::uint8_t> pixels = cache_.pixels(from);
    if (pixel_hash(pixels) != from.hash) {
      throw Error(ErrorCode::Input, fmt::format("'{}' is damaged", path_.string()),
                  "remove it: it is made anew");
    }
    const View view = framing(from.width, from.height);
    const AxisView::Reach x = view.x.reach(), y = view.y.reach();
    std::unique_ptr<Worker> worker = workers_.take();
    worker->pixels.resize(x.end - x.first, y.end - y.first);
    std::uint8_t* place = worker->pixels.pixels.data();
    for (std::int64_t row = y.first; row < y.end; ++row) {
      const std::uint8_t* source = pixels.data() + 3 * (row * from.width + x.first);
      for (std::int64_t i = x.first; i < x.end; ++i, place += 4, source += 3)
        std::memcpy(place, source, 3);
    }
    worker->resampler.run(worker->pixels, x.first, y.first, view, out);
    workers_.give(std::move(worker));
  }

  std::filesystem::path path_;
  CacheFile cache_;
  mutable Pool<Worker> workers_;
};

}  // namespace

std::unique_ptr<Dataset> open_cached(const std::filesystem::path& path, ImageList list,
                                     const PictureSizes& sizes, Progress& progress) {
  check_sizes(sizes);
  const std::string key = cache_key(list, sizes.shorter_side);
  std::string why;
  auto cache = open_cache(path, key, list.images.size(), why);
  if (!cache) {
    progress.note(fmt::format("the cache '{}' {}: {} pictures are decoded", path.string(), why,
                              list.images.size()));
    write_cache(path, list, sizes.shorter_side, progress);
    cache = open_cache(path, key, list.images.size(), why);
  }
  if (!cache) {
    throw Error(ErrorCode::Io,
                fmt::format("the cache '{}' {} after it was written", path.string(), why),
                "look for a full or failing disk, or leave data.cache out");
  }
  return std::make_unique<CachedFolder>(path, std::move(*cache), std::move(list), sizes);
}

}  // namespace pollard
