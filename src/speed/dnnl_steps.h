// The steps of a graph as primitives on a tape, one function an operator.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "graph/fold_batch_norm.h"
#include "speed/dnnl_tape.h"
#include "speed/fusion.h"

namespace pollard {

class DnnlSteps {
 public:
  /// Puts the whole graph on the tape: from the first outside value, plain N,C,H,W, to the second,
  /// plain N,classes. Throws Error{Config} naming a node that oneDNN cannot run.
  DnnlSteps(const Graph& graph, const TensorMap& state, std::int64_t batch, DnnlTape& tape);

  [[nodiscard]] std::vector<std::string> names() const;

 private:
  using Desc = dnnl::memory::desc;
  using Dims = dnnl::memory::dims;

  void take(const FusedStep& step);
  void make(const FusedStep& step, const Conv& op);
  void make(const FusedStep& step, const Gemm& op);
  void make(const FusedStep& step, const BatchNormalization& op);
  void make(const FusedStep& step, const Add& op);
  void make(const FusedStep& step, const Relu&) { activate(step); }
  void make(const FusedStep& step, const Clip&) { activate(step); }
  void make(const FusedStep& step, const Concat& op);
  void make(const FusedStep& step, const Slice& op);
  void make(const FusedStep& step, const Pad& op);
  void make(const FusedStep& step, const MaxPool& op);
  void make(const FusedStep& step, const AveragePool& op);
  void make(const FusedStep& step, const GlobalAveragePool& op);
  template <typename Other>
  void make(const FusedStep& step, const Other&) {
    beyond(step, "there is no primitive for it");
  }

  void activate(const FusedStep& step);
  template <typename Pool>
  void pool(const FusedStep& step, const Pool& op, dnnl::algorithm kind);
  void pool(const FusedStep& step, dnnl::algorithm kind, const Dims& kernel, const Dims& strides,
            const Dims& before, const Dims& after);
  void convolve(const FusedStep& step, const Conv& op, const Dims& shape,
                std::span<const float> weights, std::span<const float> bias);
  // Every so many pixels, with zero channels before and after.
  void select(const FusedStep& step, const std::array<std::int64_t, 2>& strides,
              std::int64_t before);

  [[nodiscard]] Dims dims(const std::string& value) const;
  [[nodiscard]] std::span<const float> parameter(const FusedStep& step, std::size_t input) const;
  [[nodiscard]] std::vector<float> bias(const FusedStep& step) const;  // zeros where it has none
  [[nodiscard]] bool read_later(const std::string& value) const;
  [[nodiscard]] const DnnlValue& input(const FusedStep& step, std::size_t index = 0) const {
    return values_.at(step.inputs[index]);
  }
  [[nodiscard]] DnnlValue input_as(const FusedStep& step, const Desc& wanted);
  // Sum of the residual and clip, as post-ops.
  [[nodiscard]] static dnnl::primitive_attr after(const FusedStep& step);
  [[nodiscard]] DnnlValue target(const FusedStep& step, const Desc& wanted);
  void finish(const FusedStep& step, dnnl::primitive primitive, DnnlTape::Arguments arguments,
              const Desc& result);
  [[noreturn]] static void beyond(const FusedStep& step, const std::string& why);

  FoldedNetwork network_;
  std::int64_t batch_;
  DnnlTape& tape_;
  std::vector<FusedStep> steps_;
  std::map<std::string, DnnlValue> values_;
  std::map<std::string, std::size_t> last_reader_;              // a step
  std::map<std::string, std::array<std::int64_t, 2>> strided_;  // slices that their padding makes
  std::vector<DnnlValue> temporaries_;                          // of the step being made
  std::size_t now_ = 0;
};

constexpr auto kInference = dnnl::prop_kind::forward_inference;

// ---- descriptions of memory --------------------------------------------------------------------

/// The primitive chooses the layout.
[[nodiscard]] inline dnnl::memory::desc any_layout(const dnnl::memory::dims& dims) {
  return {dims, dnnl::memory::data_type::f32, dnnl::memory::format_tag::any};
}
[[nodiscard]] inline dnnl::memory::desc row_major(const dnnl::memory::dims& dims) {
  dnnl::memory::dims strides(dims.size(), 1);
  for (std::size_t i = dims.size() - 1; i-- > 0;) strides[i] = strides[i + 1] * dims[i + 1];
  return {dims, dnnl::memory::data_type::f32, strides};
}

}  // namespace pollard
