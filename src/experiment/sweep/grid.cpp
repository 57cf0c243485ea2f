// The points are counted like an odometer: each dimension is an axis, or several that go together,
// and the last turns fastest.
#include "experiment/sweep/grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/parameter_values.h"
#include "experiment/sweep/grid_file.h"
#include "pollard/error.h"

namespace pollard {
namespace {

using Axes = std::vector<const GridSetting*>;

struct Dimension {
  Axes axes;
  std::size_t length = 0;
  std::size_t at = 0;
};

std::vector<Dimension> dimensions_of(const GridFile& file) {
  std::vector<Dimension> dimensions;
  std::vector<std::string> done;
  for (const GridSetting& setting : file.settings) {
    if (!setting.axis || std::ranges::count(done, setting.parameter->key) > 0) continue;
    std::vector<std::string> keys = {setting.parameter->key};
    for (const GridZip& zip : file.zips) {
      if (std::ranges::count(zip.keys, setting.parameter->key) > 0) keys = zip.keys;
    }
    Dimension dimension{.axes = {}, .length = setting.values.size()};
    for (const std::string& key : keys) dimension.axes.push_back(file.find(key));
    dimensions.push_back(std::move(dimension));
    done.insert(done.end(), keys.begin(), keys.end());
  }
  return dimensions;
}

void check_count(const std::vector<Dimension>& dimensions, const std::string& origin) {
  std::size_t count = 1;
  std::string lengths;
  for (const Dimension& dimension : dimensions) {
    count = std::min(count * dimension.length, kMostPoints + 1);  // no overflow
    lengths += fmt::format("{}{} of {}", lengths.empty() ? "" : ", ", dimension.length,
                           dimension.axes.front()->parameter->key);
  }
  if (count <= kMostPoints) return;
  throw Error(ErrorCode::Config,
              fmt::format("{}: more than {} points: {}", origin, kMostPoints, lengths),
              "give fewer values, let axes go together with 'sweep.zip', or make several sweeps");
}

bool advance(std::vector<Dimension>& dimensions) {
  for (std::size_t d = dimensions.size(); d-- > 0;) {
    if (++dimensions[d].at < dimensions[d].length) return true;
    dimensions[d].at = 0;
  }
  return false;
}

bool matches(const GridExclusion& exclusion, const Config& point) {
  return std::ranges::all_of(exclusion.settings, [&](const GridSetting& setting) {
    return std::ranges::count(setting.values, point.value(setting.parameter->key)) > 0;
  });
}

// Only what counts stays given.
Config without_idle(const Config& given, const GridFile& file) {
  Config point(given.table());
  for (const GridSetting& setting : file.settings) {
    const Parameter& parameter = *setting.parameter;
    if (given.effective(parameter)) point.set(parameter, given.value(parameter.key), setting.place);
  }
  point.check_effective();
  return point;
}

class Expansion {
 public:
  Expansion(const GridFile& file, std::string origin, const ParameterTable& table)
      : file_(file), origin_(std::move(origin)), common_(table), excluded_(file.exclusions.size()) {
    for (const GridSetting& setting : file.settings) {
      if (!setting.axis) common_.set(*setting.parameter, setting.values.front(), setting.place);
    }
  }

  /// Those of a file without variants, or of one with one of its variants in it.
  std::vector<Config> points() {
    std::vector<Dimension> dimensions = dimensions_of(file_);
    check_count(dimensions, origin_);
    do {
      Config given = common_;
      for (const Dimension& dimension : dimensions) {
        for (const GridSetting* axis : dimension.axes)
          given.set(*axis->parameter, axis->values[dimension.at], axis->place);
      }
      if (is_excluded(given)) continue;
      points_.push_back(without_idle(given, file_));
      check_new(points_.back());
    } while (advance(dimensions));
    return points_;
  }

  [[nodiscard]] const std::vector<bool>& excluded() const { return excluded_; }

 private:
  // Each exclusion is asked: two may match the same point.
  bool is_excluded(const Config& given) {
    bool any = false;
    for (std::size_t e = 0; e < excluded_.size(); ++e) {
      if (!matches(file_.exclusions[e], given)) continue;
      excluded_[e] = any = true;
    }
    return any;
  }

  void check_new(const Config& point) {
    std::string values, idle;
    for (const GridSetting& setting : file_.settings) {
      if (!setting.axis) continue;
      const std::string& key = setting.parameter->key;
      if (point.given(key)) {
        values += fmt::format("{}{}={}", values.empty() ? "" : " ", key, to_text(point.value(key)));
      } else if (idle.empty()) {
        idle = key;
      }
    }
    if (seen_.insert(values).second) return;
    throw Error(ErrorCode::Config,
                fmt::format("{}: two points are the same: {}", place_of_repetition(), values),
                idle.empty()
                    ? "give each value once"
                    : "'" + idle +
                          "' has no effect there: leave out all but one of its values with "
                          "[[sweep.exclude]]");
  }

  // The axis that has a value twice, if that is why.
  [[nodiscard]] std::string place_of_repetition() const {
    for (const GridSetting& setting : file_.settings) {
      for (const Value& value : setting.values) {
        if (std::ranges::count(setting.values, value) > 1) return setting.place;
      }
    }
    return origin_;
  }

  const GridFile& file_;
  std::string origin_;
  Config common_;
  std::vector<bool> excluded_;
  std::vector<Config> points_;
  std::set<std::string> seen_;
};

// `used`: which exclusions matched a point.
void check_exclusions(const GridFile& file, const std::vector<bool>& used, const Grid& grid,
                      const std::string& origin) {
  for (std::size_t e = 0; e < used.size(); ++e) {
    const GridExclusion& exclusion = file.exclusions[e];
    // The command line may well have taken away what was to be left out.
    const bool narrowed = std::ranges::any_of(exclusion.settings, [&](const GridSetting& setting) {
      const GridSetting* given = file.find(setting.parameter->key);
      return given != nullptr && given->from_command;
    });
    if (used[e] || narrowed) continue;
    throw Error(ErrorCode::Config, exclusion.place + ": 'sweep.exclude' matches no point",
                "a point must have one of the values of every key in the table");
  }
  if (!grid.points.empty()) return;
  throw Error(ErrorCode::Config, origin + ": 'sweep.exclude' leaves no point",
              "take one of its tables out");
}

void check_effects(std::span<const GridSetting> settings, std::span<const Config> points) {
  for (const GridSetting& setting : settings) {
    const std::string& key = setting.parameter->key;
    if (std::ranges::any_of(points, [&](const Config& point) { return point.given(key); }))
      continue;
    throw Error(ErrorCode::Config,
                fmt::format("{}: '{}' has no effect on any point", setting.place, key),
                "it counts with " + condition_text(*setting.parameter->only_with));
  }
}

class GridMaker {
 public:
  GridMaker(const GridFile& file, std::string origin, const ParameterTable& table)
      : file_(file), origin_(std::move(origin)), table_(table), used_(file.exclusions.size()) {
    grid_.name = file.name;
  }

  Grid make() {
    if (!file_.variants.empty()) grid_.axes.emplace_back(kVariantKey);
    if (file_.variants.empty()) add(file_, "");
    for (const GridVariant& variant : file_.variants) {
      const std::size_t before = grid_.points.size();
      add(with_variant(file_, variant), variant.name);
      if (grid_.points.size() == before) {
        throw Error(
            ErrorCode::Config,
            fmt::format("{}: 'sweep.exclude' leaves no point of '{}'", variant.place, variant.name),
            "take the variant out, or one of the exclusions");
      }
      check_effects(variant.settings, std::span(grid_.points).subspan(before));
    }
    check_exclusions(file_, used_, grid_, origin_);
    check_effects(file_.settings, grid_.points);
    return std::move(grid_);
  }

 private:
  void add(const GridFile& file, const std::string& variant) {
    for (const Dimension& dimension : dimensions_of(file)) {
      for (const GridSetting* axis : dimension.axes) {
        if (std::ranges::count(grid_.axes, axis->parameter->key) == 0)
          grid_.axes.push_back(axis->parameter->key);
      }
    }
    Expansion expansion(file, origin_, table_);
    for (Config& point : expansion.points()) {
      grid_.points.push_back(std::move(point));
      if (!variant.empty()) grid_.variants.push_back(variant);
    }
    for (std::size_t e = 0; e < used_.size(); ++e) used_[e] = used_[e] || expansion.excluded()[e];
  }

  const GridFile& file_;
  std::string origin_;
  const ParameterTable& table_;
  std::vector<bool> used_;
  Grid grid_;
};

}  // namespace

Grid read_grid(const std::filesystem::path& path, std::span<const std::string> overrides,
               const ParameterTable& table) {
  const GridFile file = read_grid_file(path, overrides, table);
  return GridMaker(file, path.empty() ? "command line" : path.string(), table).make();
}

}  // namespace pollard
