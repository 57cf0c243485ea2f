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
    check_exclusions();
    check_effects();
    return std::move(points_);
  }

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

  void check_exclusions() const {
    for (std::size_t e = 0; e < excluded_.size(); ++e) {
      const GridExclusion& exclusion = file_.exclusions[e];
      // The command line may well have taken away what was to be left out.
      const bool narrowed =
          std::ranges::any_of(exclusion.settings, [&](const GridSetting& setting) {
            const GridSetting* given = file_.find(setting.parameter->key);
            return given != nullptr && given->from_command;
          });
      if (excluded_[e] || narrowed) continue;
      throw Error(ErrorCode::Config, exclusion.place + ": 'sweep.exclude' matches no point",
                  "a point must have one of the values of every key in the table");
    }
    if (!points_.empty()) return;
    throw Error(ErrorCode::Config, origin_ + ": 'sweep.exclude' leaves no point",
                "take one of its tables out");
  }

  void check_effects() const {
    for (const GridSetting& setting : file_.settings) {
      const std::string& key = setting.parameter->key;
      if (std::ranges::any_of(points_, [&](const Config& point) { return point.given(key); }))
        continue;
      throw Error(ErrorCode::Config,
                  fmt::format("{}: '{}' has no effect on any point", setting.place, key),
                  "it counts with " + condition_text(*setting.parameter->only_with));
    }
  }

  const GridFile& file_;
  std::string origin_;
  Config common_;
  std::vector<bool> excluded_;
  std::vector<Config> points_;
  std::set<std::string> seen_;
};

}  // namespace

Grid read_grid(const std::filesystem::path& path, std::span<const std::string> overrides,
               const ParameterTable& table) {
  const GridFile file = read_grid_file(path, overrides, table);
  Grid grid{.name = file.name, .axes = {}, .points = {}};
  for (const Dimension& dimension : dimensions_of(file)) {
    for (const GridSetting* axis : dimension.axes) grid.axes.push_back(axis->parameter->key);
  }
  grid.points = Expansion(file, path.empty() ? "command line" : path.string(), table).points();
  return grid;
}

}  // namespace pollard
