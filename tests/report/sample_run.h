// A finished run: 2 epochs dense, pruned to 90 %, 1 epoch retrained.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

namespace pollard::test {

inline nlohmann::json sample_result() {
  return nlohmann::json::parse(R"({
    "format": 1, "status": "done", "model": "resnet20", "dataset": "cifar10", "seed": 1,
    "stages": [
      {"kind": "train", "method": "dense", "epochs": 2, "seconds": 812.4,
       "test": {"top1": 88.1, "loss": 0.36}},
      {"kind": "prune", "criterion": "magnitude", "allocation": "global",
       "requested_sparsity": 0.9,
       "sparsity": {"prunable": 0.9, "model": 0.895, "kept": 26834, "of": 268336},
       "theoretical_speedup": 6.39, "test": {"top1": 10.19, "loss": 2.9},
       "layers": [{"name": "conv1.weight", "kept": 324, "of": 432, "multiply_adds": 442368},
                  {"name": "linear.weight", "kept": 64, "of": 640, "multiply_adds": 640}]},
      {"kind": "retrain", "schedule": "slr", "epochs": 1, "seconds": 480.1,
       "test": {"top1": 89.7, "loss": 0.31},
       "sparsity": {"prunable": 0.9, "model": 0.895, "kept": 26834, "of": 268336},
       "theoretical_speedup": 6.39}],
    "time_ratio": 1.59})");
}

inline std::vector<nlohmann::json> sample_metrics() {
  using nlohmann::json;
  return {
      json::parse(R"({"event": "step", "stage": 0, "kind": "train", "epoch": 1, "position": 0.5,
                      "step": 234, "lr": 0.1, "train/loss": 1.5, "train/top1": 45.0})"),
      json::parse(R"({"event": "epoch", "stage": 0, "kind": "train", "epoch": 1, "epochs": 2,
                      "position": 1.0, "step": 469, "lr": 0.05, "train/loss": 1.0,
                      "train/top1": 60.0, "test/loss": 0.9, "test/top1": 65.0})"),
      json::parse(R"({"event": "epoch", "stage": 0, "kind": "train", "epoch": 2, "epochs": 2,
                      "position": 2.0, "step": 938, "lr": 0.0, "train/loss": 0.5,
                      "train/top1": 80.0, "test/loss": 0.36, "test/top1": 88.1})"),
      json::parse(R"({"event": "epoch", "stage": 2, "kind": "retrain", "epoch": 1, "epochs": 1,
                      "position": 1.0, "step": 469, "lr": 0.01, "train/loss": 0.3,
                      "train/top1": 90.0, "test/loss": 0.31, "test/top1": 89.7})"),
  };
}

}  // namespace pollard::test
