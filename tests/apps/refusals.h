// Commands that must be refused, each with one line that names the culprit.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "apps/small_run.h"

namespace pollard::test {

struct Refusal {
  Words words;
  Words named;  // parts of the message
};

inline Words lines_of(const std::string& text) {
  Words lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

inline void expect_refused(const Outcome& outcome, const Words& named) {
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.out, "");
  Words lines = lines_of(outcome.err);
  std::erase_if(lines, [](const std::string& line) { return line.starts_with("warning: "); });
  ASSERT_EQ(lines.size(), 1u) << outcome.err;
  EXPECT_TRUE(lines[0].starts_with("pollard: error: ")) << lines[0];
  for (const std::string& part : named) EXPECT_THAT(lines[0], ::testing::HasSubstr(part));
  // A hostile file must not reach the terminal with codes of its own.
  EXPECT_TRUE(std::ranges::none_of(lines[0], [](unsigned char c) { return c < 0x20 || c == 0x7F; }))
      << lines[0];
}

/// Runs all of them in `folder`, some at a time, and expects that nothing there changes.
inline void expect_all_refused(const std::filesystem::path& folder,
                               const std::vector<Refusal>& refusals) {
  const auto before = snapshot(folder);
  constexpr std::size_t at_once = 2;
  std::vector<std::unique_ptr<Command>> commands;
  for (std::size_t i = 0; i < refusals.size() + at_once; ++i) {
    if (i < refusals.size())
      commands.push_back(std::make_unique<Command>(refusals[i].words, Options{.folder = folder}));
    if (i < at_once) continue;
    const Refusal& refusal = refusals[i - at_once];
    SCOPED_TRACE(::testing::PrintToString(refusal.words));
    expect_refused(commands[i - at_once]->wait(), refusal.named);
  }
  EXPECT_THAT(changes(before, snapshot(folder)), ::testing::IsEmpty());
}

}  // namespace pollard::test
