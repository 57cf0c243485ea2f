// A file of CIFAR's Python version: a pickled dictionary.
//
//   "data"                       numpy array, count x 3072 unsigned bytes: red, green, blue planes
//   "labels" or "fine_labels"    list of count whole numbers
//
// What numpy pickles of an array is a call of _reconstruct and the state
// (version, (count, 3072), dtype, Fortran order?, bytes). Nothing is called: see graph/pickle.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "graph/pickle.h"

namespace pollard {

struct CifarBatch {
  pickle::Unpickled pickled;  // what `planes` views; itself a view of the file
  std::string_view planes;    // 3072 bytes an image
  std::vector<std::int64_t> labels;
};

/// Throws Error{Input} naming `origin`. `file` must outlive the result.
[[nodiscard]] CifarBatch read_cifar_pickle(std::span<const std::byte> file, std::string_view origin,
                                           std::int64_t classes);

}  // namespace pollard
