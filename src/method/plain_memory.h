// When a method's fused loops over plain memory apply: floats on the CPU, all in one memory order.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

namespace pollard {

constexpr std::int64_t kElementsPerThread = 1 << 15;  // less is not worth a thread

[[nodiscard]] inline bool is_plain(const at::Tensor& t) {
  return t.is_cpu() && t.scalar_type() == at::kFloat && t.is_non_overlapping_and_dense();
}

/// `t` in the memory order of `like`, whose sizes it has.
[[nodiscard]] inline at::Tensor in_order_of(const at::Tensor& like, const at::Tensor& t) {
  if (t.strides() == like.strides() && t.is_non_overlapping_and_dense()) return t;
  return at::empty_like(like).copy_(t);
}

/// part(begin, end) over 0 .. count, on several threads where that pays.
template <typename Part>
void in_parts(std::int64_t count, const Part& part) {
  at::parallel_for(0, count, kElementsPerThread, part);
}

}  // namespace pollard
