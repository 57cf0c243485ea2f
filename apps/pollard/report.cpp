// `pollard report FOLDER`: the table and report.html from what a run has written; of a sweep or a
// store, the page of all its configurations.
#include <fmt/format.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "core/files.h"
#include "many_runs.h"
#include "pollard/error.h"
#include "report/html.h"
#include "report/page/page.h"
#include "report/table.h"
#include "run_report.h"
#include "verbs.h"

namespace pollard::app {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json parse(const std::string& text, const fs::path& path) {
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded())
    throw Error(ErrorCode::Input, "'" + path.string() + "' is not valid JSON");
  return value;
}

json read_json(const fs::path& path) { return parse(read_text(path), path); }

// A last line that a crash cut short is left out.
std::vector<json> read_lines(const fs::path& path) {
  std::vector<json> lines;
  if (!fs::exists(path)) return lines;
  std::istringstream text(read_text(path));
  for (std::string line; std::getline(text, line);) {
    if (!text.eof()) lines.push_back(parse(line, path));
  }
  return lines;
}

json read_result(const fs::path& folder) {
  const fs::path path = folder / "result.json";
  if (!fs::exists(path)) {
    throw Error(ErrorCode::Input,
                "'" + folder.string() + "' holds no result.json: no run has ended there",
                "give the folder of a run, such as runs/quickstart, of a sweep or of a store");
  }
  return read_json(path);
}

/// The day as people here write it down.
std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm day{};
  ::localtime_r(&now, &day);
  return fmt::format("{:04}-{:02}-{:02}", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday);
}

int report_many(const Arguments& arguments, Progress& progress) {
  PageReader reader(arguments.file);
  reader.update(progress);
  const PageSource& source = reader.source();
  const fs::path page = arguments.html.empty() ? arguments.file / "report.html" : arguments.html;
  write_file(page, render_page(view_page(source, without_effect()), today()));
  fmt::print("{} of {} configurations are finished\n{}\n", source.rows.size(), source.wanted,
             page.string());
  return 0;
}

}  // namespace

fs::path write_report(const fs::path& folder, const fs::path& file) {
  const std::vector<json> metrics = read_lines(folder / "metrics.jsonl");
  fs::path page = file.empty() ? folder / "report.html" : file;
  write_file(page, render_report(read_result(folder), metrics, read_text(folder / "config.toml"),
                                 read_json(folder / "environment.json")));
  return page;
}

int report(const Arguments& arguments, Progress& progress) {
  if (PageReader::knows(arguments.file)) return report_many(arguments, progress);
  const json result = read_result(arguments.file);
  const fs::path page = write_report(arguments.file, arguments.html);
  fmt::print("{}\n{}\n", result_table(result), page.string());
  return 0;
}

}  // namespace pollard::app
