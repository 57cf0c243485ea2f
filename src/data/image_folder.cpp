#include "data/image_folder.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/framing.h"
#include "pollard/error.h"

namespace pollard {
namespace {

constexpr std::int64_t kLargestSide = 4096;

}  // namespace

void check_sizes(const PictureSizes& sizes) {
  if (sizes.size < 1 || sizes.shorter_side > kLargestSide || sizes.shorter_side < sizes.size) {
    throw Error(ErrorCode::Config,
                fmt::format("pictures of {} pixels from ones resized to {}: expected 1 to {}, and "
                            "no more than the resized ones have",
                            sizes.size, sizes.shorter_side, kLargestSide),
                "224 from 256 is usual: data.image_size, data.resize");
  }
}

void ProblemList::add(std::int64_t index, std::string what) {
  const std::lock_guard lock(mutex_);
  problems_.emplace(index, std::move(what));
}

std::vector<std::string> ProblemList::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> texts;
  for (const auto& [index, what] : problems_) texts.push_back(what);
  return texts;
}

PictureDataset::PictureDataset(ImageList list, const PictureSizes& sizes)
    : list_(std::move(list)), sizes_(sizes) {
  check_sizes(sizes);
}

std::int64_t PictureDataset::size() const { return static_cast<std::int64_t>(list_.images.size()); }

std::int64_t PictureDataset::classes() const {
  return static_cast<std::int64_t>(list_.classes.size());
}

ImageShape PictureDataset::image_shape() const { return {3, sizes_.size, sizes_.size}; }

const ImageList::Entry& PictureDataset::entry(std::int64_t index) const {
  if (index < 0 || index >= size()) {
    throw Error(ErrorCode::Internal, fmt::format("image {} of a data set of {}", index, size()));
  }
  return list_.images[static_cast<std::size_t>(index)];
}

std::int64_t PictureDataset::label(std::int64_t index) const { return entry(index).label; }

void PictureDataset::read(std::int64_t index, std::span<std::uint8_t> out) const {
  const auto framing = [this](std::int64_t width, std::int64_t height) {
    return centered_part(width, height, sizes_.size, sizes_.shorter_side);
  };
  read_view(index, framing, out);
}

void PictureDataset::read_part(std::int64_t index, double smallest, RandomStream chance,
                               std::span<std::uint8_t> out) const {
  const auto framing = [&](std::int64_t width, std::int64_t height) {
    return random_part(width, height, sizes_.size, smallest, chance);
  };
  read_view(index, framing, out);
}

void ImageFolder::read_view(std::int64_t index, const Framing& framing,
                            std::span<std::uint8_t> out) const {
  const ImageList::Entry& image = entry(index);
  std::unique_ptr<Worker> worker = workers_.take();
  try {
    worker->decoder.read(folder() / image.name, framing, worker->pixels);
  } catch (const UnusableImage& error) {
    problems_.add(index, error.what());
    throw;
  }
  if (out.size() != worker->pixels.size()) {
    throw Error(ErrorCode::Internal,
                fmt::format("an image of {} bytes into {}", worker->pixels.size(), out.size()));
  }
  std::ranges::copy(worker->pixels, out.begin());
  workers_.give(std::move(worker));
}

}  // namespace pollard
