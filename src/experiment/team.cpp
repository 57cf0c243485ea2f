#include "experiment/team.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "core/interrupt.h"
#include "pollard/error.h"
#include "train/data_parallel.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;

fs::path make_scratch_folder() {
  std::string name = (fs::temp_directory_path() / "pollard-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw Error(ErrorCode::Io, "cannot create a folder like '" + name + "'");
  return name;
}

}  // namespace

Team::Team(const Config& config)
    : group_(join_process_group(
          {.timeout = std::chrono::seconds(config.integer("train.peer_timeout"))})),
      sync_(config.flag("train.sync_batch_norm")),
      batch_size_(config.integer("train.batch_size")) {
  if (!leads()) scratch_ = make_scratch_folder();
}

Team::~Team() {
  std::error_code ignored;
  if (!scratch_.empty()) fs::remove_all(scratch_, ignored);
}

BatchSettings Team::share(BatchSettings settings) const {
  if (group_) settings.share = {group_->rank(), group_->size()};
  return settings;
}

std::unique_ptr<Engine> Team::share(std::unique_ptr<Engine> engine) const {
  if (!group_) return engine;
  return make_data_parallel(std::move(engine), *group_, {.sync_batch_norm = sync_});
}

void Team::check(const Graph& graph, std::int64_t images) const {
  if (!group_) return;
  const bool has_norm = std::ranges::any_of(graph.nodes(), [](const Node& node) {
    return std::holds_alternative<BatchNormalization>(node.op);
  });
  if (sync_ && has_norm) require_full_shares(images, batch_size_, group_->size());
}

std::string Team::leaders(const std::string& text, const std::string& what) const {
  return group_ ? group_->from_leader(text, what) : text;
}

int Team::interrupted() const {
  if (!group_) return pollard::interrupted();
  std::array<double, 1> signal = {static_cast<double>(pollard::interrupted())};
  group_->maximum(signal, "the end of a stage");
  if (signal[0] != 0) set_interrupted(static_cast<int>(signal[0]));
  return static_cast<int>(signal[0]);
}

}  // namespace pollard
