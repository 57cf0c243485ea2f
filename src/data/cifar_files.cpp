#include "data/cifar_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/files.h"
#include "data/image_list.h"
#include "data/tar_reader.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 28;  // the largest there is has 155 MB

std::string title(std::int64_t classes) { return fmt::format("CIFAR-{}", classes); }

std::vector<CifarNames> layouts(std::int64_t classes) {
  std::vector<CifarNames> all = {
      {CifarLayout::Binary, "the binary version of " + title(classes), "", {}, {}, {}},
      {CifarLayout::Pickles, "the Python version of " + title(classes), "", {}, {}, {}}};
  for (CifarNames& names : all) {
    const bool binary = names.layout == CifarLayout::Binary;
    const std::string ending = binary ? ".bin" : "";
    if (classes == 100) {
      names.folder = binary ? "cifar-100-binary" : "cifar-100-python";
      names.train = {"train" + ending};
      names.test = {"test" + ending};
    } else {
      names.folder = binary ? "cifar-10-batches-bin" : "cifar-10-batches-py";
      for (int i = 1; i <= 5; ++i) names.train.push_back(fmt::format("data_batch_{}{}", i, ending));
      names.test = {"test_batch" + ending};
    }
    const std::string archive = fmt::format("cifar-{}-{}", classes, binary ? "binary" : "python");
    names.archives = {archive + ".tar.gz", archive + ".tgz", archive + ".tar"};
  }
  return all;
}

std::string expectation(const std::vector<CifarNames>& all) {
  std::string text = "set data.path to ";
  for (const CifarNames& names : all)
    text += fmt::format("the folder {}/, the file {}, ", names.folder, names.archives[0]);
  return text +
         "the folder that holds one of these, or one with train/CLASS/*.png and "
         "test/CLASS/*.png";
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool has_any(const fs::path& folder, const CifarNames& names) {
  const auto there = [&](const std::string& name) { return is_file(folder / name); };
  return std::ranges::any_of(names.train, there) || std::ranges::any_of(names.test, there);
}

// The file of the list that a member of an archive is: "./cifar-10-batches-py/data_batch_1".
std::optional<std::size_t> place_in(const std::vector<std::string>& files, const CifarNames& names,
                                    std::string_view member) {
  if (member.starts_with("./")) member.remove_prefix(2);
  const fs::path path(member);
  if (path.has_parent_path() && path.parent_path().filename() != names.folder) return {};
  const auto found = std::ranges::find(files, path.filename().string());
  if (found == files.end()) return {};
  return static_cast<std::size_t>(found - files.begin());
}

CifarPlace look_into_archive(const fs::path& path, std::int64_t classes) {
  const std::vector<CifarNames> all = layouts(classes);
  TarReader archive(path);
  while (const auto member = archive.next()) {
    for (const CifarNames& names : all) {
      if (place_in(names.train, names, member->name) || place_in(names.test, names, member->name))
        return {names, path, true};
    }
  }
  throw Error(ErrorCode::Input,
              fmt::format("'{}' is an archive without the files of {}: expected members such as "
                          "{}/{} or {}/{}",
                          path.string(), title(classes), all[0].folder, all[0].train[0],
                          all[1].folder, all[1].train[0]),
              expectation(all));
}

std::vector<CifarFile> read_from_archive(const CifarPlace& place, Split split) {
  const std::vector<std::string>& wanted = place.names.files(split);
  std::vector<CifarFile> files(wanted.size());
  std::size_t found = 0;
  TarReader archive(place.path);
  while (found < wanted.size()) {
    const auto member = archive.next();
    if (!member) break;
    const auto index = place_in(wanted, place.names, member->name);
    if (!index || !files[*index].origin.empty()) continue;
    files[*index] = {fmt::format("{}: {}", place.path.string(), member->name),
                     archive.read(kLargestFile)};
    ++found;
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!files[i].origin.empty()) continue;
    throw Error(
        ErrorCode::Input,
        fmt::format("'{}' has no member {}/{}", place.path.string(), place.names.folder, wanted[i]),
        "get a fresh copy of the file");
  }
  return files;
}

}  // namespace

std::string CifarPlace::text() const {
  return fmt::format("{} in '{}'", names.title, path.string());
}

CifarPlace find_cifar(const fs::path& path, std::int64_t classes) {
  if (is_file(path)) return look_into_archive(path, classes);
  const std::vector<CifarNames> all = layouts(classes);
  for (const CifarNames& names : all) {
    for (const fs::path& folder : {path / names.folder, path}) {
      if (has_any(folder, names)) return {names, folder, false};
    }
  }
  for (const CifarNames& names : all) {
    for (const std::string& archive : names.archives) {
      if (is_file(path / archive)) return look_into_archive(path / archive, classes);
    }
  }
  if (has_class_folders(path / "train") || has_class_folders(path / "test")) {
    const CifarNames names{
        CifarLayout::Pictures, fmt::format("{} as pictures", title(classes)), "", {}, {}, {}};
    return {names, path, false};
  }
  throw Error(ErrorCode::Io,
              fmt::format("cannot find '{}', nor {} in another form",
                          (path / all[0].train[0]).string(), title(classes)),
              expectation(all));
}

std::vector<CifarFile> read_files(const CifarPlace& place, Split split) {
  if (place.archive) return read_from_archive(place, split);
  std::vector<CifarFile> files;
  for (const std::string& name : place.names.files(split)) {
    const fs::path path = place.path / name;
    if (!is_file(path)) {
      throw Error(ErrorCode::Io, fmt::format("cannot find '{}'", path.string()),
                  fmt::format("get {} anew and set data.path to its folder {}/", place.names.title,
                              place.names.folder));
    }
    files.push_back({path.string(), read_bytes(path)});
  }
  return files;
}

}  // namespace pollard
