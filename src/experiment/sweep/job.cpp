#include "experiment/sweep/job.h"

#include <nlohmann/json.hpp>

#include "core/files.h"
#include "pollard/error.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

fs::path job_file(const Store& store, std::string_view id) {
  return store.folder() / "jobs" / (std::string(id) + ".json");
}

}  // namespace

void keep_job(const Store& store, const Job& job) {
  const fs::path file = job_file(store, job.id);
  if (fs::exists(file)) return;
  fs::create_directories(file.parent_path());
  const json text = {{"format", 1},         {"id", job.id},       {"parent", job.parent},
                     {"kind", job.kind},    {"label", job.label}, {"epochs", job.epochs},
                     {"config", job.config}};
  write_file(file, text.dump(1) + "\n");
}

Job read_job(const Store& store, std::string_view id) {
  const fs::path file = job_file(store, id);
  try {
    const json text = json::parse(read_text(file));
    if (text.at("format") != 1) {
      throw Error(ErrorCode::Input,
                  "'" + file.string() + "' has format " + text["format"].dump() + ", expected 1",
                  "it was written by a newer Pollard");
    }
    return {.id = text.at("id"),
            .parent = text.at("parent"),
            .kind = text.at("kind"),
            .label = text.at("label"),
            .epochs = text.at("epochs"),
            .config = text.at("config")};
  } catch (const json::exception& error) {
    throw Error(ErrorCode::Input, "'" + file.string() + "' is no job: " + error.what(),
                "remove it and start the sweep again: it is written anew");
  }
}

void forget_job(const Store& store, std::string_view id) {
  std::error_code ignored;
  fs::remove(job_file(store, id), ignored);
}

}  // namespace pollard
