// The processes that share one training: sums, broadcasts and gathers among them, over c10d (Gloo
// on the CPU; where LibTorch has NCCL, tensors on a GPU go through that).
//
// All processes make the same calls in the same order. What goes wrong between them becomes
// Error{Peer} in each: that one of them is gone shows at once, for its connections close, that one
// hangs after the timeout. `what` says in such errors what was waited for.
#pragma once

#include <ATen/core/Tensor.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "train/rendezvous.h"

namespace pollard {

struct ProcessGroupSettings {
  std::chrono::milliseconds timeout{30'000};        // of every call
  std::chrono::milliseconds join_timeout{300'000};  // until all processes are there
};

class ProcessGroup {
 public:
  /// A sum under way. Its values may be used after wait(); not waited for, it ends by itself.
  class Pending {
   public:
    virtual ~Pending() = default;
    virtual void wait() = 0;
  };

  virtual ~ProcessGroup() = default;

  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int size() const = 0;
  [[nodiscard]] virtual int local_rank() const = 0;  // among the processes of this machine
  [[nodiscard]] bool leads() const { return rank() == 0; }

  /// Begins to sum a float tensor, dense in memory, over all processes in place. All of them end
  /// with the same bits.
  [[nodiscard]] virtual std::unique_ptr<Pending> start_sum(const at::Tensor& values,
                                                           std::string what) = 0;
  /// In place: the sum, the largest of each value, the bytes of rank 0.
  virtual void sum(std::span<double> values, const std::string& what) = 0;
  virtual void maximum(std::span<double> values, const std::string& what) = 0;
  virtual void broadcast(std::span<std::byte> bytes, const std::string& what) = 0;
  /// The texts of all, in the order of ranks.
  [[nodiscard]] virtual std::vector<std::string> gather(const std::string& text,
                                                        const std::string& what) = 0;

  /// Waits until all are here.
  void barrier(const std::string& what);
  /// Throws Error{Peer} everywhere, naming the ranks whose `hash` differs from rank 0's. `what` is
  /// what was hashed: "masks".
  void require_same(const std::string& hash, const std::string& what);
  /// The text of rank 0.
  [[nodiscard]] std::string from_leader(const std::string& text, const std::string& what);
};

/// Meets the others. Throws Error{Peer} where they do not come, Error{Config} where this program
/// was built without Gloo.
[[nodiscard]] std::unique_ptr<ProcessGroup> join_process_group(
    const Rendezvous& at, const ProcessGroupSettings& settings = {});
/// By the environment; null where there is one process.
[[nodiscard]] std::unique_ptr<ProcessGroup> join_process_group(
    const ProcessGroupSettings& settings = {});

}  // namespace pollard
