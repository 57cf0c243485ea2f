// The pictures of a folder that has one folder a class: FOLDER/CLASS/PICTURE.jpg, or deeper.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace pollard {

struct ImageList {
  struct Entry {
    std::string name;  // of the file, within the folder
    std::uint32_t label = 0;
    std::uint64_t size = 0;  // bytes
    std::int64_t changed = 0;
  };
  std::filesystem::path folder;
  std::vector<std::string> classes;  // a label is a place in it
  std::vector<Entry> images;         // by label, then by name
};

/// Files that end in .jpg, .jpeg, .png (in any case); hidden ones are left out. The classes are
/// `classes`, or where that is empty the folders, sorted by name. Throws Error{Io} for a folder
/// that cannot be read, Error{Input} for one without classes or pictures, or with a class that is
/// not in `classes`.
[[nodiscard]] ImageList list_images(const std::filesystem::path& folder,
                                    std::vector<std::string> classes = {});

/// The names of its class folders, sorted. Throws as list_images() where there are none.
[[nodiscard]] std::vector<std::string> class_names(const std::filesystem::path& folder);

/// Whether there are folders within the folder.
[[nodiscard]] bool has_class_folders(const std::filesystem::path& folder);

/// A hash of the names and sizes of all files, and of the classes; of the files' times too where
/// copies are to differ.
[[nodiscard]] std::string fingerprint(const ImageList& list, bool with_times = true);

}  // namespace pollard
