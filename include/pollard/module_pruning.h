// Prunes a torch::nn::Module of your own: no graph, no training loop of ours.
//
//   ModulePruner pruner(model);
//   pruner.prune_to(0.9);                            // 90 % of all weights are zero now
//   for (...) {
//     ...; optimizer.step(); pruner.apply(optimizer);  // and stay zero
//   }
//
// Global magnitude pruning: one threshold over all named tensors, the exact count, equal magnitudes
// decided by the order of the names, then the flat index. Masks live here, beside the module; its
// parameters are never replaced, only written in place.
#pragma once

#include <torch/nn/module.h>
#include <torch/optim/optimizer.h>

#include <string>
#include <vector>

#include "pollard/masks.h"

namespace pollard {

/// The parameters called "weight" that have at least two dimensions, in the module's order: those
/// of convolutions, linear layers and embeddings, not those of batch norm. A tensor that is
/// registered twice is named once. Recurrent layers and parameters registered under other names are
/// not among them: give those to ModulePruner by name.
[[nodiscard]] std::vector<std::string> prunable_names(const torch::nn::Module& module);

/// Not thread-safe, as the module is not. Keeps the parameters alive, not the module. Moving the
/// module to another device or type in between (Module::to) is fine.
class ModulePruner {
 public:
  /// `names`: parameters as named_parameters() calls them; none: prunable_names(module). Nothing
  /// is pruned yet. Throws Error{Config} for an unknown name (naming the nearest), one given twice,
  /// a tensor that is not of floating point, or if there is nothing to prune.
  explicit ModulePruner(const torch::nn::Module& module, std::vector<std::string> names = {});

  /// Zeroes weights of smallest magnitude until round(sparsity * size) are zero in all; half to
  /// even. `sparsity` is the fraction of all weights, not of those that remain: 0.5 and then 0.9
  /// ends at 0.9. What is masked stays masked, whatever its value has become. Magnitudes are
  /// compared as float, in host memory: one copy of the weights, wherever they are.
  /// Throws Error{Config} where `sparsity` is not in [0, 1] or less than sparsity(), Error{Input}
  /// naming the tensor where a weight is not finite; nothing changes then.
  void prune_to(double sparsity);

  /// Zeroes the masked weights again: after each optimizer step.
  void apply();
  /// Also zeroes them in what the optimizer remembers (SGD, Adam, AdamW, RMSprop), so that no
  /// momentum gathers in them. Parameters that the optimizer does not hold count as apply().
  void apply(torch::optim::Optimizer& optimizer);

  /// The fraction of the named weights that is masked, in [0, 1].
  [[nodiscard]] double sparsity() const;
  /// In the order of the names, with the tensors' shapes.
  [[nodiscard]] const MaskSet& masks() const { return masks_; }

 private:
  struct Entry {
    torch::Tensor parameter;  // shares the module's
    torch::Tensor pruned;     // bool, true = masked, on the parameter's device; undefined: none is
  };
  [[nodiscard]] TensorMap weights() const;
  void update_pruned();

  MaskSet masks_;
  std::vector<Entry> entries_;  // one for each mask
};

}  // namespace pollard
