#include "train/checkpoint.h"

#include <fmt/format.h>

#include <vector>

#include "core/files.h"
#include "core/finite.h"
#include "graph/tensor_checksum.h"
#include "pollard/error.h"
#include "pollard/safetensors.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kFormat = "1";

struct Section {
  std::string_view prefix;
  TensorMap Checkpoint::*tensors;
};
constexpr Section kSections[] = {{"weights/", &Checkpoint::weights},
                                 {"velocity/", &Checkpoint::velocity},
                                 {"masks/", &Checkpoint::masks},
                                 {"method/", &Checkpoint::method}};

void require_finite(const TensorMap& tensors, std::string_view what) {
  if (const std::string* name = find_not_finite(tensors); name != nullptr) {
    throw Error(ErrorCode::Numeric,
                std::string(what) + " '" + *name + "' has values that are not finite",
                "the last checkpoint is from before; lower the learning rate");
  }
}

Checkpoint decode(const fs::path& path) {
  Safetensors file = read_safetensors(path);
  if (!file.metadata.contains("progress") || !file.metadata.contains("checksum") ||
      !file.metadata.contains("format")) {
    throw Error(ErrorCode::Input, "'" + path.string() + "' is not a checkpoint");
  }
  if (file.metadata.at("format") != kFormat) {
    throw Error(ErrorCode::Input, "'" + path.string() + "' has checkpoint format " +
                                      file.metadata.at("format") + ", expected " +
                                      std::string(kFormat));
  }
  if (file.metadata.at("checksum") != tensor_checksum(file)) {
    throw Error(ErrorCode::Input, "'" + path.string() + "' is damaged: its checksum does not fit");
  }
  Checkpoint checkpoint;
  checkpoint.progress = file.metadata.at("progress");
  for (auto& [name, tensor] : file.tensors) {
    for (const Section& section : kSections) {
      if (!name.starts_with(section.prefix)) continue;
      (checkpoint.*section.tensors).emplace(name.substr(section.prefix.size()), std::move(tensor));
      break;
    }
  }
  return checkpoint;
}

bool is_whole(const fs::path& path) {
  if (!fs::exists(path)) return false;
  try {
    static_cast<void>(decode(path));
    return true;
  } catch (const Error&) {
    return false;
  }
}

fs::path last_of(const fs::path& folder) { return folder / "last.safetensors"; }
fs::path previous_of(const fs::path& folder) { return folder / "previous.safetensors"; }

}  // namespace

namespace {

std::vector<std::byte> encode(const Checkpoint& checkpoint) {
  require_finite(checkpoint.weights, "weight");
  require_finite(checkpoint.velocity, "velocity of");
  Safetensors file;
  for (const Section& section : kSections) {
    for (const auto& [name, tensor] : checkpoint.*section.tensors) {
      file.tensors.emplace(std::string(section.prefix) + name, tensor);
    }
  }
  file.metadata = {{"format", std::string(kFormat)}, {"progress", checkpoint.progress}};
  file.metadata["checksum"] = tensor_checksum(file);
  return encode_safetensors(file);
}

}  // namespace

void write_checkpoint(const fs::path& path, const Checkpoint& checkpoint) {
  write_file(path, encode(checkpoint));
}

Checkpoint read_checkpoint(const fs::path& path) { return decode(path); }

void save_checkpoint(const fs::path& folder, const Checkpoint& checkpoint) {
  const fs::path last = last_of(folder);
  const fs::path fresh = write_beside(last, encode(checkpoint));
  // A damaged one must not take the place of the good one before it.
  if (is_whole(last)) publish(last, previous_of(folder));
  publish(fresh, last);
}

std::optional<Checkpoint> load_checkpoint(const fs::path& folder, Progress& progress) {
  std::optional<Error> damage;
  for (const fs::path& path : {last_of(folder), previous_of(folder)}) {
    if (!fs::exists(path)) continue;
    try {
      Checkpoint checkpoint = decode(path);
      if (path != last_of(folder)) {
        progress.warn(fmt::format(
            "{}; going on from the checkpoint before it, '{}'",
            damage ? damage->what() : fmt::format("'{}' is missing", last_of(folder).string()),
            path.string()));
      }
      return checkpoint;
    } catch (const Error& error) {
      if (!damage) damage = error;
    }
  }
  if (!damage) return std::nullopt;
  throw Error(ErrorCode::Input, damage->what(),
              "no usable checkpoint is left; start again in another folder with out=DIR");
}

}  // namespace pollard
