#include "data/image_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/hash.h"
#include "core/nearest.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

bool is_picture(const fs::path& path) {
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return (ending == ".jpg" || ending == ".jpeg" || ending == ".png") && !is_hidden(path);
}

[[noreturn]] void fail_reading(const fs::path& folder, const std::error_code& error) {
  throw Error(ErrorCode::Io,
              fmt::format("cannot read the folder '{}': {}", folder.string(), error.message()),
              "set data.path to the folder that holds train/ and test/");
}

std::vector<std::string> folders_within(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    std::error_code ignored;
    if (entry.is_directory(ignored) && !is_hidden(entry.path()))
      names.push_back(entry.path().filename().string());
  }
  if (error) fail_reading(folder, error);
  std::ranges::sort(names);
  return names;
}

std::uint32_t label_of(const std::string& name, const std::vector<std::string>& classes,
                       const fs::path& folder) {
  const auto found = std::ranges::find(classes, name);
  if (found != classes.end()) return static_cast<std::uint32_t>(found - classes.begin());
  const std::string near = nearest(name, classes);
  throw Error(
      ErrorCode::Input,
      fmt::format("'{}' is none of the {} classes", (folder / name).string(), classes.size()),
      near.empty() ? "training and test images must have folders of the same names"
                   : fmt::format("did you mean '{}'?", near));
}

void add_pictures(ImageList& list, const std::string& name, std::uint32_t label) {
  const auto options = fs::directory_options::skip_permission_denied;
  const std::size_t first = list.images.size();
  std::error_code error;
  fs::recursive_directory_iterator at(list.folder / name, options, error);
  for (; !error && at != fs::end(at); at.increment(error)) {
    std::error_code ignored;
    if (!is_picture(at->path()) || !at->is_regular_file(ignored)) continue;
    const auto changed = at->last_write_time(ignored).time_since_epoch().count();
    list.images.push_back({at->path().lexically_relative(list.folder).string(), label,
                           at->file_size(ignored), changed});
  }
  if (error) fail_reading(list.folder / name, error);
  std::sort(list.images.begin() + static_cast<std::ptrdiff_t>(first), list.images.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
}

}  // namespace

bool has_class_folders(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_directory(folder, ignored) && !folders_within(folder).empty();
}

std::vector<std::string> class_names(const fs::path& folder) {
  std::vector<std::string> names = folders_within(folder);
  if (names.empty()) {
    throw Error(
        ErrorCode::Input, fmt::format("'{}' has no class folders", folder.string()),
        "expected FOLDER/CLASS/PICTURE.jpg; a flat folder has to be sorted into them first");
  }
  return names;
}

ImageList list_images(const fs::path& folder, std::vector<std::string> classes) {
  const std::vector<std::string> names = class_names(folder);
  ImageList list{folder, classes.empty() ? names : std::move(classes), {}};
  for (const std::string& name : names)
    add_pictures(list, name, label_of(name, list.classes, folder));
  std::ranges::stable_sort(list.images, {}, &ImageList::Entry::label);
  if (list.images.empty()) {
    throw Error(ErrorCode::Input,
                fmt::format("'{}' has {} class folders, but no picture in them", folder.string(),
                            names.size()),
                "expected files that end in .jpg, .jpeg or .png");
  }
  return list;
}

std::string fingerprint(const ImageList& list, bool with_times) {
  Hasher hasher;
  for (const std::string& name : list.classes) hasher.add(name);
  for (const ImageList::Entry& image : list.images) {
    hasher.add(image.name)
        .add(fmt::format("{} {} {}", image.label, image.size, with_times ? image.changed : 0));
  }
  return hasher.hex();
}

}  // namespace pollard
