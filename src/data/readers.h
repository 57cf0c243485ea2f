// The readers of the data set formats; load_dataset() picks one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "pollard/tensor.h"

namespace pollard {

/// One split as read: pixels are count x H x W x C.
struct LabelledImages {
  ImageShape shape;
  std::int64_t classes = 0;
  std::vector<std::uint8_t> pixels;
  std::vector<std::int64_t> labels;
  std::string origin;  // what was found, and where
};

/// Throws Error{Config} unless there are so many training images.
void check_limit(std::int64_t limit, std::int64_t size);

enum class Split { Train, Test };

/// MNIST's format: a file of images and one of labels, gzipped or plain, with 10 classes.
/// `missing_hint` is what to do where a file is not there.
[[nodiscard]] LabelledImages read_idx(const std::filesystem::path& folder, Split split,
                                      const std::string& missing_hint);

/// CIFAR-10 or CIFAR-100 (`classes` says which) in any layout of cifar_files.h: from the folder of
/// its files, one that holds it, or an archive.
[[nodiscard]] LabelledImages read_cifar(const std::filesystem::path& path, Split split,
                                        std::int64_t classes);

}  // namespace pollard
