// A folder of pictures as a data set: train/CLASS/PICTURE.jpg, and test/ or val/ likewise.
//
// A file classes.txt or synsets.txt beside them, a class folder's name first on each line, gives
// the classes and their order; else they are train's folders sorted by name.
#pragma once

#include "data/image_folder.h"
#include "pollard/dataset.h"

namespace pollard {

/// What load_dataset() does for "imagefolder" and "imagenet". Without a folder train/ the training
/// split is empty. Throws Error{Io} or Error{Input} naming the folder and what was expected.
[[nodiscard]] DataSplits load_image_splits(const DatasetSettings& settings, Progress& progress);

}  // namespace pollard
