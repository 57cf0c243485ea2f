#include "sparse/lower.h"

#include <algorithm>
#include <variant>

#include "sparse/buffers.h"

namespace pollard::sparse {
namespace {

// A value as some readers need it.
struct Form {
  int value = -1;
  int phases = 1;
  float fill = 0;
  Halo halo;
  int tensor = -1;
  bool made = false;  // by the ops up to now
};

class Lowering {
 public:
  Lowering(const Steps& steps, const Kernels& kernels, int images)
      : steps_(steps), kernels_(kernels), images_(images) {}

  Lowered lower() {
    find_values_never_negative();
    for (const Step& step : steps_.steps) {
      const auto note = [&](const auto& work) { note_needs(step, work); };
      std::visit(note, step.work);
    }
    (void)form(steps_.output, 1, 0);
    make_tensors();
    for (step_ = 0; step_ < static_cast<int>(steps_.steps.size()); ++step_) {
      const Step& step = steps_.steps[static_cast<std::size_t>(step_)];
      std::visit([&](const auto& work) { lower_step(step, work); }, step.work);
      form(step.output, 1, 0).made = true;
    }
    result_.output = form(steps_.output, 1, 0).tensor;
    place_tensors(result_);
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool blocked() const { return images_ > 1; }
  [[nodiscard]] const MapShape& shape(int value) const {
    return steps_.values[static_cast<std::size_t>(value)];
  }
  /// Planes that a reader of this stride needs.
  [[nodiscard]] int phases_for(std::int64_t stride) const {
    return blocked() ? 1 : static_cast<int>(stride);
  }

  Form& form(int value, int phases, float fill) {
    const auto found = std::find_if(forms_.begin(), forms_.end(), [&](const Form& form) {
      return form.value == value && form.phases == phases && form.fill == fill;
    });
    if (found != forms_.end()) return *found;
    forms_.push_back({.value = value, .phases = phases, .fill = fill, .halo = {}});
    return forms_.back();
  }
  void need(int value, int phases, float fill = 0, const Halo& halo = {}) {
    Form& needed = form(value, phases, fill);
    needed.halo = larger(needed.halo, halo);
    if (value != 0) (void)form(value, 1, 0);  // what a step makes; the input may come in any form
  }

  // Of steps that take the largest of a window, those whose padding may count as 0.
  void find_values_never_negative() {
    never_negative_.assign(steps_.values.size(), false);
    for (const Step& step : steps_.steps) {
      const bool input = step.input >= 0 && never_negative_[static_cast<std::size_t>(step.input)];
      const bool passes = std::holds_alternative<PoolStep>(step.work) ||
                          std::holds_alternative<FlattenStep>(step.work);
      never_negative_[static_cast<std::size_t>(step.output)] = step.low >= 0 || (passes && input);
    }
  }

  [[nodiscard]] Halo halo_of_pool(const Step& step, const PoolStep& pool) const {
    return halo_of(pool.window(shape(step.input).channels), shape(step.input),
                   shape(step.output).height, shape(step.output).width);
  }
  [[nodiscard]] bool averages_across(const Step& step, const PoolStep& pool) const {
    const MapShape& in = shape(step.input);
    return !blocked() && !pool.maximum && pool.kernel_width == in.width && pool.pad_left == 0 &&
           shape(step.output).width == 1;
  }
  [[nodiscard]] float fill_of_pool(const Step& step, const PoolStep& pool) const {
    const bool bare = halo_of_pool(step, pool) == Halo{};
    const bool zero =
        bare || !pool.maximum || never_negative_[static_cast<std::size_t>(step.input)];
    return zero ? 0 : -kInfinity;
  }
  [[nodiscard]] int phases_of_pool(const Step& step, const PoolStep& pool) const {
    return averages_across(step, pool) ? 1 : phases_for(pool.stride_x);
  }

  void note_needs(const Step& step, const SumStep& sum) {
    need(step.input, phases_for(sum.conv.stride_x), 0,
         halo_of(sum.conv, shape(step.input), shape(step.output).height, shape(step.output).width));
    if (sum.add) need(sum.add->source, phases_for(sum.add->axes[2].step));
  }
  void note_needs(const Step& step, const PoolStep& pool) {
    need(step.input, phases_of_pool(step, pool), fill_of_pool(step, pool),
         halo_of_pool(step, pool));
  }
  void note_needs(const Step& step, const ActivateStep& activate) {
    need(step.input, 1);
    if (activate.residual >= 0) need(activate.residual, 1);
  }
  void note_needs(const Step& step, const CopyStep&) {
    need(step.input, 1);
    (void)form(step.output, 1, 0);
  }
  void note_needs(const Step& step, const FlattenStep&) { need(step.input, 1); }

  // Tensors of one size get one halo, so that they can take each other's place.
  void share_halos() {
    for (Form& a : forms_) {
      for (const Form& b : forms_) {
        if (shape(a.value) == shape(b.value) && a.phases == b.phases && a.fill == b.fill)
          a.halo = larger(a.halo, b.halo);
      }
    }
  }
  void make_tensors() {
    for (const Step& step : steps_.steps) (void)form(step.output, 1, 0);
    share_halos();
    for (Form& form : forms_) {
      form.tensor = static_cast<int>(result_.tensors.size());
      const MapShape& map = shape(form.value);
      result_.tensors.push_back(
          {.layout = blocked() ? blocked_layout(map, form.halo, kernels_.lanes, images_)
                               : spatial_layout(map, form.halo, kernels_.lanes, form.phases),
           .fill = form.fill});
      if (form.value != 0) continue;
      form.made = true;
      result_.inputs.push_back(form.tensor);
    }
  }
  [[nodiscard]] const Layout& layout(const Form& form) const {
    return result_.tensors[static_cast<std::size_t>(form.tensor)].layout;
  }

  void push(Op op) {
    result_.ops.push_back(std::move(op));
    result_.steps.push_back(step_);
  }
  /// The form, made out of the value's own if it is not there yet.
  Form& made(int value, int phases, float fill = 0) {
    Form& wanted = form(value, phases, fill);
    if (wanted.made) return wanted;
    const Form& own = form(value, 1, 0);
    CopyOp copy{.view = view_of(value, shape(value)),
                .input = spot(own.tensor, layout(own)),
                .output = spot(wanted.tensor, layout(wanted)),
                .from = layout(own),
                .to = layout(wanted),
                .split = phases == 2 && fill == 0};
    push(std::move(copy));
    wanted.made = true;
    return wanted;
  }

  [[nodiscard]] Walk walk_of(int output, bool strided) {
    const Layout& to = layout(form(output, 1, 0));
    Walk walk{.rows = to.shape.height, .vectors = to.vectors(), .parts = 1, .tail = to.tail()};
    if (!strided || to.images <= to.lanes) return walk;
    walk.parts = to.images / to.lanes;
    walk.vectors = to.shape.width;
    return walk;
  }
  /// Spots of a pixel's vectors follow those of the next one, where a walk has parts.
  [[nodiscard]] Spot spot_in(const Form& form, const Walk& walk, int stride_y = 1,
                             int stride_x = 1) const {
    const Layout& in = layout(form);
    Spot result = spot(form.tensor, in);
    result.row *= stride_y;
    if (walk.parts > 1 || (in.blocked() && stride_x > 1))
      result.vector = std::int64_t{stride_x} * in.images;
    return result;
  }

  void lower_step(const Step& step, const SumStep& sum) {
    const Form& input = made(step.input, phases_for(sum.conv.stride_x));
    const bool strided = sum.conv.stride_x > 1 || (sum.add && sum.add->axes[2].step > 1);
    SumOp op{.conv = sum.conv, .walk = walk_of(step.output, strided)};
    op.input = spot_in(input, op.walk, sum.conv.stride_y, sum.conv.stride_x);
    op.output = spot_in(form(step.output, 1, 0), op.walk);
    op.low = step.low;
    op.high = step.high;
    op.point = !blocked() && shape(step.output).height == 1 && shape(step.output).width == 1;
    if (sum.add) set_addition(op, *sum.add);
    op.offsets = dense_offsets(sum.conv, layout(input));
    push(std::move(op));
  }
  void set_addition(SumOp& op, const MapView& view) {
    const auto step_x = static_cast<int>(view.axes[2].step);
    const Form& from = made(view.source, phases_for(step_x));
    op.add = spot_in(from, op.walk, static_cast<int>(view.axes[1].step), step_x);
    op.add.at =
        layout(from).at(static_cast<int>(view.axes[0].start), static_cast<int>(view.axes[1].start),
                        static_cast<int>(view.axes[2].start));
    op.add_first = static_cast<int>(view.axes[0].begin);
    op.add_end = static_cast<int>(view.axes[0].begin + view.axes[0].count);
  }

  void lower_step(const Step& step, const PoolStep& pool) {
    const bool across = averages_across(step, pool);
    const Form& input = made(step.input, phases_of_pool(step, pool), fill_of_pool(step, pool));
    PoolOp op{.walk = walk_of(step.output, pool.stride_x > 1),
              .channels = shape(step.output).channels,
              .maximum = pool.maximum,
              .across = across};
    op.input = spot_in(input, op.walk, pool.stride_y, pool.stride_x);
    op.output = spot_in(form(step.output, 1, 0), op.walk);
    if (across) {
      for (int y = 0; y < pool.kernel_height; ++y)
        for (int v = 0; v < layout(input).vectors(); ++v)
          op.offsets.push_back(static_cast<std::int32_t>(
              layout(input).at(0, y - pool.pad_top, v * kernels_.lanes) - layout(input).origin));
    } else {
      Convolution window = pool.window(shape(step.input).channels);
      op.offsets = dense_offsets(window, layout(input));
    }
    if (!pool.maximum) op.factors = factors_of(step, pool, op.walk);
    push(std::move(op));
  }
  /// One over the pixels that count in each window.
  [[nodiscard]] std::vector<float> factors_of(const Step& step, const PoolStep& pool,
                                              const Walk& walk) const {
    const MapShape& in = shape(step.input);
    const MapShape& out = shape(step.output);
    const auto count = [](int at, int stride, int kernel, int pad, int first, int end) {
      const int begin = at * stride - pad;
      return std::max(std::min(begin + kernel, end) - std::max(begin, first), 1);
    };
    const auto pixels = [&](int y, int x) {
      const int top = pool.count_padding ? pool.pad_top : 0;
      const int left = pool.count_padding ? pool.pad_left : 0;
      const int bottom = pool.count_padding ? pool.pad_bottom : 0;
      const int right = pool.count_padding ? pool.pad_right : 0;
      return static_cast<double>(count(y, pool.stride_y, pool.kernel_height, pool.pad_top, -top,
                                       in.height + bottom)) *
             count(x, pool.stride_x, pool.kernel_width, pool.pad_left, -left, in.width + right);
    };
    std::vector<float> factors;
    const int lanes = kernels_.lanes;
    const int pixels_a_vector = blocked() ? 1 : lanes;
    const int vectors_a_pixel = blocked() && walk.parts == 1 ? images_ / lanes : 1;
    for (int y = 0; y < out.height; ++y)
      for (int v = 0; v < walk.vectors; ++v)
        for (int lane = 0; lane < lanes; ++lane) {
          const int x = blocked() ? v / vectors_a_pixel : v * pixels_a_vector + lane;
          factors.push_back(static_cast<float>(1 / pixels(y, std::min(x, out.width - 1))));
        }
    return factors;
  }

  void lower_step(const Step& step, const ActivateStep& activate) {
    ActivateOp op{.walk = walk_of(step.output, false),
                  .channels = shape(step.output).channels,
                  .low = step.low,
                  .high = step.high};
    op.input = spot_in(made(step.input, 1), op.walk);
    op.output = spot_in(form(step.output, 1, 0), op.walk);
    if (activate.residual >= 0) op.residual = spot_in(made(activate.residual, 1), op.walk);
    push(std::move(op));
  }

  void lower_step(const Step& step, const CopyStep& copy) {
    const Form& from = made(step.input, 1);
    const Form& to = form(step.output, 1, 0);
    push(CopyOp{.view = copy.view,
                .channel = copy.channel,
                .y = copy.y,
                .x = copy.x,
                .input = spot(from.tensor, layout(from)),
                .output = spot(to.tensor, layout(to)),
                .from = layout(from),
                .to = layout(to)});
  }
  void lower_step(const Step& step, const FlattenStep&) {
    const Form& from = made(step.input, 1);
    const Form& to = form(step.output, 1, 0);
    push(FlattenOp{.input = spot(from.tensor, layout(from)),
                   .output = spot(to.tensor, layout(to)),
                   .from = layout(from),
                   .to = layout(to)});
  }

  const Steps& steps_;
  const Kernels& kernels_;
  int images_;
  int step_ = 0;
  std::vector<bool> never_negative_;
  std::vector<Form> forms_;
  Lowered result_;
};

}  // namespace

Lowered lower(const Steps& steps, const Kernels& kernels, int images) {
  return Lowering(steps, kernels, images).lower();
}

}  // namespace pollard::sparse
