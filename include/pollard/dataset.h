// Labelled images, as bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pollard/error.h"
#include "pollard/progress.h"
#include "pollard/random.h"
#include "pollard/tensor.h"

namespace pollard {

/// What read() throws for an image that is damaged: batches leave it out and training goes on.
class UnusableImage : public Error {
 public:
  using Error::Error;
};

/// Images of one size with one label each. Reading is thread-safe.
class Dataset {
 public:
  virtual ~Dataset() = default;
  [[nodiscard]] virtual std::int64_t size() const = 0;
  [[nodiscard]] virtual std::int64_t classes() const = 0;
  [[nodiscard]] virtual ImageShape image_shape() const = 0;
  [[nodiscard]] virtual std::int64_t label(std::int64_t index) const = 0;
  /// The pixels of image `index`, height x width x channels (channels innermost), into `out`.
  virtual void read(std::int64_t index, std::span<std::uint8_t> out) const = 0;
  /// The same of a part of the picture that `chance` chooses, with `smallest` of its area at least
  /// (Augmentation::smallest_part). Throws Error{Config} where images have no more pixels than
  /// read() gives.
  virtual void read_part(std::int64_t index, double smallest, RandomStream chance,
                         std::span<std::uint8_t> out) const;
  /// The images that were found unusable so far, each with the reason, in order.
  [[nodiscard]] virtual std::vector<std::string> problems() const { return {}; }
};

/// A data set wholly in memory; pixels are size x H x W x C.
class MemoryDataset final : public Dataset {
 public:
  /// Throws Error{Input} if sizes disagree or a label is not in [0, classes).
  MemoryDataset(ImageShape shape, std::int64_t classes, std::vector<std::uint8_t> pixels,
                std::vector<std::int64_t> labels);
  [[nodiscard]] std::int64_t size() const override;
  [[nodiscard]] std::int64_t classes() const override { return classes_; }
  [[nodiscard]] ImageShape image_shape() const override { return shape_; }
  [[nodiscard]] std::int64_t label(std::int64_t index) const override;
  void read(std::int64_t index, std::span<std::uint8_t> out) const override;

 private:
  ImageShape shape_;
  std::int64_t classes_;
  std::vector<std::uint8_t> pixels_;
  std::vector<std::int64_t> labels_;
};

struct DataSplits {
  std::unique_ptr<Dataset> train, test;
  std::unique_ptr<Dataset> validation;  // held out from train; null where none was asked for
  std::string origin;                   // what was found, and where
  // A hash of the images that a limit left: of their pixels and labels, for pictures of the names,
  // sizes and classes of the files. The same wherever the files lie.
  std::string fingerprint;
};

struct DatasetSettings {
  std::string name;
  std::filesystem::path path;
  std::int64_t limit = 0;  // > 0: so many training images only
  double validation = 0;   // training images held out: a number, or a part below 1
  // Of "imagefolder" and "imagenet": pixels a side, pixels of the shorter side before the middle is
  // cut out, and a folder for the decoded pictures (empty: they are decoded whenever asked for).
  std::int64_t image_size = 224, resize = 256;
  std::filesystem::path cache = {};
};

/// `name`: "fashion-mnist" (folder of the gzipped or plain IDX files; default: where Debian's
/// package puts them), "mnist" (same format), "cifar10", "cifar100" (the official files, binary or
/// Python's, their folder or the .tar.gz, or pictures in train/CLASS/ and test/CLASS/),
/// "imagefolder", "imagenet" (JPEG and PNG files in train/CLASS/ and test/CLASS/ or val/CLASS/, of
/// any size, decoded when they are asked for). A limit keeps the first images, of class folders as
/// many of each class as it can. Throws Error{Config} for an unknown name (naming the nearest),
/// Error{Io} or Error{Input} naming the file.
[[nodiscard]] DataSplits load_dataset(const DatasetSettings& settings,
                                      Progress& progress = silent_progress());
[[nodiscard]] DataSplits load_dataset(std::string_view name, const std::filesystem::path& path,
                                      std::int64_t limit);
[[nodiscard]] std::vector<std::string> dataset_names();
/// Whether the data set is one of picture files of any size: "imagefolder" and "imagenet".
[[nodiscard]] bool holds_pictures(std::string_view name);

/// What images a data set has as it is published, without reading it. Throws Error{Config} for an
/// unknown name and for "imagefolder".
struct ImageFormat {
  ImageShape shape;
  std::int64_t classes = 0;
};
[[nodiscard]] ImageFormat dataset_format(std::string_view name);

}  // namespace pollard
