#include "experiment/sweep/grid_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <set>

#include "core/files.h"
#include "core/nearest.h"
#include "core/parameter_values.h"
#include "core/toml_settings.h"
#include "experiment/sweep/grid.h"
#include "pollard/error.h"

namespace pollard {
namespace {

constexpr std::string_view kSweep = "sweep";
constexpr std::string_view kCommand = "command line";

[[noreturn]] void refuse(const std::string& place, const std::string& what,
                         const std::string& hint) {
  throw Error(ErrorCode::Config, place + ": " + what, hint);
}

bool is_name_letter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
}

// It becomes the name of a folder.
std::string checked_name(const std::string& name, const std::string& place) {
  if (name.empty() || name.size() > 100 || name.front() == '.' ||
      !std::ranges::all_of(name, is_name_letter)) {
    refuse(place, fmt::format("'sweep.name' is '{}'", name),
           "a sweep's name has letters, digits, '.', '_' and '-', and begins with no dot");
  }
  return name;
}

std::string name_of_file(const std::filesystem::path& path) {
  std::string name = path.stem().string();
  std::ranges::replace_if(
      name, [](char c) { return !is_name_letter(c); }, '-');
  name = name.substr(0, 100);
  return name.empty() || name.front() == '.' ? "sweep" : name;
}

GridSetting seeds_setting(std::optional<std::int64_t> count, const std::string& shown,
                          const ParameterTable& table, const std::string& place) {
  if (!count || *count < 1 || *count > static_cast<std::int64_t>(kMostPoints)) {
    refuse(
        place,
        fmt::format("'sweep.seeds' is {}, expected a whole number in [1, {}]", shown, kMostPoints),
        "it says how many: seeds = 3 is short for seed = [1, 2, 3]");
  }
  GridSetting setting{.parameter = &table.known("seed", place), .axis = true, .place = place};
  for (std::int64_t seed = 1; seed <= *count; ++seed) setting.values.emplace_back(seed);
  return setting;
}

void check_zipped(const GridFile& file, const GridZip& zip, const std::string& key) {
  const GridSetting* setting = file.find(key);
  if (setting == nullptr || !setting->axis) {
    refuse(zip.place, fmt::format("'{}' in 'sweep.zip' has no list of values", key),
           "only axes can go together");
  }
  const GridSetting* first = file.find(zip.keys.front());
  if (first->values.size() == setting->values.size()) return;
  refuse(zip.place,
         fmt::format("'{}' has {} values and '{}' has {}, but they go together", zip.keys.front(),
                     first->values.size(), key, setting->values.size()),
         "give both equally many values, or take them out of 'sweep.zip'");
}

void check_zips(GridFile& file) {
  std::set<std::string> seen;
  for (GridZip& zip : file.zips) {
    // What the command line holds fixed goes with nothing any more.
    std::erase_if(zip.keys, [&](const std::string& key) {
      const GridSetting* setting = file.find(key);
      return setting != nullptr && setting->from_command && !setting->axis;
    });
    for (const std::string& key : zip.keys) {
      if (!seen.insert(key).second)
        refuse(zip.place, fmt::format("'{}' stands in 'sweep.zip' twice", key), "name it once");
      check_zipped(file, zip, key);
    }
  }
}

// In the place of the one of the same parameter, if there is one.
void put(std::vector<GridSetting>& settings, GridSetting setting) {
  const auto found = std::ranges::find(settings, setting.parameter, &GridSetting::parameter);
  if (found == settings.end()) {
    settings.push_back(std::move(setting));
  } else {
    *found = std::move(setting);
  }
}

class Reader {
 public:
  explicit Reader(const ParameterTable& table) : table_(table) {}

  GridFile read(const std::filesystem::path& path, std::span<const std::string> overrides) {
    origin_ = path.string();
    file_.name = name_of_file(path);
    if (!path.empty()) read_document(parse_toml(read_text(path), origin_));
    for (const std::string& override_text : overrides) apply(override_text);
    if (file_.variants.empty()) check_zips(file_);  // else each by itself
    return std::move(file_);
  }

 private:
  void read_document(const toml::table& document) {
    file_.settings = read_settings(
        document, [](std::string_view key) { return key == kSweep || key.starts_with("sweep."); });
    const toml::node* sweep = document.get(kSweep);
    if (sweep != nullptr) read_sweep(*sweep);
  }

  // In the order of lines: TOML's tables are sorted by key.
  template <typename Skip>
  std::vector<GridSetting> read_settings(const toml::table& table, const Skip& skip) const {
    std::vector<std::pair<std::pair<toml::source_index, toml::source_index>, GridSetting>> found;
    visit_settings(table, [&](const std::string& key, const toml::node& node) {
      if (skip(key)) return;
      const Parameter& parameter = table_.known(key, place_of(node, origin_));
      const toml::source_position at = node.source().begin;
      found.emplace_back(std::pair(at.line, at.column), read_setting(parameter, node, origin_));
    });
    std::ranges::stable_sort(found, {}, [](const auto& setting) { return setting.first; });
    std::vector<GridSetting> settings;
    for (auto& [position, setting] : found) settings.push_back(std::move(setting));
    return settings;
  }

  void read_sweep(const toml::node& node) {
    if (!node.is_table()) {
      refuse(place_of(node, origin_), "'sweep' is no table",
             "write [sweep], and below it name = \"...\", seeds = 3, zip = [[...]]");
    }
    for (const auto& [name, value] : *node.as_table()) {
      const std::string key(name.str()), place = place_of(value, origin_);
      if (key == "name") {
        if (!value.is_string())
          refuse(place, "'sweep.name' is " + toml_text(value) + ", no text",
                 "write name = \"...\"");
        file_.name = checked_name(value.as_string()->get(), place);
      } else if (key == "seeds") {
        if (const GridSetting* seed = file_.find("seed")) {
          refuse(place, "'sweep.seeds' is given beside 'seed' (" + seed->place + ")",
                 "leave one of them out: seeds = 3 is short for seed = [1, 2, 3]");
        }
        file_.settings.push_back(
            seeds_setting(value.value_exact<std::int64_t>(), toml_text(value), table_, place));
      } else if (key == "zip") {
        read_zips(value);
      } else if (key == "exclude") {
        read_exclusions(value);
      } else if (key == "variant") {
        read_variants(value);
      } else {
        unknown(key, place);
      }
    }
  }

  [[noreturn]] void unknown(const std::string& key, const std::string& place) const {
    const std::string meant =
        nearest(key, std::vector<std::string>{"name", "seeds", "zip", "exclude", "variant"});
    refuse(place, fmt::format("unknown key 'sweep.{}'", key),
           meant.empty() ? "[sweep] holds name, seeds, zip, exclude and variant"
                         : "did you mean 'sweep." + meant + "'?");
  }

  void read_zips(const toml::node& node) {
    const std::string hint = "write zip = [[\"train.lr\", \"train.batch_size\"]]";
    const toml::array* groups = node.as_array();
    if (groups == nullptr) refuse(place_of(node, origin_), "'sweep.zip' is no list", hint);
    for (const toml::node& group : *groups) {
      GridZip zip{.keys = {}, .place = place_of(group, origin_)};
      const toml::array* keys = group.as_array();
      if (keys == nullptr || keys->size() < 2)
        refuse(zip.place, "'sweep.zip' is no list of lists of two keys or more", hint);
      for (const toml::node& key : *keys) {
        const auto text = key.value_exact<std::string>();
        if (!text) refuse(zip.place, "'sweep.zip' holds " + toml_text(key) + ", no key", hint);
        zip.keys.push_back(table_.known(*text, place_of(key, origin_)).key);
      }
      file_.zips.push_back(std::move(zip));
    }
  }

  void read_exclusions(const toml::node& node) {
    const std::string hint = "write [[sweep.exclude]], and below it key = value or key = [values]";
    const toml::array* tables = node.as_array();
    if (tables == nullptr)
      refuse(place_of(node, origin_), "'sweep.exclude' is no list of tables", hint);
    for (const toml::node& table : *tables) {
      GridExclusion exclusion{.settings = {}, .place = place_of(table, origin_)};
      if (!table.is_table() || table.as_table()->empty())
        refuse(exclusion.place, "'sweep.exclude' is no table of keys", hint);
      visit_settings(*table.as_table(), [&](const std::string& key, const toml::node& value) {
        const Parameter& parameter = table_.known(key, place_of(value, origin_));
        exclusion.settings.push_back(read_setting(parameter, value, origin_));
      });
      file_.exclusions.push_back(std::move(exclusion));
    }
  }

  void read_variants(const toml::node& node) {
    const std::string hint =
        "write [[sweep.variant]], and below it name = \"...\" and the settings it differs in";
    const toml::array* tables = node.as_array();
    if (tables == nullptr)
      refuse(place_of(node, origin_), "'sweep.variant' is no list of tables", hint);
    for (const toml::node& table : *tables) {
      const std::string place = place_of(table, origin_);
      if (!table.is_table()) refuse(place, "'sweep.variant' is no table", hint);
      const auto name = (*table.as_table())["name"].value_exact<std::string>();
      if (!name || name->empty()) refuse(place, "a 'sweep.variant' has no name", hint);
      if (std::ranges::count(file_.variants, *name, &GridVariant::name) > 0)
        refuse(place, fmt::format("two variants are called '{}'", *name), "give each its own name");
      file_.variants.push_back(
          {*name,
           read_settings(*table.as_table(), [](std::string_view key) { return key == "name"; }),
           place});
    }
  }

  void apply(std::string_view override_text) {
    const auto [key, text] = split_override(override_text);
    if (key == "sweep.name") {
      file_.name = checked_name(std::string(text), std::string(kCommand));
    } else if (key == "sweep.seeds") {
      const auto count = parse_value(text, std::int64_t{0});
      override_with(
          seeds_setting(count ? std::optional(std::get<std::int64_t>(*count)) : std::nullopt,
                        std::string(text), table_, std::string(kCommand)));
    } else if (key.starts_with("sweep.")) {
      refuse(std::string(kCommand), fmt::format("'{}' cannot be given here", key),
             "sweep.name and sweep.seeds can; the rest of [sweep] stands in the file");
    } else {
      override_with(parse_setting(table_.known(key, kCommand), text));
    }
  }

  void override_with(GridSetting setting) {
    setting.from_command = true;
    put(file_.settings, std::move(setting));
  }

  const ParameterTable& table_;
  std::string origin_;
  GridFile file_;
};

}  // namespace

const GridSetting* GridFile::find(std::string_view key) const {
  const auto found = std::ranges::find_if(
      settings, [&](const GridSetting& setting) { return setting.parameter->key == key; });
  return found == settings.end() ? nullptr : &*found;
}

GridFile with_variant(const GridFile& file, const GridVariant& variant) {
  GridFile whole = file;
  whole.variants.clear();
  for (const GridSetting& setting : variant.settings) {
    const GridSetting* common = file.find(setting.parameter->key);
    if (common == nullptr || !common->from_command) put(whole.settings, setting);
  }
  check_zips(whole);
  return whole;
}

GridFile read_grid_file(const std::filesystem::path& path, std::span<const std::string> overrides,
                        const ParameterTable& table) {
  return Reader(table).read(path, overrides);
}

}  // namespace pollard
