#include "experiment/store/store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/folder_lock.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kRecord = "stage.json";

// What a crash leaves: a folder without its id for a name.
constexpr std::string_view kDraft = ".draft";

fs::path failure_file(const fs::path& store, std::string_view id) {
  return store / "failed" / (std::string(id) + ".json");
}

}  // namespace

bool is_stage_id(std::string_view text) {
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == 32 && std::ranges::all_of(text, digit);
}

fs::path Store::stage_folder(std::string_view id) const { return folder_ / id; }
fs::path Store::state_file(std::string_view id) const {
  return stage_folder(id) / "state.safetensors";
}
fs::path Store::metrics_file(std::string_view id) const {
  return stage_folder(id) / "metrics.jsonl";
}
fs::path Store::work_folder(std::string_view id) const { return folder_ / "work" / id; }

bool Store::holds(std::string_view id) const {
  std::error_code ignored;  // where nothing can be, there is none
  return fs::exists(stage_folder(id) / kRecord, ignored);
}

bool Store::holds_state(std::string_view id) const {
  std::error_code ignored;
  return holds(id) && fs::exists(state_file(id), ignored);
}

std::vector<std::string> Store::ids() const {
  std::vector<std::string> found;
  std::error_code none;  // no store yet: no stages
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, none)) {
    std::string name = entry.path().filename();
    if (is_stage_id(name) && holds(name)) found.push_back(std::move(name));
  }
  std::ranges::sort(found);
  return found;
}

StageRecord Store::read(std::string_view id) const {
  const fs::path file = stage_folder(id) / kRecord;
  StageRecord record = decode_stage(read_text(file), file.string());
  if (record.id != id) {
    throw Error(ErrorCode::Input, fmt::format("'{}' is of the stage {}", file.string(), record.id),
                "remove the folder: it was moved or copied by hand");
  }
  return record;
}

namespace {

// Two processes may finish the same stage at once.
fs::path draft_folder(const fs::path& store, std::string_view id, int process) {
  return store / "work" / fmt::format("{}.{}{}", id, process, kDraft);
}

}  // namespace

std::optional<int> draft_process(std::string_view name) {
  if (!name.ends_with(kDraft)) return {};
  name.remove_suffix(kDraft.size());
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos || !is_stage_id(name.substr(0, dot))) return {};
  int process = 0;
  const auto [end, error] =
      std::from_chars(name.data() + dot + 1, name.data() + name.size(), process);
  if (error != std::errc() || end != name.data() + name.size() || process <= 0) return {};
  return process;
}

fs::path Store::draft(std::string_view id) const {
  fs::path draft = draft_folder(folder_, id, ::getpid());
  fs::remove_all(draft);
  make_writable_folder(draft);
  return draft;
}

void Store::publish(const fs::path& draft, const StageRecord& record,
                    std::string_view metrics) const {
  write_file(draft / "metrics.jsonl", metrics);
  write_file(draft / kRecord, encode(record));  // the last: it says that all is there
  const fs::path place = stage_folder(record.id);
  if (!holds(record.id)) {
    std::error_code error;
    fs::remove_all(place, error);  // remains without a record
    fs::rename(draft, place, error);
    if (!error) return sync_folder(folder_);
    if (!holds(record.id)) {
      throw Error(ErrorCode::Io,
                  fmt::format("cannot add '{}': {}", place.string(), error.message()));
    }
  }
  fs::remove_all(draft);
}

void Store::remove_draft(std::string_view id, int process) const {
  std::error_code ignored;  // `pollard store gc` finds what stays
  fs::remove_all(draft_folder(folder_, id, process), ignored);
}

void Store::remove_work(std::string_view id) const {
  std::error_code ignored;
  if (!holds(id) || !fs::exists(work_folder(id), ignored)) return;
  if (const auto lock = FolderLock::attempt(work_folder(id)))
    fs::remove_all(work_folder(id), ignored);
}

std::optional<Failure> Store::failure(std::string_view id) const {
  const fs::path file = failure_file(folder_, id);
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return {};
  try {
    const json text = json::parse(read_text(file));
    return Failure{text.at("error"), text.at("hint")};
  } catch (const json::exception&) {
    return Failure{"the reason cannot be read: '" + file.string() + "' is damaged", ""};
  }
}

void Store::write_failure(std::string_view id, const Failure& failure) const {
  const fs::path file = failure_file(folder_, id);
  fs::create_directories(file.parent_path());
  write_file(file, json{{"error", failure.error}, {"hint", failure.hint}}.dump(
                       1, ' ', false, json::error_handler_t::replace) +
                       "\n");
}

void Store::forget_failure(std::string_view id) const {
  std::error_code ignored;
  fs::remove(failure_file(folder_, id), ignored);
}

std::vector<StageRecord> Store::chain(std::string_view id) const {
  std::vector<StageRecord> records;
  for (std::string at(id); !at.empty(); at = records.back().parent) {
    if (records.size() > 10000) {
      throw Error(ErrorCode::Input,
                  fmt::format("the stages before {} in '{}' form a circle", id, folder_.string()),
                  "stage.json was changed by hand: remove what was changed");
    }
    records.push_back(read(at));
  }
  std::ranges::reverse(records);
  return records;
}

}  // namespace pollard
