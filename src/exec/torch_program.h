// A graph made ready to run with LibTorch: a list of instructions over numbered values.
//
// Compiling looks for batch norms whose only reader is a ReLU, or an addition whose only reader is
// a ReLU, and makes one instruction of them; and it notes after which instruction each value is no
// longer needed.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pollard/engine.h"
#include "pollard/graph.h"

namespace pollard {

/// How the instructions run.
struct RunContext {
  bool training = false;
  bool fused = true;
  c10::optional<at::Generator> dropout = {};  // its state decides the drops of this step
  const EffectiveWeights* effective = nullptr;
  /// Convolutions and linear layers in bfloat16; what they give is float32 again.
  bool amp = false;
  /// Evaluation, but for batch norms: they take the batch's own mean and variance, which count with
  /// this weight in their running statistics.
  std::optional<double> statistics_weight = {};
  /// Training: batch norm's statistics are those of a batch that several processes share.
  const BatchSums* batch_sums = nullptr;
};

class TorchProgram {
 public:
  /// `graph` must outlive the program.
  explicit TorchProgram(const Graph& graph);

  /// `parameters`: every parameter of the graph by name. x: images [N,C,H,W] of the graph's size.
  /// Returns the graph's output.
  [[nodiscard]] at::Tensor run(at::Tensor x,
                               std::map<std::string, at::Tensor, std::less<>>& parameters,
                               const RunContext& context) const;

  /// Instructions, of which `fused_count()` stand for several nodes.
  [[nodiscard]] std::size_t size() const { return instructions_.size(); }
  [[nodiscard]] std::size_t fused_count() const;

 private:
  struct Instruction {
    const Node* node = nullptr;  // of a fused one: the batch norm
    std::vector<std::size_t>
        inputs;  // numbers of the values read (no parameters); fused: x, then the residual
    std::size_t output = 0;
    bool fused_relu = false;  // a ReLU (after an addition, if there are two inputs) is part of it
    std::size_t twin = 0;     // fused: the output again, for its second reader; 0: there is none
    bool owns_gradient = false;        // fused: nobody else holds the gradient of the output
    std::vector<std::size_t> release;  // values nobody reads afterwards
  };
  void compile();
  void give_twins();

  const Graph* graph_;
  std::vector<Instruction> instructions_;
  std::size_t values_ = 0, output_ = 0;
};

}  // namespace pollard
