#include "experiment/store/care.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "experiment/store/configuration.h"
#include "experiment/store/garbage.h"
#include "graph/tensor_checksum.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t kLongestHeader = 100'000'000;
constexpr const char* kAnew = "remove the folder of the stage: it is computed anew where needed";

[[noreturn]] void not_whole(const fs::path& file, std::string_view why) {
  throw Error(ErrorCode::Input, fmt::format("'{}' is damaged: {}", file.string(), why), kAnew);
}

class Inspection {
 public:
  Inspection(const Store& store, bool read_states, Progress& progress)
      : store_(store), read_states_(read_states), progress_(progress) {}

  Verification run() {
    read_configurations();
    needs_ = needs_of(store_, wanted_);
    std::vector<std::string> folders = stage_folders();
    progress_.begin("looking at stages", static_cast<std::int64_t>(folders.size()), 0);
    std::int64_t done = 0;
    for (const std::string& id : folders) {
      look_at_stage(id);
      progress_.advance(++done, "");
    }
    progress_.end(fmt::format("{} stages", result_.stages));
    look_at_chains();
    return std::move(result_);
  }

 private:
  void find(const Error& error) { result_.findings.push_back({error.what(), error.hint()}); }

  template <typename Look>
  void note_errors_of(const Look& look) {
    try {
      look();
    } catch (const Error& error) {
      find(error);
    }
  }

  void read_configurations() {
    for (const std::string& id : configuration_ids(store_))
      note_errors_of([&] { wanted_.push_back(read_configuration(store_, id)); });
    result_.configurations = static_cast<std::int64_t>(wanted_.size());
  }

  [[nodiscard]] std::vector<std::string> stage_folders() const {
    std::vector<std::string> ids;
    std::error_code none;
    for (const fs::directory_entry& entry : fs::directory_iterator(store_.folder(), none)) {
      std::string name = entry.path().filename();
      if (is_stage_id(name)) ids.push_back(std::move(name));
    }
    std::ranges::sort(ids);
    return ids;
  }

  void look_at_stage(const std::string& id) {
    if (!store_.holds(id)) {
      result_.findings.push_back(
          {fmt::format("'{}' has no stage.json: its removal or copying was cut short",
                       store_.stage_folder(id).string()),
           "`pollard store gc` removes it"});
      return;
    }
    ++result_.stages;
    note_errors_of([&] {
      const StageRecord record = store_.read(id);
      parents_.emplace(id, record.parent);
      if (!record.parent.empty() && !store_.holds(record.parent)) {
        throw Error(ErrorCode::Input,
                    fmt::format("'{}' comes after the stage {}, which is missing",
                                store_.stage_folder(id).string(), record.parent),
                    "start its run or sweep again: the missing stage is computed anew");
      }
    });
    note_errors_of([&] { look_at_state(id); });
  }

  void look_at_state(const std::string& id) {
    const fs::path file = store_.state_file(id);
    std::error_code ignored;
    if (!fs::exists(file, ignored)) {
      const auto need = needs_.find(id);
      if (need == needs_.end() || need->second.spares_state()) return;  // `gc --states` took it
      throw Error(ErrorCode::Input, fmt::format("'{}' is missing", file.string()), kAnew);
    }
    ++result_.states;
    read_states_ ? check_state(file) : check_state_length(file);
  }

  void look_at_chains() {
    for (const Configuration& configuration : wanted_) {
      std::string before;
      bool finished = true, agrees = true;
      for (const std::string& stage : configuration.stages) {
        const auto parent = parents_.find(stage);
        finished = finished && store_.holds(stage);
        agrees = agrees && (parent == parents_.end() || parent->second == before);
        before = stage;
      }
      if (!finished) ++result_.unfinished;
      if (agrees) continue;
      result_.findings.push_back(
          {fmt::format("'{}' has its stages in another order than they were computed in",
                       configuration_file(store_, configuration.id()).string()),
           "remove it and start its run or sweep again: it is written anew"});
    }
  }

  const Store& store_;
  bool read_states_;
  Progress& progress_;
  std::vector<Configuration> wanted_;
  Needs needs_;
  std::map<std::string, std::string> parents_;  // of stages that can be read
  Verification result_;
};

}  // namespace

Verification verify(const Store& store, bool read_states, Progress& progress) {
  return Inspection(store, read_states, progress).run();
}

void check_state_length(const fs::path& file) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(file, error);
  std::ifstream in(file, std::ios::binary);
  if (error || !in) throw Error(ErrorCode::Io, "cannot open '" + file.string() + "'");
  std::array<char, 8> start{};
  in.read(start.data(), start.size());
  const auto length = std::bit_cast<std::uint64_t>(start);
  if (!in || length > kLongestHeader || length + start.size() > size)
    not_whole(file, "it is shorter than its header says");
  std::string header(length, '\0');
  in.read(header.data(), static_cast<std::streamsize>(length));
  std::uint64_t data = 0;
  try {
    const json tensors = json::parse(header);
    for (const auto& [name, tensor] : tensors.items()) {
      if (name != "__metadata__")
        data = std::max(data, tensor.at("data_offsets").at(1).get<std::uint64_t>());
    }
  } catch (const json::exception&) {
    not_whole(file, "its header cannot be read");
  }
  if (data != size - start.size() - length) {
    not_whole(file, fmt::format("it has {} bytes of data, expected {}",
                                size - start.size() - length, data));
  }
}

void check_state(const fs::path& file) {
  const Safetensors state = read_safetensors(file);
  const auto sum = state.metadata.find("checksum");
  if (sum != state.metadata.end() && sum->second != tensor_checksum(state))
    not_whole(file, "its checksum does not fit");
}

void require_store(const Store& store) {
  const std::string name = store.folder().string();
  if (!fs::is_directory(store.folder())) {
    throw Error(ErrorCode::Input, "there is no store '" + name + "'",
                "name the folder that a sweep keeps its finished stages in");
  }
  for (const char* part : {"configurations", "work", "failed", "jobs"}) {
    if (fs::is_directory(store.folder() / part)) return;
  }
  if (store.ids().empty()) {
    throw Error(ErrorCode::Input, "'" + name + "' is no store: there are no stages in it",
                "name the folder that a sweep keeps its finished stages in");
  }
}

}  // namespace pollard
