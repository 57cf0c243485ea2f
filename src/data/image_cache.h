// The pictures of a folder, decoded and resized once, in a file that is mapped into memory.
//
//   0    "PLRDPIX\n"
//   8    u32 version, u32 pixels of the shorter side, u64 images, u64 where the index begins
//   32   key: hash of the folder's fingerprint and of what the pixels depend on (32 hex digits)
//   64   hash of bytes 0 to 63 and of the index (32 hex digits)
//   96   pixels: height x width x 3 bytes an image, one after another
//        index: an image u64 where, u32 width, u32 height (0: unusable), u64 hash of its pixels;
//        then the reasons of the unusable ones, a line each
//
// Numbers are little-endian. The test view of a cached picture is the same to the last bit; a
// random part of it is taken from the resized picture, which has fewer pixels than the file.
#pragma once

#include <filesystem>
#include <memory>

#include "data/image_folder.h"
#include "pollard/progress.h"

namespace pollard {

/// The data set of `list` through the file `path`, which is made first where it is not there, not
/// of this list and these sizes, or damaged; progress.note() tells why. Throws Error{Io} where it
/// cannot be written.
[[nodiscard]] std::unique_ptr<Dataset> open_cached(const std::filesystem::path& path,
                                                   ImageList list, const PictureSizes& sizes,
                                                   Progress& progress);

}  // namespace pollard
