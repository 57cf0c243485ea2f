// Who takes part in a measurement: a network that computes the outputs of one batch, over and over.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/timing.h"
#include "pollard/graph.h"

namespace pollard {

class Contender {
 public:
  explicit Contender(std::string name) : name_(std::move(name)) {}
  virtual ~Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

  /// Computes the batch once more; returns the seconds it took.
  virtual double time_call() {
    const Stopwatch watch;
    call();
    return watch.seconds();
  }
  /// Of the last call: batch x classes.
  [[nodiscard]] virtual std::vector<float> outputs() = 0;

 protected:
  virtual void call() = 0;

 private:
  std::string name_;
};

/// Normal numbers for so many of the network's inputs.
[[nodiscard]] std::vector<float> random_images(const Graph& graph, std::int64_t count,
                                               std::uint64_t seed);

/// The largest |a - b| over the largest |b|; infinity where sizes differ or a value is no number.
[[nodiscard]] double relative_difference(std::span<const float> a, std::span<const float> b);

}  // namespace pollard
