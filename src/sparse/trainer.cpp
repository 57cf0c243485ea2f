#include "sparse/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "core/threads.h"
#include "core/timing.h"
#include "pollard/error.h"
#include "sparse/train_loss.h"
#include "sparse/train_plain_ops.h"
#include "sparse/train_plan.h"
#include "sparse/train_schedule.h"
#include "sparse/train_site.h"

namespace pollard::sparse {
namespace {

std::span<const std::uint8_t> mask_of(const TensorMap& masks, const ParameterInfo& weight) {
  const auto found = masks.find(weight.name);
  if (found == masks.end()) return {};
  if (found->second.shape != weight.shape) {
    throw Error(ErrorCode::Input,
                fmt::format("the mask of '{}' has shape {}, expected {}", weight.name,
                            to_string(found->second.shape), to_string(weight.shape)),
                "use the masks of the same network");
  }
  return found->second.u8();
}

}  // namespace

class Trainer::Impl {
 public:
  Impl(const Graph& graph, const TensorMap& masks, const TrainerOptions& options)
      : graph_(graph),
        options_(options),
        plan_(plan_training(graph_)),
        schedule_(schedule_training(graph_, plan_)),
        pool_(resolve_threads(options.threads)) {
    site_.kernels = options.kernels != nullptr ? options.kernels : &best_kernels();
    site_.pool = &pool_;
    site_.workers.resize(static_cast<std::size_t>(pool_.size()));
    site_.stream_above = kStreamAbove;
    for (const ScheduledTensor& tensor : schedule_.tensors)
      site_.tensors.push_back({nullptr, tensor.extent, site_.lanes()});
    buffers_.resize(schedule_.buffers.size());
    make_layers(masks);
    make_norms();
    make_operators();
    prepare_room(site_);
  }

  void bind(std::string_view parameter, std::span<float> value, std::span<float> gradient) {
    const ParameterInfo* info = graph_.find_parameter(parameter);
    if (info == nullptr) {
      throw Error(ErrorCode::Input, fmt::format("there is no parameter '{}'", parameter),
                  "use the names of the same network");
    }
    const auto size = static_cast<std::size_t>(element_count(info->shape));
    if (value.size() != size || (info->trainable() && gradient.size() != size)) {
      throw Error(ErrorCode::Input,
                  fmt::format("'{}' has {} values, {} are given, with {} for gradients", parameter,
                              size, value.size(), gradient.size()),
                  "use the tensors of the same network");
    }
    const auto place = places_.find(info->name);
    if (place == places_.end()) return;  // the loss does not depend on it
    *place->second.value = value.data();
    if (place->second.gradient != nullptr) *place->second.gradient = gradient.data();
    place->second.bound = true;
  }

  StepResult forward_backward(std::span<const float> images, std::span<const std::int64_t> labels,
                              const DrawAddress& address) {
    check_labels(labels);
    site_.mode = TrainMode::Train;
    forward(images, std::ssize(labels), address);
    const Stopwatch watch;
    const TrainTensor& logits = site_.tensor(schedule_.output);
    const TrainTensor* gradient =
        schedule_.output_gradient >= 0 ? &site_.tensor(schedule_.output_gradient) : nullptr;
    const StepResult result =
        cross_entropy(site_, logits, labels, options_.label_smoothing, gradient);
    note("loss", watch);
    for (const BackwardAction& action : schedule_.backward)
      std::visit([&](const auto& each) { timed(each, true, [&] { back(each); }); }, action);
    return result;
  }

  void observe_statistics(std::span<const float> images, std::int64_t count, double weight) {
    site_.mode = TrainMode::Observe;
    site_.statistics_weight = weight;
    forward(images, count, {});
  }

  void predict(std::span<const float> images, std::int64_t count, std::span<float> outputs) {
    const TrainTensor& logits = site_.tensor(schedule_.output);
    const auto classes = static_cast<std::int64_t>(logits.extent.channels);
    if (std::ssize(outputs) != count * classes) {
      throw Error(ErrorCode::Input, fmt::format("room for {} outputs, expected {} x {}",
                                                outputs.size(), count, classes));
    }
    site_.mode = TrainMode::Evaluate;
    forward(images, count, {});
    for (std::int64_t image = 0; image < count; ++image) {
      const float* at = logits.plane(image / site_.lanes()).at + image % site_.lanes();
      for (std::int64_t k = 0; k < classes; ++k)
        outputs[static_cast<std::size_t>(image * classes + k)] = at[k * site_.lanes()];
    }
  }

  StepResult evaluate(std::span<const float> images, std::span<const std::int64_t> labels) {
    check_labels(labels);
    site_.mode = TrainMode::Evaluate;
    forward(images, std::ssize(labels), {});
    return cross_entropy(site_, site_.tensor(schedule_.output), labels, options_.label_smoothing,
                         nullptr);
  }

  [[nodiscard]] bool depends_on(std::string_view parameter) const {
    return places_.contains(std::string(parameter));
  }
  [[nodiscard]] int threads() const { return pool_.size(); }

  [[nodiscard]] std::int64_t memory() const {
    std::int64_t floats = 0;
    for (const AlignedFloats& buffer : buffers_) floats += buffer.size();
    for (const TrainedLayer& layer : site_.layers) floats += layer.partials.size();
    for (const TrainWorker& worker : site_.workers)
      floats += worker.x.size() + worker.g.size() + worker.lanes.size() + worker.bias_lanes.size() +
                worker.partials.size();
    return floats * static_cast<std::int64_t>(sizeof(float));
  }

  std::vector<TimedPart> take_profile() {
    profiles_ = true;
    return std::exchange(profile_, {});
  }

 private:
  // Where a parameter's memory goes.
  struct Place {
    const float** value;
    float** gradient;
    bool bound = false;
  };

  // ---- construction -----------------------------------------------------------------------------

  void make_layers(const TensorMap& masks) {
    std::vector<bool> wants(schedule_.layers.size(), false);
    for (const BackwardAction& action : schedule_.backward) {
      if (const auto* conv = std::get_if<BackConv>(&action))
        wants[static_cast<std::size_t>(conv->layer)] = conv->out >= 0;
    }
    for (std::size_t i = 0; i < schedule_.layers.size(); ++i) {
      const Node& of = node(schedule_.layers[i]);
      const ParameterInfo& weight = *graph_.find_parameter(of.inputs[1]);
      site_.layers.push_back(
          make_trained_layer(graph_, of, mask_of(masks, weight), site_.lanes(), wants[i]));
    }
    for (std::size_t i = 0; i < schedule_.layers.size(); ++i) {
      const Node& of = node(schedule_.layers[i]);
      TrainedLayer& layer = site_.layers[i];
      add_place(of.inputs[1], layer.value, layer.gradient);
      if (of.inputs.size() > 2) add_place(of.inputs[2], layer.bias, layer.bias_gradient);
    }
  }

  void make_norms() {
    site_.norms.resize(plan_.norms.size());
    for (std::size_t i = 0; i < plan_.norms.size(); ++i) {
      const PlannedNorm& planned = plan_.norms[i];
      const Node& of = node(planned.node);
      const auto& op = std::get<BatchNormalization>(of.op);
      TrainedNorm& norm = site_.norms[i];
      norm.extent = plan_.values[static_cast<std::size_t>(planned.z)].extent;
      norm.channels = norm.extent.channels;
      norm.epsilon = op.epsilon;
      norm.momentum = 1 - op.momentum;
      norm.owns_z = planned.owns_z;
      const auto channels = static_cast<std::size_t>(norm.channels);
      for (auto* values :
           {&norm.offset, &norm.mean, &norm.scale, &norm.shift, &norm.a, &norm.b, &norm.constant})
        values->assign(channels, 0);
      norm.inverse.assign(channels, 0);
      norm.sums.assign(2 * channels * static_cast<std::size_t>(pool_.size()), 0);
      add_place(of.inputs[1], norm.gamma, norm.gamma_gradient);
      add_place(of.inputs[2], norm.beta, norm.beta_gradient);
      add_running(of.inputs[3], norm.running_mean);
      add_running(of.inputs[4], norm.running_variance);
    }
  }

  void make_operators() {
    operators_.resize(graph_.nodes().size());
    for (const ForwardAction& action : schedule_.forward) {
      const auto* plain = std::get_if<RunPlain>(&action);
      if (plain == nullptr) continue;
      const auto number = static_cast<std::size_t>(plain->node);
      operators_[number] = make_plain_op(graph_, node(plain->node), number);
    }
  }

  void add_place(const std::string& parameter, const float*& value, float*& gradient) {
    add_place(parameter, {&value, &gradient});
  }
  void add_running(const std::string& parameter, float*& value) {
    add_place(parameter, {const_cast<const float**>(&value), nullptr});
  }
  void add_place(const std::string& parameter, const Place& place) {
    if (places_.emplace(parameter, place).second) return;
    throw Error(ErrorCode::Config, fmt::format("'{}' is used by several nodes", parameter),
                "this network needs the other engine: retrain.engine=torch");
  }

  // ---- a step -----------------------------------------------------------------------------------

  void forward(std::span<const float> images, std::int64_t count, const DrawAddress& address) {
    check(images, count);
    make_room(count);
    address_ = address;
    Stopwatch watch;
    load_images(site_, images, site_.tensor(schedule_.input));
    note("input", watch);
    watch = Stopwatch();
    fill_layers();
    note("weights", watch);
    for (const ForwardAction& action : schedule_.forward)
      std::visit([&](const auto& each) { timed(each, false, [&] { advance(each); }); }, action);
  }

  void check(std::span<const float> images, std::int64_t count) const {
    for (const auto& [name, place] : places_) {
      if (!place.bound) throw Error(ErrorCode::Internal, "parameter '" + name + "' is not bound");
    }
    const std::int64_t expected = count * site_.tensor(schedule_.input).extent.size();
    if (count < 1 || std::ssize(images) != expected) {
      throw Error(
          ErrorCode::Input,
          fmt::format("{} values for {} images, expected {}", images.size(), count, expected),
          "look whether data set and network belong together");
    }
  }

  void check_labels(std::span<const std::int64_t> labels) const {
    const int classes = site_.tensor(schedule_.output).extent.channels;
    for (const std::int64_t label : labels) {
      if (label >= 0 && label < classes) continue;
      throw Error(ErrorCode::Input, fmt::format("the label {} is not in [0, {})", label, classes),
                  "look whether data set and network belong together");
    }
  }

  void make_room(std::int64_t count) {
    const int lanes = site_.lanes();
    site_.images = count;
    site_.blocks = (count + lanes - 1) / lanes;
    site_.live = static_cast<int>(count - (site_.blocks - 1) * lanes);
    for (std::size_t i = 0; i < buffers_.size(); ++i)
      buffers_[i].grow(schedule_.buffers[i] * site_.blocks * lanes);
    for (std::size_t i = 0; i < site_.tensors.size(); ++i) {
      const int buffer = schedule_.tensors[i].buffer;
      if (buffer >= 0) site_.tensors[i].data = buffers_[static_cast<std::size_t>(buffer)].data();
    }
  }

  void fill_layers() {
    pool_.run([&](int thread) {
      for (std::size_t i = static_cast<std::size_t>(thread); i < site_.layers.size();
           i += static_cast<std::size_t>(pool_.size()))
        site_.layers[i].fill();
    });
  }

  template <typename Action>
  void advance(const Action& action) {
    run(site_, action);
  }
  void advance(const RunPlain& action) {
    operators_[static_cast<std::size_t>(action.node)]->forward(
        site_, tensors(action.inputs), site_.tensor(action.out), tensor_or_null(action.saved),
        address_);
  }
  template <typename Action>
  void back(const Action& action) {
    run(site_, action);
  }
  void back(const BackPlain& action) {
    operators_[static_cast<std::size_t>(action.node)]->backward(
        site_, tensors(action.inputs), tensor_or_null(action.saved), site_.tensor(action.g),
        tensors(action.gradients));
  }

  [[nodiscard]] const TrainTensor* tensor_or_null(int t) const {
    return t >= 0 ? &site_.tensor(t) : nullptr;
  }
  [[nodiscard]] std::vector<const TrainTensor*> tensors(const std::vector<int>& numbers) const {
    std::vector<const TrainTensor*> result;
    for (const int t : numbers) result.push_back(tensor_or_null(t));
    return result;
  }

  // ---- the profile ------------------------------------------------------------------------------

  template <typename Action, typename Work>
  void timed(const Action& action, bool backward, const Work& work) {
    if (!profiles_) return work();
    const Stopwatch watch;
    work();
    note(name_of(action) + (backward ? " backward" : " forward"), watch);
  }
  void note(std::string name, const Stopwatch& watch) {
    if (profiles_) profile_.push_back({std::move(name), watch.seconds()});
  }
  template <typename Action>
  [[nodiscard]] std::string name_of(const Action& action) const {
    if constexpr (requires { action.layer; }) {
      return node(schedule_.layers[static_cast<std::size_t>(action.layer)]).name;
    } else if constexpr (requires { action.node; }) {
      return node(action.node).name;
    } else if constexpr (requires { action.norm; }) {
      return node(plan_.norms[static_cast<std::size_t>(action.norm)].node).name;
    } else {
      return "view";
    }
  }

  [[nodiscard]] const Node& node(int n) const {
    return graph_.nodes()[static_cast<std::size_t>(n)];
  }

  // Tensors of more floats than this are gone from the caches before they are read again.
  static constexpr std::int64_t kStreamAbove = 1 << 20;

  Graph graph_;
  TrainerOptions options_;
  TrainPlan plan_;
  Schedule schedule_;
  ThreadPool pool_;
  TrainSite site_;
  std::vector<AlignedFloats> buffers_;
  std::vector<std::unique_ptr<PlainOp>> operators_;  // by node
  std::map<std::string, Place> places_;
  DrawAddress address_;
  bool profiles_ = false;
  std::vector<TimedPart> profile_;
};

Trainer::Trainer(const Graph& graph, const TensorMap& masks, const TrainerOptions& options)
    : impl_(std::make_unique<Impl>(graph, masks, options)) {}
Trainer::~Trainer() = default;

void Trainer::bind(std::string_view parameter, std::span<float> value, std::span<float> gradient) {
  impl_->bind(parameter, value, gradient);
}
StepResult Trainer::forward_backward(std::span<const float> images,
                                     std::span<const std::int64_t> labels,
                                     const DrawAddress& address) {
  return impl_->forward_backward(images, labels, address);
}
void Trainer::predict(std::span<const float> images, std::int64_t count, std::span<float> outputs) {
  impl_->predict(images, count, outputs);
}
StepResult Trainer::evaluate(std::span<const float> images, std::span<const std::int64_t> labels) {
  return impl_->evaluate(images, labels);
}
void Trainer::observe_statistics(std::span<const float> images, std::int64_t count, double weight) {
  impl_->observe_statistics(images, count, weight);
}
bool Trainer::depends_on(std::string_view parameter) const { return impl_->depends_on(parameter); }
int Trainer::threads() const { return impl_->threads(); }
std::int64_t Trainer::memory() const { return impl_->memory(); }
std::vector<TimedPart> Trainer::take_profile() { return impl_->take_profile(); }

}  // namespace pollard::sparse
