// Where CIFAR lies: in which of its layouts, and in a folder or in the archive as downloaded.
//
//   folder                   layout    files
//   cifar-10-batches-bin/    binary    data_batch_1.bin ... data_batch_5.bin, test_batch.bin
//   cifar-10-batches-py/     pickles   data_batch_1 ... data_batch_5, test_batch
//   cifar-100-binary/        binary    train.bin, test.bin
//   cifar-100-python/        pickles   train, test
//   any                      pictures  train/CLASS/*.png, test/CLASS/*.png (or .jpg)
//
// The first four also within a tar file, gzipped or plain, which is read without unpacking it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/readers.h"

namespace pollard {

enum class CifarLayout { Binary, Pickles, Pictures };

/// What a layout of one of the data sets consists of.
struct CifarNames {
  CifarLayout layout = CifarLayout::Binary;
  std::string title, folder;  // "the binary version of CIFAR-10", "cifar-10-batches-bin"
  std::vector<std::string> train, test, archives;

  [[nodiscard]] const std::vector<std::string>& files(Split split) const {
    return split == Split::Train ? train : test;
  }
};

/// The layout that was found, and where.
struct CifarPlace {
  CifarNames names;
  std::filesystem::path path;  // of the folder or the archive
  bool archive = false;

  /// "the binary version of CIFAR-10 in 'PATH'"
  [[nodiscard]] std::string text() const;
};

/// Looks for the data set of 10 or 100 classes in a folder, in the folders and archives named above
/// within it, or in an archive. Throws Error{Io} or Error{Input}, saying what was expected.
[[nodiscard]] CifarPlace find_cifar(const std::filesystem::path& path, std::int64_t classes);

/// One of the files, in memory.
struct CifarFile {
  std::string origin;  // for messages
  std::vector<std::byte> bytes;
};
/// The files of a split in order, from a place with files. Throws Error naming one that is missing.
[[nodiscard]] std::vector<CifarFile> read_files(const CifarPlace& place, Split split);

}  // namespace pollard
