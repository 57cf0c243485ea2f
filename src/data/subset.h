// Some images of a data set, by their places in it; and the held-out part that configurations are
// chosen on.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "pollard/dataset.h"

namespace pollard {

class Subset final : public Dataset {
 public:
  Subset(std::shared_ptr<const Dataset> whole, std::vector<std::uint32_t> places);
  [[nodiscard]] std::int64_t size() const override;
  [[nodiscard]] std::int64_t classes() const override { return whole_->classes(); }
  [[nodiscard]] ImageShape image_shape() const override { return whole_->image_shape(); }
  [[nodiscard]] std::int64_t label(std::int64_t index) const override;
  void read(std::int64_t index, std::span<std::uint8_t> out) const override;
  void read_part(std::int64_t index, double smallest, RandomStream chance,
                 std::span<std::uint8_t> out) const override;
  [[nodiscard]] std::vector<std::string> problems() const override { return whole_->problems(); }

 private:
  [[nodiscard]] std::int64_t place(std::int64_t index) const;

  std::shared_ptr<const Dataset> whole_;
  std::vector<std::uint32_t> places_;
};

/// Splits `splits.train`: the images of a permutation that depends on nothing but their number go
/// to `splits.validation`, `held_out` of them, or that part of them where it is below 1; the others
/// stay. Both keep the order. 0: none. Throws Error{Config} where nothing would be left.
void hold_out(DataSplits& splits, double held_out);

}  // namespace pollard
