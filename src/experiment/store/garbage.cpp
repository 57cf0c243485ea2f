#include "experiment/store/garbage.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "core/folder_lock.h"
#include "experiment/store/index_update.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;

bool is_dead(pid_t process) { return ::kill(process, 0) != 0 && errno == ESRCH; }

bool is_older(const fs::path& folder, std::chrono::seconds age) {
  std::error_code error;
  fs::file_time_type newest = fs::last_write_time(folder, error);
  if (error) return false;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const fs::file_time_type at = entry.last_write_time(error);
    if (!error) newest = std::max(newest, at);
  }
  return fs::file_time_type::clock::now() - newest >= age;
}

std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code none;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, none))
    entries.push_back(entry.path());
  std::ranges::sort(entries);
  return entries;
}

std::vector<Garbage> garbage_of_stages(const Store& store, const Needs& needs, bool states) {
  std::vector<Garbage> found;
  for (const fs::path& folder : entries_of(store.folder())) {
    const std::string id = folder.filename();
    if (!is_stage_id(id)) continue;
    const auto need = needs.find(id);
    std::error_code ignored;
    if (!store.holds(id)) {
      found.push_back({GarbageKind::Remains, folder, id, bytes_in(folder)});
    } else if (need == needs.end()) {
      found.push_back({GarbageKind::Stage, folder, id, bytes_in(folder)});
    } else if (states && need->second.spares_state() && fs::exists(store.state_file(id), ignored)) {
      const auto size = static_cast<std::int64_t>(fs::file_size(store.state_file(id), ignored));
      found.push_back({GarbageKind::State, store.state_file(id), id, size});
    }
  }
  return found;
}

std::vector<Garbage> garbage_of_work(const Store& store, std::chrono::seconds draft_age) {
  std::vector<Garbage> found;
  for (const fs::path& folder : entries_of(store.folder() / "work")) {
    const std::string name = folder.filename();
    const std::optional<int> process = draft_process(name);
    if (process && is_dead(*process) && is_older(folder, draft_age)) {
      found.push_back({GarbageKind::Draft, folder, name.substr(0, 32), bytes_in(folder)});
    } else if (is_stage_id(name) && store.holds(name) && FolderLock::attempt(folder)) {
      found.push_back({GarbageKind::Work, folder, name, bytes_in(folder)});
    }
  }
  return found;
}

void remove(const Store& store, const Garbage& garbage) {
  std::error_code error;
  // Its record first: should the rest stay, it does not pass for a finished stage.
  if (garbage.kind == GarbageKind::Stage) fs::remove(garbage.path / "stage.json", error);
  if (!error) fs::remove_all(garbage.path, error);
  if (!error) return;
  throw Error(ErrorCode::Io, "cannot remove '" + garbage.path.string() + "': " + error.message(),
              "is '" + store.folder().string() + "' yours to write?");
}

}  // namespace

Needs needs_of(const Store& store, std::span<const Configuration> configurations) {
  Needs needs;
  std::map<std::string, bool, std::less<>> held;
  const auto holds = [&](const std::string& id) {
    const auto [place, first] = held.try_emplace(id, false);
    if (first) place->second = store.holds(id);
    return place->second;
  };
  for (const Configuration& configuration : configurations) {
    const bool finished = std::ranges::all_of(configuration.stages, holds);
    for (const std::string& stage : configuration.stages) {
      Need& need = needs[stage];
      ++need.configurations;
      need.all_finished = need.all_finished && finished;
    }
    needs[configuration.id()].is_last = true;
  }
  return needs;
}

std::vector<Garbage> find_garbage(const Store& store, const GarbageRules& rules) {
  const std::vector<Configuration> wanted = configurations(store);
  if (wanted.empty() && !store.ids().empty()) {
    throw Error(ErrorCode::Input,
                "'" + store.folder().string() + "' has stages but no configuration needs any",
                "if all of it may go, remove the folder; if configurations/ was lost, start the "
                "runs or sweeps again: they write it anew");
  }
  std::vector<Garbage> found = garbage_of_stages(store, needs_of(store, wanted), rules.states);
  std::ranges::move(garbage_of_work(store, rules.draft_age), std::back_inserter(found));
  return found;
}

std::int64_t remove_garbage(const Store& store, std::span<const Garbage> garbage) {
  const std::vector<Configuration> wanted = configurations(store);
  const Needs needs = needs_of(store, wanted);
  std::int64_t bytes = 0;
  for (const Garbage& item : garbage) {
    const auto need = needs.find(item.id);
    const bool needed = need != needs.end();
    if (item.kind == GarbageKind::Stage && needed) continue;
    if (item.kind == GarbageKind::Remains && store.holds(item.id)) continue;  // finished meanwhile
    if (item.kind == GarbageKind::State && needed && !need->second.spares_state()) continue;
    // Of a work folder it is held until that is gone.
    const std::optional<FolderLock> lock =
        item.kind == GarbageKind::Work ? FolderLock::attempt(item.path) : std::nullopt;
    if (item.kind == GarbageKind::Work && !lock) continue;
    remove(store, item);
    bytes += item.bytes;
  }
  return bytes;
}

}  // namespace pollard
