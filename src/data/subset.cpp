#include "data/subset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "pollard/error.h"

namespace pollard {
namespace {

// The same split for every seed of a run: else its images would be chosen on in some runs and
// trained on in others.
constexpr std::uint64_t kSplitSeed = 42;

}  // namespace

Subset::Subset(std::shared_ptr<const Dataset> whole, std::vector<std::uint32_t> places)
    : whole_(std::move(whole)), places_(std::move(places)) {}

std::int64_t Subset::size() const { return static_cast<std::int64_t>(places_.size()); }

std::int64_t Subset::place(std::int64_t index) const {
  if (index < 0 || index >= size()) {
    throw Error(ErrorCode::Internal, fmt::format("image {} of a data set of {}", index, size()));
  }
  return places_[static_cast<std::size_t>(index)];
}

std::int64_t Subset::label(std::int64_t index) const { return whole_->label(place(index)); }

void Subset::read(std::int64_t index, std::span<std::uint8_t> out) const {
  whole_->read(place(index), out);
}

void Subset::read_part(std::int64_t index, double smallest, RandomStream chance,
                       std::span<std::uint8_t> out) const {
  whole_->read_part(place(index), smallest, chance, out);
}

void hold_out(DataSplits& splits, double held_out) {
  if (held_out == 0) return;
  const std::int64_t size = splits.train->size();
  const double wanted = held_out < 1 ? held_out * static_cast<double>(size) : held_out;
  if (!(wanted >= 0.5 && wanted < static_cast<double>(size) - 0.5)) {
    throw Error(ErrorCode::Config,
                fmt::format("a validation split of {} from {} training images", held_out, size),
                "data.validation is a number of images, or the part of them if below 1; both parts "
                "need one image at least");
  }
  const auto count = static_cast<std::ptrdiff_t>(std::llround(wanted));
  std::vector<std::uint32_t> places =
      permutation(static_cast<std::uint32_t>(size), kSplitSeed, Purpose::Selection, 0);
  std::sort(places.begin(), places.begin() + count);
  std::sort(places.begin() + count, places.end());
  const std::shared_ptr<const Dataset> whole = std::move(splits.train);
  splits.validation = std::make_unique<Subset>(
      whole, std::vector<std::uint32_t>(places.begin(), places.begin() + count));
  splits.train = std::make_unique<Subset>(
      whole, std::vector<std::uint32_t>(places.begin() + count, places.end()));
}

}  // namespace pollard
