#include "method/sparsity_target.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "method/gmp.h"
#include "pollard/error.h"

namespace pollard {
namespace {

constexpr double kRise = 0.7;  // of the training
constexpr std::int64_t kInterval = 16;

const OnlyWith kMethods{"train.method", {"cs", "str", "dst"}};

void check_numbers(std::span<const float> margins) {
  const auto not_a_number = [](float margin) { return std::isnan(margin); };
  if (std::ranges::none_of(margins, not_a_number)) return;
  throw Error(ErrorCode::Numeric, "a weight or latent parameter of the method is not a number",
              "the last checkpoint is from before; lower the learning rate");
}

// All entries in a row, each tensor's in its own order in memory.
at::Tensor in_a_row(std::span<const at::Tensor> tensors) {
  std::vector<at::Tensor> rows;
  for (const at::Tensor& tensor : tensors) {
    TORCH_CHECK(tensor.is_non_overlapping_and_dense() && tensor.scalar_type() == at::kFloat);
    rows.push_back(tensor.detach().as_strided({tensor.numel()}, {1}));
  }
  return at::cat(rows);
}

// The shift nearest to none that parts the two; either may be infinite.
double part(float kept, float pruned) {
  if (kept > 0 && pruned <= 0) return 0;
  const double between = 0.5 * (static_cast<double>(kept) + static_cast<double>(pruned));
  if (std::isfinite(between)) return between;
  return std::isfinite(kept) ? kept : std::isfinite(pruned) ? pruned : 0;
}

}  // namespace

void declare_sparsity_target(ParameterTable& table) {
  table.add({.key = "method.target_sparsity",
             .fallback = 1.0,
             .unit = "fraction",
             .help = "The sparsity to land on; 1 takes prune.sparsity, 0 lets the method's own "
                     "hyperparameters decide.",
             .minimum = 0,
             .maximum = 1,
             .only_with = kMethods});
}

double sparsity_goal(const Config& config) {
  const double given = config.real("method.target_sparsity");
  const bool counts = std::ranges::count(kMethods.values, config.text(kMethods.key)) > 0;
  return counts && given != 1 ? given : config.real("prune.sparsity");
}

double sparsity_path(double goal, std::int64_t step, std::int64_t steps) {
  return cubic_rise(goal, static_cast<double>(step) / (kRise * static_cast<double>(steps)));
}

std::int64_t control_interval(std::int64_t steps) {
  return std::clamp(steps / 100, std::int64_t{1}, kInterval);
}

double shift_that_prunes(std::span<const at::Tensor> margins, std::int64_t pruned) {
  at::Tensor all = in_a_row(margins);
  if (!all.is_cpu()) {
    const float shift = std::get<0>(at::kthvalue(all, pruned)).item<float>();
    check_numbers({&shift, 1});
    return shift;
  }
  const std::span<float> values(all.data_ptr<float>(), static_cast<std::size_t>(all.numel()));
  check_numbers(values);
  const auto last = values.begin() + (pruned - 1);
  std::nth_element(values.begin(), last, values.end());
  return *last;
}

Landing land(MaskSet masks, std::span<const HostTensor> margins, std::int64_t kept) {
  std::vector<float> all;
  for (const HostTensor& tensor : margins) {
    const std::span<const float> values = tensor.f32();
    all.insert(all.end(), values.begin(), values.end());
  }
  check_numbers(all);
  const auto pruned = all.begin() + kept;
  std::nth_element(all.begin(), pruned - 1, all.end(), std::greater());
  const float last = *(pruned - 1);
  std::int64_t ties = std::count(all.begin(), pruned, last);
  for (std::size_t t = 0; t < margins.size(); ++t) {
    const std::span<const float> values = margins[t].f32();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool keep = values[i] > last || (values[i] == last && ties-- > 0);
      masks.masks()[t].keep[i] = keep ? 1 : 0;
    }
  }
  const double shift =
      pruned == all.end() ? std::min(last, 0.0F) : part(last, *std::max_element(pruned, all.end()));
  return {std::move(masks), shift};
}

}  // namespace pollard
