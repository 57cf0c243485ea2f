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
};

enum class Split { Train, Test };

/// MNIST's format: a file of images and one of labels, gzipped or plain, with 10 classes.
/// `missing_hint` is what to do where a file is not there.
[[nodiscard]] LabelledImages read_idx(const std::filesystem::path& folder, Split split,
                                      const std::string& missing_hint);

/// The binary version of CIFAR-10 or CIFAR-100 (`classes` says which), from the folder of its files
/// or the folder that holds that one.
[[nodiscard]] LabelledImages read_cifar(const std::filesystem::path& folder, Split split,
                                        std::int64_t classes);

}  // namespace pollard
