#include "pollard/module_pruning.h"

#include <fmt/format.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/rmsprop.h>
#include <torch/optim/sgd.h>

#include <algorithm>
#include <sstream>
#include <type_traits>

#include "core/nearest.h"
#include "exec/host_tensors.h"
#include "pollard/error.h"
#include "pollard/selection.h"

namespace pollard {
namespace {

bool is_weight(const std::string& name, const torch::Tensor& parameter) {
  const std::string last = name.substr(name.rfind('.') + 1);  // npos + 1 = 0: the whole name
  return last == "weight" && parameter.dim() >= 2;
}

torch::Tensor find_parameter(const torch::OrderedDict<std::string, torch::Tensor>& parameters,
                             const std::string& name) {
  if (const torch::Tensor* found = parameters.find(name); found != nullptr) {
    if (found->defined() && found->is_floating_point()) return *found;
    throw Error(ErrorCode::Config,
                fmt::format("the parameter '{}' is not a tensor of floating point", name));
  }
  const std::vector<std::string> names = parameters.keys();
  const std::string meant = nearest(name, names);
  throw Error(ErrorCode::Config, fmt::format("the module has no parameter '{}'", name),
              meant.empty() ? fmt::format("it has {}", fmt::join(names, ", "))
                            : fmt::format("did you mean '{}'?", meant));
}

// LibTorch keys an optimizer's memory by the tensor's address: as text until 1.13, later as is.
template <typename States>
auto find_state(States& states, const torch::Tensor& parameter) {
  void* address = parameter.unsafeGetTensorImpl();
  if constexpr (std::is_same_v<typename States::key_type, std::string>) {
    std::ostringstream key;
    key << address;
    return states.find(key.str());
  } else {
    return states.find(address);
  }
}

/// What an optimizer remembers of one parameter, elementwise; some may be undefined.
std::vector<torch::Tensor> memories(torch::optim::OptimizerParamState& state) {
  using namespace torch::optim;
  if (auto* sgd = dynamic_cast<SGDParamState*>(&state)) return {sgd->momentum_buffer()};
  if (auto* adam = dynamic_cast<AdamParamState*>(&state)) {
    return {adam->exp_avg(), adam->exp_avg_sq(), adam->max_exp_avg_sq()};
  }
  if (auto* adam = dynamic_cast<AdamWParamState*>(&state)) {
    return {adam->exp_avg(), adam->exp_avg_sq(), adam->max_exp_avg_sq()};
  }
  if (auto* rms = dynamic_cast<RMSpropParamState*>(&state)) {
    return {rms->square_avg(), rms->momentum_buffer(), rms->grad_avg()};
  }
  return {};
}

}  // namespace

std::vector<std::string> prunable_names(const torch::nn::Module& module) {
  std::vector<std::string> names;
  std::vector<torch::Tensor> seen;
  for (const auto& item : module.named_parameters()) {
    const torch::Tensor& parameter = item.value();
    if (!parameter.defined() || !is_weight(item.key(), parameter)) continue;
    const auto same = [&](const torch::Tensor& other) { return other.is_same(parameter); };
    if (std::ranges::any_of(seen, same)) continue;
    seen.push_back(parameter);
    names.push_back(item.key());
  }
  return names;
}

ModulePruner::ModulePruner(const torch::nn::Module& module, std::vector<std::string> names) {
  if (names.empty()) names = prunable_names(module);
  if (names.empty()) {
    throw Error(ErrorCode::Config, "the module has no parameter called 'weight' with 2 dimensions",
                "give the names of the parameters to prune");
  }
  const auto parameters = module.named_parameters();
  std::vector<Mask> masks;
  for (const std::string& name : names) {
    const torch::Tensor parameter = find_parameter(parameters, name);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (!entries_[i].parameter.is_same(parameter)) continue;
      throw Error(ErrorCode::Config,
                  fmt::format("'{}' and '{}' are the same tensor", masks[i].name, name),
                  "name each tensor once");
    }
    entries_.push_back({parameter, {}});
    masks.push_back({name, parameter.sizes().vec(),
                     std::vector<std::uint8_t>(static_cast<std::size_t>(parameter.numel()), 1)});
  }
  masks_ = MaskSet(std::move(masks));
}

void ModulePruner::prune_to(double sparsity) {
  if (!(sparsity >= 0 && sparsity <= 1)) {
    throw Error(ErrorCode::Config, fmt::format("the sparsity {} is not in [0, 1]", sparsity),
                "0.9 means that 90 % of the weights are zero");
  }
  const std::int64_t size = masks_.size();
  const std::int64_t kept = kept_at(size, sparsity);
  if (kept > masks_.kept()) {
    throw Error(
        ErrorCode::Config,
        fmt::format("cannot prune to a sparsity of {}: it is {} already, and masks only grow",
                    sparsity, this->sparsity()),
        "make a new ModulePruner to begin again");
  }
  prune_global(masks_, weights(), kept);
  update_pruned();
  apply();
}

void ModulePruner::apply() {
  const torch::NoGradGuard no_grad;
  for (Entry& entry : entries_) {
    if (!entry.pruned.defined()) continue;
    entry.pruned = entry.pruned.to(entry.parameter.device());  // no copy where it is there already
    entry.parameter.masked_fill_(entry.pruned, 0);             // not a product: that leaves -0
  }
}

void ModulePruner::apply(torch::optim::Optimizer& optimizer) {
  apply();
  const torch::NoGradGuard no_grad;
  auto& states = optimizer.state();
  for (const Entry& entry : entries_) {
    if (!entry.pruned.defined()) continue;
    const auto found = find_state(states, entry.parameter);
    if (found == states.end()) continue;
    for (torch::Tensor& memory : memories(*found->second)) {
      if (memory.defined()) memory.masked_fill_(entry.pruned.to(memory.device()), 0);
    }
  }
}

double ModulePruner::sparsity() const {
  const std::int64_t size = masks_.size();
  return static_cast<double>(size - masks_.kept()) / static_cast<double>(size);
}

TensorMap ModulePruner::weights() const {
  TensorMap weights;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    weights.emplace(masks_.masks()[i].name,
                    to_host(entries_[i].parameter.detach().to(torch::kFloat)));
  }
  return weights;
}

void ModulePruner::update_pruned() {
  const TensorMap masks = masks_.to_tensors();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    entries_[i].pruned =
        to_torch(masks.at(masks_.masks()[i].name)).eq(0).to(entries_[i].parameter.device());
  }
}

}  // namespace pollard
