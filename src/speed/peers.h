// The contenders: LibTorch, a chain of oneDNN primitives, ONNX Runtime, and our own engine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pollard/graph.h"
#include "sparse/network.h"
#include "speed/contender.h"
#include "speed/dnnl_chain.h"

namespace pollard {

/// What they compute: count x C x H x W floats, which outlive the contenders.
struct Images {
  std::span<const float> values;
  std::int64_t count = 0;
};

/// LibTorch in evaluation mode with batch norm folded, which gains it some 10 %; its own kernels
/// one by one, in its default layout or channels_last.
[[nodiscard]] std::unique_ptr<Contender> make_torch_contender(const Graph& graph,
                                                              const TensorMap& state,
                                                              const Images& images,
                                                              bool channels_last);

/// ONNX Runtime in a process of its own. `folder`: where npm has installed onnxruntime-node. Throws
/// Error{Config} or Error{Io} saying why where it is not there.
[[nodiscard]] std::unique_ptr<Contender> make_onnxruntime_contender(
    const Graph& graph, const TensorMap& state, const Images& images, int threads,
    const std::filesystem::path& folder);

/// What has layers whose times can be told apart.
class LayeredContender : public Contender {
 public:
  LayeredContender(std::string name, const Graph& graph, const Images& images)
      : Contender(std::move(name)),
        images_(images),
        outputs_(
            static_cast<std::size_t>(images.count * element_count(graph.shape(graph.output())))) {}

  [[nodiscard]] std::vector<float> outputs() override { return outputs_; }

  /// The nodes that its layers compute.
  [[nodiscard]] virtual std::vector<std::string> layers() const = 0;
  /// Computes the batch once more; the seconds of each layer.
  [[nodiscard]] std::vector<double> time_layers() {
    profile(true);
    call();
    const std::span<const double> seconds = layer_seconds();
    std::vector<double> copy(seconds.begin(), seconds.end());
    profile(false);
    return copy;
  }

 protected:
  virtual void profile(bool on) = 0;
  [[nodiscard]] virtual std::span<const double> layer_seconds() const = 0;
  Images images_;
  std::vector<float> outputs_;
};

/// Throws as DnnlChain does.
class DnnlContender final : public LayeredContender {
 public:
  DnnlContender(const Graph& graph, const TensorMap& state, const Images& images)
      : LayeredContender("oneDNN chain", graph, images), chain_(graph, state, images.count) {}
  [[nodiscard]] std::vector<std::string> layers() const override { return chain_.step_names(); }

 private:
  void call() override { chain_.run(images_.values, outputs_); }
  void profile(bool on) override { chain_.profile(on); }
  [[nodiscard]] std::span<const double> layer_seconds() const override {
    return chain_.step_seconds();
  }
  DnnlChain chain_;
};

class SparseContender final : public LayeredContender {
 public:
  SparseContender(std::string name, const Graph& graph, const TensorMap& state,
                  const Images& images, const sparse::NetworkOptions& options)
      : LayeredContender(std::move(name), graph, images), network_(graph, state, options) {}
  [[nodiscard]] const sparse::Network& network() const { return network_; }
  [[nodiscard]] std::vector<std::string> layers() const override {
    std::vector<std::string> names;
    for (const sparse::LayerPlan& layer : network_.plan()) names.push_back(layer.name);
    return names;
  }

 private:
  void call() override { network_.run(images_.values, images_.count, outputs_); }
  void profile(bool on) override { network_.profile(on); }
  [[nodiscard]] std::span<const double> layer_seconds() const override {
    return network_.layer_seconds();
  }
  sparse::Network network_;
};

}  // namespace pollard
