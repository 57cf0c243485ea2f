// Stores made by hand: chains of stages whose numbers are made up.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "core/hash.h"
#include "experiment/store/configuration.h"
#include "experiment/store/store.h"
#include "graph/tensor_checksum.h"
#include "pollard/safetensors.h"
#include "support/temporary_folder.h"

namespace pollard::test {

/// An id for a name.
inline std::string id_of(std::string_view name) { return content_hash(name); }

inline StageRecord record_of(const std::string& name, const std::string& parent, std::string kind) {
  StageRecord record;
  record.id = id_of(name);
  record.parent = parent.empty() ? "" : id_of(parent);
  record.kind = std::move(kind);
  record.label = record.kind;
  record.settings = {{"model", "resnet20"}, {"seed", "1"}};
  record.epochs = record.kind == "prune" ? 0 : 2;
  record.steps = record.epochs * 10;
  record.first_step = parent.empty() ? 0 : 20;
  record.result = {{"kind", record.kind}, {"id", record.id}, {"seconds", 1.5}};
  record.result["test"] = {{"top1", 90.0}, {"loss", 0.25}};
  if (record.epochs > 0) record.result["epochs"] = record.epochs;
  record.environment = {{"threads", 1}};
  return record;
}

/// With a checksum, as checkpoints have it.
inline void write_state(const std::filesystem::path& file) {
  Safetensors state{{{"weights/w", HostTensor::from_floats({10}, std::vector<float>(10, 0.5F))}},
                    {{"format", "1"}, {"progress", "{}"}}};
  state.metadata["checksum"] = tensor_checksum(state);
  write_safetensors(file, state);
}

inline void put(const Store& store, const StageRecord& record, bool with_state = true) {
  const std::filesystem::path draft = store.draft(record.id);
  if (with_state) write_state(draft / "state.safetensors");
  store.publish(draft, record, "{\"epoch\": 1}\n");
}

inline void want(const Store& store, Settings settings, const std::vector<std::string>& names) {
  std::vector<std::string> ids;
  for (const std::string& name : names) ids.push_back(id_of(name));
  keep_configuration(store, {std::move(settings), std::move(ids)});
}

/// Two configurations that share their training: a (train, prune a, retrain a), finished, and b,
/// whose retraining is still to come; and a stage that nobody wants.
struct SmallStore {
  TemporaryFolder folder;
  Store store{folder / "store"};

  SmallStore() {
    put(store, record_of("train", "", "train"));
    for (const std::string name : {"a", "b"})
      put(store, record_of("prune " + name, "train", "prune"));
    put(store, record_of("retrain a", "prune a", "retrain"));
    put(store, record_of("unwanted", "train", "prune"));
    for (const std::string name : {"a", "b"}) {
      want(store,
           {{"model", "resnet20"}, {"prune.sparsity", name == "a" ? "0.9" : "0.95"}, {"seed", "1"}},
           {"train", "prune " + name, "retrain " + name});
    }
  }
};

}  // namespace pollard::test
