// Everything that is no convolution and no view: pooling, dropout, and what only moves values
// (Flatten, Pad, Slice, Concat). Plain loops over vectors of `lanes` images.
#pragma once

#include <memory>

#include "sparse/train_site.h"

namespace pollard::sparse {

struct DrawAddress;

/// The operator of one node.
class PlainOp {
 public:
  virtual ~PlainOp() = default;
  /// Tensors of the batch's blocks; `saved` may be null where the operator keeps nothing.
  virtual void forward(TrainSite& site, const std::vector<const TrainTensor*>& inputs,
                       const TrainTensor& out, const TrainTensor* saved,
                       const DrawAddress& address) const = 0;
  /// Fills the inputs' gradients; those that are not wanted are null.
  virtual void backward(TrainSite& site, const std::vector<const TrainTensor*>& inputs,
                        const TrainTensor* saved, const TrainTensor& g,
                        const std::vector<const TrainTensor*>& gradients) const = 0;
};

[[nodiscard]] std::unique_ptr<PlainOp> make_plain_op(const Graph& graph, const Node& node,
                                                     std::size_t number);

// Parts of the above, one file each.
[[nodiscard]] std::unique_ptr<PlainOp> make_pooling(const Graph& graph, const Node& node);
[[nodiscard]] std::unique_ptr<PlainOp> make_moves(const Graph& graph, const Node& node);

}  // namespace pollard::sparse
