#include "experiment/sweep/slurm_arrays.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/hash.h"
#include "experiment/sweep/slurm_script.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// 0 where it is none.
std::size_t to_number(std::string_view text) {
  std::size_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && stop == text.data() + text.size() ? number : 0;
}

std::vector<std::string> read_lines(const fs::path& file) {
  std::vector<std::string> lines;
  const std::string text = read_text(file);
  for (std::size_t start = 0, end = 0; (end = text.find('\n', start)) != std::string::npos;
       start = end + 1) {
    lines.push_back(text.substr(start, end - start));
  }
  return lines;
}

Error damaged(const fs::path& file, const std::string& why) {
  return {ErrorCode::Input, "'" + file.string() + "' is damaged: " + why,
          "remove it: the jobs that wait or run are found without it"};
}

}  // namespace

SlurmArrays::SlurmArrays(fs::path sweep_folder)
    : folder_(fs::absolute(sweep_folder).lexically_normal()) {
  make_writable_folder(folder_ / "slurm");
  make_writable_folder(folder_ / "logs");
  const fs::path whole = fs::canonical(folder_);
  std::string name = whole.filename().string();
  const auto is_odd = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.';
  };
  std::ranges::replace_if(name, is_odd, '-');
  prefix_ = fmt::format("{}-{}-", name, content_hash(whole.string()).substr(0, 8));
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_ / "slurm")) {
    const std::size_t number = to_number(entry.path().filename().string());
    if (number == 0) continue;
    // Without a list it was never submitted, but its number is taken.
    Array& array = arrays_[number];
    if (fs::exists(list_file(entry.path()))) array.ids = read_lines(list_file(entry.path()));
  }
  const fs::path file = folder_ / "slurm.json";
  if (!fs::exists(file)) return;
  try {
    const json text = json::parse(read_text(file));
    if (text.at("format") != 1) throw damaged(file, "it is of another format");
    for (const auto& [number, job] : text.at("jobs").items()) {
      if (to_number(number) != 0) arrays_[to_number(number)].job = job.get<std::string>();
    }
  } catch (const json::exception& error) {
    throw damaged(file, error.what());
  }
}

std::size_t SlurmArrays::add(std::span<const std::string> ids) {
  const std::size_t number = arrays_.empty() ? 1 : arrays_.rbegin()->first + 1;
  const fs::path place = folder(number);
  make_writable_folder(place);
  std::string list;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    list += ids[i] + "\n";
    const fs::path link = place / fmt::format("{}.log", i + 1);
    std::error_code error;
    fs::create_symlink(fs::path("../../logs") / (ids[i] + ".log"), link, error);
    if (error)
      throw Error(ErrorCode::Io, "cannot link '" + link.string() + "': " + error.message());
  }
  write_file(list_file(place), list);
  arrays_[number] = {.ids = {ids.begin(), ids.end()}};
  return number;
}

void SlurmArrays::set_job(std::size_t array, const std::string& job) {
  arrays_.at(array).job = job;
  write();
}

fs::path SlurmArrays::folder(std::size_t array) const {
  return folder_ / "slurm" / std::to_string(array);
}

std::string SlurmArrays::job_name(std::size_t array) const {
  return prefix_ + std::to_string(array);
}

std::string SlurmArrays::id_of(std::string_view job_name, std::size_t task) const {
  const auto found = arrays_.find(number_of(job_name));
  if (found == arrays_.end() || task == 0 || task > found->second.ids.size()) return {};
  return found->second.ids[task - 1];
}

void SlurmArrays::found(std::string_view job_name, const std::string& job) {
  const auto array = arrays_.find(number_of(job_name));
  if (array != arrays_.end() && array->second.job != job) set_job(array->first, job);
}

std::size_t SlurmArrays::number_of(std::string_view job_name) const {
  return job_name.starts_with(prefix_) ? to_number(job_name.substr(prefix_.size())) : 0;
}

void SlurmArrays::write() const {
  json jobs = json::object();
  for (const auto& [number, array] : arrays_) {
    if (!array.job.empty()) jobs[std::to_string(number)] = array.job;
  }
  write_file(folder_ / "slurm.json", json{{"format", 1}, {"jobs", jobs}}.dump(1) + "\n");
}

}  // namespace pollard
