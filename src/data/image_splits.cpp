#include "data/image_splits.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "core/files.h"
#include "core/hash.h"
#include "data/image_cache.h"
#include "data/readers.h"
#include "data/subset.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;

// ImageNet's own test/ has no labels; elsewhere val/ is what one chooses on.
std::vector<std::string> test_names(const std::string& data) {
  if (data == "imagenet") return {"val", "test", "validation"};
  return {"test", "val", "validation"};
}

std::string test_folder(const DatasetSettings& settings) {
  for (const std::string& name : test_names(settings.name)) {
    if (has_class_folders(settings.path / name)) return name;
  }
  throw Error(
      ErrorCode::Io,
      fmt::format("cannot find class folders in '{}', nor in test/ or validation/ beside it",
                  (settings.path / "val").string()),
      "set data.path to the folder that holds train/CLASS/PICTURE.jpg and "
      "val/CLASS/PICTURE.jpg; a flat folder has to be sorted into class folders first");
}

std::vector<std::string> named_classes(const fs::path& folder) {
  for (const char* name : {"classes.txt", "synsets.txt"}) {
    std::error_code ignored;
    if (!fs::is_regular_file(folder / name, ignored)) continue;
    std::istringstream lines(read_text(folder / name));
    std::vector<std::string> classes;
    for (std::string line; std::getline(lines, line);) {
      const std::string word = line.substr(0, line.find_first_of(" \t\r,"));
      if (word.empty()) continue;
      if (std::ranges::find(classes, word) != classes.end()) {
        throw Error(ErrorCode::Input,
                    fmt::format("'{}' names the class '{}' twice", (folder / name).string(), word));
      }
      classes.push_back(word);
    }
    if (!classes.empty()) return classes;
  }
  return {};
}

// A limit takes pictures of all classes: they lie in the order of these.
std::unique_ptr<Dataset> keep_spread(std::unique_ptr<Dataset> all, std::int64_t limit) {
  if (limit == 0) return all;
  const std::int64_t size = all->size();
  check_limit(limit, size);
  std::vector<std::uint32_t> places;
  for (std::int64_t i = 0; i < limit; ++i)
    places.push_back(static_cast<std::uint32_t>(i * size / limit));
  return std::make_unique<Subset>(std::move(all), std::move(places));
}

std::unique_ptr<Dataset> open_split(const DatasetSettings& settings, ImageList list,
                                    Progress& progress) {
  const PictureSizes sizes{settings.image_size, settings.resize};
  if (settings.cache.empty() || list.images.empty())
    return std::make_unique<ImageFolder>(std::move(list), sizes);
  make_writable_folder(settings.cache);
  const std::string name = list.folder.filename().string() + ".pixels";
  return open_cached(settings.cache / name, std::move(list), sizes, progress);
}

}  // namespace

DataSplits load_image_splits(const DatasetSettings& settings, Progress& progress) {
  check_sizes({settings.image_size, settings.resize});
  const std::string test_name = test_folder(settings);
  std::vector<std::string> classes = named_classes(settings.path);
  ImageList train{settings.path / "train", classes, {}};
  std::error_code ignored;
  if (fs::exists(train.folder, ignored)) train = list_images(train.folder, classes);
  ImageList test = list_images(settings.path / test_name, train.classes);
  train.classes = test.classes;
  DataSplits splits;
  splits.origin =
      fmt::format("{} classes of pictures in '{}': {} in train/, {} in {}/", test.classes.size(),
                  settings.path.string(), train.images.size(), test.images.size(), test_name);
  splits.fingerprint = Hasher().add(fingerprint(train, false)).add(fingerprint(test, false)).hex();
  splits.train = keep_spread(open_split(settings, std::move(train), progress), settings.limit);
  splits.test = open_split(settings, std::move(test), progress);
  return splits;
}

}  // namespace pollard
