// Data sets by name: which reader, which folder, how many images.
#include "pollard/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "core/hash.h"
#include "core/nearest.h"
#include "data/image_splits.h"
#include "data/readers.h"
#include "data/subset.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
constexpr const char* kFashionFolder = "/usr/share/datasets/fashion-mnist";  // Debian's package
constexpr const char* kFashionHint =
    "apt-get install dataset-fashion-mnist, or set data.path to the folder of the files";
constexpr const char* kMnistHint = "set data.path to the folder of the MNIST files";

std::size_t image_bytes(const ImageShape& shape) {
  const std::int64_t sizes[] = {shape.height, shape.width, shape.channels};
  return static_cast<std::size_t>(element_count(sizes));
}

[[noreturn]] void fail_unknown(std::string_view name) {
  const std::vector<std::string> known = dataset_names();
  const std::string near = nearest(name, known);
  throw Error(ErrorCode::Config, fmt::format("unknown data set '{}'", name),
              near.empty() ? fmt::format("there are: {}", fmt::join(known, ", "))
                           : fmt::format("did you mean '{}'?", near));
}

LabelledImages read_split(std::string_view name, const fs::path& path, Split split) {
  if (name == "fashion-mnist") return read_idx(path, split, kFashionHint);
  if (name == "mnist") return read_idx(path, split, kMnistHint);
  return read_cifar(path, split, name == "cifar100" ? 100 : 10);
}

void keep_first(LabelledImages& images, std::int64_t limit) {
  check_limit(limit, static_cast<std::int64_t>(images.labels.size()));
  images.labels.resize(static_cast<std::size_t>(limit));
  images.pixels.resize(static_cast<std::size_t>(limit) * image_bytes(images.shape));
  images.pixels.shrink_to_fit();
}

std::unique_ptr<Dataset> in_memory(LabelledImages images) {
  return std::make_unique<MemoryDataset>(images.shape, images.classes, std::move(images.pixels),
                                         std::move(images.labels));
}

}  // namespace

void check_limit(std::int64_t limit, std::int64_t size) {
  if (limit <= size) return;
  throw Error(
      ErrorCode::Config,
      fmt::format("the limit of {} training images is more than the {} there are", limit, size),
      "set data.limit lower, or to 0 for all images");
}

void Dataset::read_part(std::int64_t, double, RandomStream, std::span<std::uint8_t>) const {
  throw Error(ErrorCode::Config,
              "random parts need pictures of their own sizes, which this data set has not",
              "crop with data.crop_padding instead of data.smallest_part, or use "
              "data=imagefolder");
}

MemoryDataset::MemoryDataset(ImageShape shape, std::int64_t classes,
                             std::vector<std::uint8_t> pixels, std::vector<std::int64_t> labels)
    : shape_(shape), classes_(classes), pixels_(std::move(pixels)), labels_(std::move(labels)) {
  if (shape.channels < 1 || shape.height < 1 || shape.width < 1) {
    throw Error(ErrorCode::Input,
                fmt::format("data set of images of {} x {} x {}: every size must be positive",
                            shape.height, shape.width, shape.channels));
  }
  const std::size_t bytes = image_bytes(shape);
  if (pixels_.size() % bytes != 0 || pixels_.size() / bytes != labels_.size()) {
    throw Error(
        ErrorCode::Input,
        fmt::format("data set of {} labels and {} bytes of pixels, expected {} bytes an image",
                    labels_.size(), pixels_.size(), bytes));
  }
  const auto wrong = std::find_if(labels_.begin(), labels_.end(), [&](std::int64_t label) {
    return label < 0 || label >= classes_;
  });
  if (wrong != labels_.end()) {
    throw Error(ErrorCode::Input, fmt::format("label {} of image {} is outside 0 to {}", *wrong,
                                              wrong - labels_.begin(), classes_ - 1));
  }
}

std::int64_t MemoryDataset::size() const { return static_cast<std::int64_t>(labels_.size()); }

std::int64_t MemoryDataset::label(std::int64_t index) const {
  if (index < 0 || index >= size()) {
    throw Error(ErrorCode::Internal, fmt::format("image {} of a data set of {}", index, size()));
  }
  return labels_[static_cast<std::size_t>(index)];
}

void MemoryDataset::read(std::int64_t index, std::span<std::uint8_t> out) const {
  const std::size_t bytes = image_bytes(shape_);
  if (index < 0 || index >= size() || out.size() != bytes) {
    throw Error(ErrorCode::Internal,
                fmt::format("image {} of a data set of {}, into {} bytes of {}", index, size(),
                            out.size(), bytes));
  }
  std::memcpy(out.data(), pixels_.data() + static_cast<std::size_t>(index) * bytes, bytes);
}

std::vector<std::string> dataset_names() {
  return {"fashion-mnist", "mnist", "cifar10", "cifar100", "imagefolder", "imagenet"};
}

bool holds_pictures(std::string_view name) { return name == "imagefolder" || name == "imagenet"; }

ImageFormat dataset_format(std::string_view name) {
  if (name == "fashion-mnist" || name == "mnist") return {{1, 28, 28}, 10};
  if (name == "cifar10") return {{3, 32, 32}, 10};
  if (name == "cifar100") return {{3, 32, 32}, 100};
  if (name == "imagenet") return {{3, 224, 224}, 1000};
  if (name == "imagefolder") {
    throw Error(ErrorCode::Config, "the classes of the data set 'imagefolder' are not known",
                "set data.path to its folder");
  }
  fail_unknown(name);
}

namespace {

std::string fingerprint_of(std::initializer_list<const LabelledImages*> splits) {
  Hasher hasher;
  for (const LabelledImages* images : splits) {
    hasher.add(std::as_bytes(std::span(images->pixels)));
    hasher.add(std::as_bytes(std::span(images->labels)));
  }
  return hasher.hex();
}

DataSplits load_images(const DatasetSettings& settings) {
  const fs::path path = settings.path.empty() ? fs::path(kFashionFolder) : settings.path;
  LabelledImages train = read_split(settings.name, path, Split::Train);
  LabelledImages test = read_split(settings.name, path, Split::Test);
  if (train.shape != test.shape) {
    throw Error(
        ErrorCode::Input,
        fmt::format("'{}' has training images of {} x {} but test images of {} x {}", path.string(),
                    train.shape.height, train.shape.width, test.shape.height, test.shape.width),
        "get a fresh copy of the files");
  }
  if (settings.limit > 0) keep_first(train, settings.limit);
  DataSplits splits;
  splits.origin = train.origin;
  splits.fingerprint = fingerprint_of({&train, &test});
  splits.train = in_memory(std::move(train));
  splits.test = in_memory(std::move(test));
  return splits;
}

}  // namespace

DataSplits load_dataset(const DatasetSettings& settings, Progress& progress) {
  const std::string& name = settings.name;
  const std::vector<std::string> known = dataset_names();
  if (std::find(known.begin(), known.end(), name) == known.end()) fail_unknown(name);
  if (settings.limit < 0) {
    throw Error(ErrorCode::Config,
                fmt::format("the limit of {} training images is negative", settings.limit),
                "set data.limit to 0 for all images");
  }
  if (settings.path.empty() && name != "fashion-mnist") {
    throw Error(ErrorCode::Config, fmt::format("the data set '{}' has no default folder", name),
                "set data.path to the folder of its files");
  }
  DataSplits splits =
      holds_pictures(name) ? load_image_splits(settings, progress) : load_images(settings);
  hold_out(splits, settings.validation);
  return splits;
}

DataSplits load_dataset(std::string_view name, const fs::path& path, std::int64_t limit) {
  return load_dataset({.name = std::string(name), .path = path, .limit = limit});
}

}  // namespace pollard
