#include "method/straight_through.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

namespace pollard {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct StraightThrough : torch::autograd::Function<StraightThrough> {
  static at::Tensor forward(AutogradContext*, const at::Tensor& weight, const at::Tensor& mask) {
    return weight * mask;
  }
  static variable_list backward(AutogradContext*, const variable_list& gradients) {
    return {gradients[0], at::Tensor()};
  }
};

}  // namespace

at::Tensor straight_through(const at::Tensor& weight, const at::Tensor& mask) {
  return StraightThrough::apply(weight, mask);
}

}  // namespace pollard
