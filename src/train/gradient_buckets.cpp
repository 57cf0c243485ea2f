#include "train/gradient_buckets.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace pollard {
namespace {

at::TensorOptions like(std::span<ParameterSlot> slots) {
  const at::TensorOptions floats = at::TensorOptions().dtype(at::kFloat);
  return slots.empty() ? floats : floats.device(slots.front().value.device());
}

std::int64_t usual_bytes(std::span<ParameterSlot> slots) {
  constexpr std::int64_t kMost = 4 << 20, kParts = 4;
  std::int64_t count = 0;
  for (const ParameterSlot& slot : slots) count += slot.value.numel();
  return std::min(kMost, count * static_cast<std::int64_t>(sizeof(float)) / kParts);
}

}  // namespace

GradientBuckets::GradientBuckets(ProcessGroup& group, std::span<ParameterSlot> slots,
                                 std::int64_t bucket_bytes)
    : group_(group), slots_(slots), places_(slots.size()) {
  constexpr auto kFloat = static_cast<std::int64_t>(sizeof(float));
  const auto notes = static_cast<std::int64_t>(1 + slots.size());
  if (bucket_bytes == 0) bucket_bytes = usual_bytes(slots);
  std::vector<std::int64_t> sizes = {0};  // of buckets, in floats
  buckets_.emplace_back();
  for (std::size_t i = slots.size(); i-- > 0;) {
    const std::int64_t count = slots[i].value.numel();
    if (sizes.back() > 0 && (sizes.back() + count) * kFloat > bucket_bytes) {
      sizes.push_back(0);
      buckets_.emplace_back();
    }
    buckets_.back().slots.push_back(i);
    sizes.back() += count;
  }
  for (std::size_t b = 0; b < buckets_.size(); ++b) {
    Bucket& bucket = buckets_[b];
    const bool last = b + 1 == buckets_.size();
    bucket.sums = at::zeros({sizes[b] + (last ? notes : 0)}, like(slots));
    std::int64_t from = 0;
    for (const std::size_t i : bucket.slots) {
      const at::Tensor& value = slots[i].value;
      places_[i].bucket = b;
      places_[i].view = bucket.sums.as_strided(value.sizes(), value.strides(), from);
      from += value.numel();
    }
    if (last) notes_ = bucket.sums.narrow(0, from, notes);
  }
}

void GradientBuckets::begin(std::int64_t images) {
  images_ = static_cast<double>(images);
  next_ = overlapped_ = 0;
  for (Bucket& bucket : buckets_) {
    bucket.missing = bucket.slots.size();
    bucket.pending.reset();
  }
  for (Place& place : places_) place.there = false;
}

void GradientBuckets::put(std::size_t index) {
  const at::NoGradGuard no_grad;
  at::mul_out(places_[index].view, slots_[index].gradient,
              at::scalar_tensor(images_, slots_[index].gradient.options()));
  places_[index].there = true;
}

void GradientBuckets::ready(std::size_t index) {
  if (images_ == 0 || places_[index].there || !slots_[index].gradient.defined()) return;
  put(index);
  --buckets_[places_[index].bucket].missing;
  for (; next_ < buckets_.size() && buckets_[next_].missing == 0; ++next_) launch(buckets_[next_]);
  overlapped_ = next_;
}

// When the last bucket goes, all gradients there will be are known: it goes after all others.
void GradientBuckets::launch(Bucket& bucket) {
  if (&bucket == &buckets_.back()) {
    const at::Tensor host = at::empty({notes_.numel()}, at::TensorOptions().dtype(at::kFloat));
    float* notes = host.data_ptr<float>();
    notes[0] = static_cast<float>(images_);
    for (std::size_t i = 0; i < places_.size(); ++i) notes[1 + i] = places_[i].there ? 1 : 0;
    notes_.copy_(host);
  }
  bucket.pending = group_.start_sum(bucket.sums, "the gradients of a step");
}

// What no observer told of: gradients of an engine that cannot tell, or none at all.
void GradientBuckets::finish_missing() {
  for (std::size_t b = next_; b < buckets_.size(); ++b) {
    for (const std::size_t i : buckets_[b].slots) {
      if (places_[i].there) continue;
      if (images_ > 0 && slots_[i].gradient.defined()) {
        put(i);
      } else {
        places_[i].view.zero_();
      }
    }
  }
  for (; next_ < buckets_.size(); ++next_) launch(buckets_[next_]);
}

double GradientBuckets::finish() {
  const at::NoGradGuard no_grad;
  finish_missing();
  for (Bucket& bucket : buckets_) bucket.pending->wait();
  const at::Tensor host = notes_.to(at::kCPU);
  const float* notes = host.data_ptr<float>();
  const double images = notes[0];
  const at::Tensor share = at::scalar_tensor(1 / images, notes_.options());
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (notes[1 + i] == 0) continue;  // nowhere a gradient
    at::Tensor& gradient = slots_[i].gradient;
    if (gradient.defined()) {
      at::mul_out(gradient, places_[i].view, share);  // where the engine has it
    } else {
      gradient = places_[i].view.mul(share);
    }
  }
  return images;
}

}  // namespace pollard
