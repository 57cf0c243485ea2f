// A Progress that remembers what it was told.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pollard/progress.h"

namespace pollard::test {

struct RecordingProgress final : Progress {
  std::vector<std::string> notes, warnings;
  std::string label;
  std::int64_t total = -1, first = -1;
  std::vector<std::int64_t> advances;
  int begun = 0, ended = 0;

  void note(std::string_view message) override { notes.emplace_back(message); }
  void warn(std::string_view message) override { warnings.emplace_back(message); }
  void begin(std::string_view name, std::int64_t of, std::int64_t done) override {
    if (begun++ > 0) return;  // the first bar only
    label = name;
    total = of;
    first = done;
  }
  void advance(std::int64_t done, std::string_view) override { advances.push_back(done); }
  void end(std::string_view) override { ++ended; }
};

}  // namespace pollard::test
