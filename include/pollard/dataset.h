// Labelled images, as bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pollard/tensor.h"

namespace pollard {

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
};

/// `name`: "fashion-mnist" (folder of the gzipped or plain IDX files; default: where Debian's
/// package puts them), "mnist" (same format), "cifar10", "cifar100" (folder of the official binary
/// files, or the folder that holds cifar-10-batches-bin/ or cifar-100-binary/). `limit` > 0 keeps
/// the first that many training images. Throws Error{Config} for an unknown name (naming the
/// nearest), Error{Io} or Error{Input} naming the file.
[[nodiscard]] DataSplits load_dataset(std::string_view name, const std::filesystem::path& path,
                                      std::int64_t limit);
[[nodiscard]] std::vector<std::string> dataset_names();

/// What images a data set has as it is published, without reading it. Throws Error{Config} for an
/// unknown name.
struct ImageFormat {
  ImageShape shape;
  std::int64_t classes = 0;
};
[[nodiscard]] ImageFormat dataset_format(std::string_view name);

}  // namespace pollard
