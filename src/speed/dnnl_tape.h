// Primitives of oneDNN in the order they run, over memory that they share. Values are planned
// first; memory comes when all are known.
#pragma once

#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace pollard {

/// A value in a slot of shared memory, or one with memory of its own (weights).
struct DnnlValue {
  dnnl::memory::desc desc;
  int slot = -1;
  dnnl::memory own = {};
};

class DnnlTape {
 public:
  DnnlTape() : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {}

  [[nodiscard]] const dnnl::engine& engine() const { return engine_; }

  /// A value that a later primitive writes.
  [[nodiscard]] DnnlValue make_value(const dnnl::memory::desc& desc);
  /// Its memory may be used again by values made from now on.
  void release(const DnnlValue& value);
  /// A value whose memory run() gets from outside.
  [[nodiscard]] DnnlValue make_outside_value(const dnnl::memory::desc& desc);
  /// Values in memory of its own, reordered from plain row-major ones.
  [[nodiscard]] DnnlValue make_constant(const dnnl::memory::desc& plain,
                                        const dnnl::memory::desc& wanted,
                                        std::span<const float> values);

  using Arguments = std::vector<std::pair<int, DnnlValue>>;
  void add(std::size_t step, dnnl::primitive primitive, Arguments arguments);
  /// `value`, or a new one in the wanted layout.
  [[nodiscard]] DnnlValue reordered(std::size_t step, const DnnlValue& value,
                                    const dnnl::memory::desc& wanted);

  /// Allocates; nothing may be added afterwards.
  void bind();
  /// `outside`: memory of the outside values, in the order they were made. `seconds`: for each
  /// step, or empty.
  void run(std::span<float* const> outside, std::span<double> seconds);

 private:
  struct Item {
    std::size_t step;
    dnnl::primitive primitive;
    Arguments planned;
    std::unordered_map<int, dnnl::memory> arguments = {};
  };
  struct Slot {
    std::size_t bytes = 0;
    bool outside = false;
    std::vector<dnnl::memory> users = {};
    dnnl::memory memory = {};
  };
  [[nodiscard]] dnnl::memory memory_of(const DnnlValue& value);

  dnnl::engine engine_;
  dnnl::stream stream_;
  std::vector<Slot> slots_;
  std::vector<int> free_;     // the most recently freed last
  std::vector<int> outside_;  // slots
  std::vector<Item> items_;
};

}  // namespace pollard
