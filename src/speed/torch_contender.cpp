#include <ATen/ATen.h>

#include <map>
#include <utility>

#include "exec/host_tensors.h"
#include "exec/torch_program.h"
#include "graph/fold_batch_norm.h"
#include "speed/peers.h"

namespace pollard {
namespace {

class TorchContender final : public Contender {
 public:
  TorchContender(const Graph& graph, const TensorMap& state, const Images& images,
                 bool channels_last)
      : Contender(channels_last ? "LibTorch channels_last" : "LibTorch"),
        network_(fold_batch_norm(graph, state)),
        program_(network_.graph) {
    const auto layout =
        channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
    for (const ParameterInfo& info : network_.graph.parameters()) {
      at::Tensor value = to_torch(network_.state.at(info.name));
      parameters_.emplace(info.name, value.dim() == 4 ? value.contiguous(layout) : value);
    }
    const auto [channels, height, width] = network_.graph.input_shape();
    // Only read.
    images_ = at::from_blob(const_cast<float*>(images.values.data()),
                            {images.count, channels, height, width}, at::kFloat)
                  .contiguous(layout);
  }

  [[nodiscard]] std::vector<float> outputs() override {
    const at::Tensor plain = outputs_.contiguous();
    return {plain.data_ptr<float>(), plain.data_ptr<float>() + plain.numel()};
  }

 private:
  void call() override {
    const at::NoGradGuard no_grad;
    outputs_ = program_.run(images_, parameters_, {.fused = false});
  }

  FoldedNetwork network_;
  TorchProgram program_;
  std::map<std::string, at::Tensor, std::less<>> parameters_;
  at::Tensor images_, outputs_;
};

}  // namespace

std::unique_ptr<Contender> make_torch_contender(const Graph& graph, const TensorMap& state,
                                                const Images& images, bool channels_last) {
  return std::make_unique<TorchContender>(graph, state, images, channels_last);
}

}  // namespace pollard
