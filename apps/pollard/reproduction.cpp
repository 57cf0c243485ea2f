#include "reproduction.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/nearest.h"
#include "core/parameter_values.h"
#include "experiment/parameters.h"
#include "experiment/sweep/grid_file.h"
#include "pollard/error.h"

namespace pollard::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPaper = "paper/2111.00843";

// Of --paper; below the working folder; of the installation.
fs::path paper_folder(const fs::path& given) {
  if (!given.empty() && !fs::is_directory(given)) {
    throw Error(ErrorCode::Usage, "'" + given.string() + "' (--paper) is no folder",
                "name the folder that holds fig1.toml and the profiles' folders");
  }
  if (!given.empty()) return given;
  for (const fs::path& folder : {fs::path(kPaper), fs::path(POLLARD_DATA_FOLDER) / kPaper}) {
    if (fs::is_directory(folder)) return folder;
  }
  throw Error(ErrorCode::Usage,
              fmt::format("there is no folder {} here, and none was installed", kPaper),
              "call it in Pollard's source folder, or name the folder with --paper");
}

std::vector<std::string> profiles_in(const fs::path& paper) {
  std::vector<std::string> profiles;
  for (const fs::directory_entry& entry : fs::directory_iterator(paper)) {
    if (entry.is_directory()) profiles.push_back(entry.path().filename());
  }
  std::ranges::sort(profiles);
  return profiles;
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

void check_profile(const Reproduction& reproduction) {
  const std::vector<std::string> profiles = profiles_in(reproduction.paper);
  if (std::ranges::count(profiles, reproduction.profile) > 0) return;
  const std::string meant = nearest(reproduction.profile, profiles);
  throw Error(ErrorCode::Usage, "there is no profile '" + reproduction.profile + "'",
              meant.empty() ? "profiles: " + joined(profiles) : "did you mean '" + meant + "'?");
}

// "all" is all of them.
std::vector<std::string> item_ids(const std::vector<std::string>& wanted, const fs::path& paper) {
  const std::vector<std::string> known = spec_ids(paper);
  if (wanted.empty()) {
    throw Error(ErrorCode::Usage, "there is nothing to reproduce on the command line",
                "name some of: " + joined(known) + "; or all");
  }
  std::vector<std::string> ids;
  for (const std::string& word : wanted) {
    if (word == "all") {
      ids.insert(ids.end(), known.begin(), known.end());
    } else if (std::ranges::count(known, word) > 0) {
      ids.push_back(word);
    } else {
      const std::string meant = nearest(word, known);
      throw Error(ErrorCode::Usage, "'" + word + "' is no figure or table of the paper",
                  meant.empty() ? "there are " + joined(known) + ", and all"
                                : "did you mean '" + meant + "'?");
    }
  }
  std::vector<std::string> once;
  for (std::string& id : ids) {
    if (std::ranges::count(once, id) == 0) once.push_back(std::move(id));
  }
  return once;
}

// Takes profile=, out= and store= out of the overrides.
void take_own(std::vector<std::string>& overrides, Reproduction& reproduction) {
  std::erase_if(overrides, [&](const std::string& word) {
    const auto [key, value] = split_override(word);
    if (key == "profile") reproduction.profile = value;
    if (key == "out") reproduction.out = value;
    if (key == "store") reproduction.store = value;
    return key == "profile" || key == "out" || key == "store";
  });
}

std::string model_of(const fs::path& file) {
  const GridFile grid = read_grid_file(file, {}, parameter_table());
  const GridSetting* model = grid.find("model");
  return model == nullptr ? std::string() : to_text(model->values.front());
}

}  // namespace

Spec Reproduction::spec(const std::string& id) const {
  return read_spec(spec_file(paper, profile, id), parameter_table().keys());
}

fs::path Reproduction::grid_file(const std::string& grid) const {
  return paper / profile / (grid + ".toml");
}

std::vector<std::string> Reproduction::grids() const {
  std::vector<std::string> found;
  for (const Spec& spec : items) {
    for (const std::string& grid : spec.grids) {
      if (fs::exists(grid_file(grid)) && std::ranges::count(found, grid) == 0)
        found.push_back(grid);
    }
  }
  return found;
}

SweepSetting Reproduction::setting_of(const std::string& grid) const {
  Arguments own = arguments;
  own.config_file = grid_file(grid);
  constexpr std::string_view kModel = "{model}";
  for (std::string& word : own.overrides) {
    const std::size_t at = word.find(kModel);
    if (at != std::string::npos) word.replace(at, kModel.size(), model_of(own.config_file));
  }
  own.overrides.push_back(fmt::format("out={}", (out / "sweeps" / grid).string()));
  own.overrides.push_back(fmt::format("store={}", store.string()));
  return read_sweep_setting(own);
}

Reproduction read_reproduction(const Arguments& arguments) {
  Reproduction reproduction{.paper = paper_folder(arguments.reproduce.paper),
                            .profile = "quick",
                            .out = {},
                            .store = {},
                            .items = {},
                            .arguments = arguments};
  take_own(reproduction.arguments.overrides, reproduction);
  check_profile(reproduction);
  if (reproduction.out.empty())
    reproduction.out = fs::path("runs") / "reproduce" / reproduction.profile;
  if (reproduction.store.empty()) reproduction.store = reproduction.out / "store";
  for (const std::string& id : item_ids(arguments.reproduce.items, reproduction.paper)) {
    reproduction.items.push_back(reproduction.spec(id));
  }
  return reproduction;
}

}  // namespace pollard::app
