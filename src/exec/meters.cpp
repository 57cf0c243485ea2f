#include "exec/meters.h"

namespace pollard {

MeterSums::MeterSums(at::Device device)
    : sums_(at::zeros({4}, at::TensorOptions().dtype(at::kDouble).device(device))) {}

void MeterSums::add(const at::Tensor& loss, const at::Tensor& logits, const at::Tensor& labels) {
  const at::NoGradGuard no_grad;
  const at::Tensor own = logits.gather(1, labels.unsqueeze(1));
  const at::Tensor classes = at::arange(logits.size(1), labels.options()).unsqueeze(0);
  const at::Tensor higher =
      logits.gt(own).logical_or_(logits.eq(own).logical_and_(classes.lt(labels.unsqueeze(1))));
  const at::Tensor rank =
      higher.sum(1).masked_fill_(own.squeeze(1).isfinite().logical_not_(), 1000000);
  const auto count = static_cast<double>(labels.size(0));
  const at::Tensor images = at::full({}, count, sums_.options());
  sums_.add_(at::stack({loss.to(at::kDouble) * count, rank.lt(1).sum().to(at::kDouble),
                        rank.lt(5).sum().to(at::kDouble), images}));
}

Meters MeterSums::take() {
  const at::Tensor host = sums_.to(at::kCPU);
  const double* sums = host.data_ptr<double>();
  Meters meters;
  meters.images = static_cast<std::int64_t>(sums[3]);
  if (meters.images > 0) {
    meters.loss = sums[0] / sums[3];
    meters.top1 = 100 * sums[1] / sums[3];
    meters.top5 = 100 * sums[2] / sums[3];
  }
  sums_ = at::zeros_like(sums_);  // not in place: `host` may be the same memory
  return meters;
}

}  // namespace pollard
