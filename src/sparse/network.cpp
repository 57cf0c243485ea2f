// A batch is cut into chunks: blocks of images and single ones, whichever take least time together,
// dealt out to the threads beforehand (few images in blocks of half as many lanes), each of which
// computes its chunks band by band (bands.h). A batch too small for that has each image's rows
// shared out.
#include "sparse/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "core/threads.h"
#include "core/timing.h"
#include "pollard/error.h"
#include "sparse/layer_weights.h"
#include "sparse/program.h"
#include "sparse/thread_pool.h"

namespace pollard::sparse {
namespace {

// A program, arenas for it, and what a run of it costs: seconds, or the rule's stand-in for them.
struct Unit {
  std::unique_ptr<Program> program;
  std::vector<Arena> arenas;  // by thread, those that were needed
  double cost = 0;
  double shared_cost = 0;  // with the rows shared out over all threads; of single images
};

struct Chunk {
  Unit* unit = nullptr;
  std::int64_t first = 0, count = 0;
};

struct Schedule {
  bool shared = false;                     // all threads work on each chunk, those of thread 0
  std::vector<std::vector<Chunk>> chunks;  // by thread
  double cost = 0;
};

constexpr double kSingleCost = 1.5;            // the rule: of an image alone, over one in a block
constexpr double kHalfCost = 1.25;             // the rule: of one in a block of half the lanes
constexpr double kBarrierCost = 40000;         // the rule: of waiting for each other, multiply-adds
constexpr std::int64_t kWideBytes = 1 << 17;   // blocks are made wider up to this size
constexpr std::int64_t kLargeBytes = 3 << 19;  // of larger ones, single images may be faster

// Those with half as many lanes, or null. Without vectors there is no use in them.
const Kernels* half_of(const Kernels& kernels) {
  const std::span<const Kernels* const> all = available_kernels();
  for (const Kernels* other : all.first(all.size() - 1)) {
    if (2 * other->lanes == kernels.lanes) return other;
  }
  return nullptr;
}

std::string operation_of(const Convolution& conv, const MapShape& output) {
  if (output.height == 1 && output.width == 1 && conv.pad_top == 0 && conv.pad_left == 0)
    return "Gemm";
  std::string text = fmt::format("Conv {}x{}", conv.kernel_height, conv.kernel_width);
  if (conv.stride_y != 1 || conv.stride_x != 1) {
    text += conv.stride_y == conv.stride_x ? fmt::format(" /{}", conv.stride_x)
                                           : fmt::format(" /{}x{}", conv.stride_y, conv.stride_x);
  }
  if (conv.groups != 1) text += fmt::format(" {} groups", conv.groups);
  return text;
}

}  // namespace

class Network::Impl {
 public:
  Impl(const Graph& graph, const TensorMap& state, const NetworkOptions& options,
       const TensorMap* masks)
      : input_shape_(graph.input_shape()),
        inputs_(element_count(graph.shape(Graph::kInput))),
        outputs_(element_count(graph.shape(graph.output()))),
        options_(options),
        kernels_(options.kernels != nullptr ? *options.kernels : best_kernels()),
        steps_(graph, state, masks),
        pool_(resolve_threads(options.threads)) {
    describe();
    note_decisions(options.batch > 0 ? *schedule_for(options.batch).chunks[0].front().unit->program
                                     : *unit(kernels_.lanes).program);
  }

  void update(const TensorMap& state) {
    steps_.update(state);
    for (auto& [images, unit] : units_) unit.program->set_weights(steps_.weights());
  }

  void run(std::span<const float> images, std::int64_t count, std::span<float> outputs,
           ImageOrder order) {
    if (count < 0 || std::ssize(images) != count * inputs_ ||
        std::ssize(outputs) != count * outputs_) {
      throw Error(ErrorCode::Input,
                  fmt::format("{} images of {} floats with outputs of {} expected, got {} and {} "
                              "floats",
                              count, inputs_, outputs_, images.size(), outputs.size()));
    }
    if (count == 0) return;
    schedule_ = &schedule_for(count);
    images_ = images.data();
    result_ = outputs.data();
    order_ = order;
    for (std::vector<double>& seconds : seconds_) std::fill(seconds.begin(), seconds.end(), 0.0);
    pool_.run([this](int thread) { work(thread); });
    if (profiling_) sum_seconds();
  }

  [[nodiscard]] std::int64_t memory() const {
    std::int64_t bytes = 0;
    for (const auto& [images, unit] : units_) {
      bytes += unit.program->weight_bytes();
      for (const Arena& arena : unit.arenas)
        bytes += arena.size() * static_cast<std::int64_t>(sizeof(float));
    }
    return bytes;
  }

  void profile(bool on) {
    profiling_ = on;
    layer_seconds_.assign(on ? plan_.size() : 0, 0.0);
    seconds_.assign(static_cast<std::size_t>(on ? pool_.size() : 0),
                    std::vector<double>(steps_.steps().steps.size(), 0.0));
  }

  ImageShape input_shape_;
  std::int64_t inputs_, outputs_;
  std::vector<LayerPlan> plan_;
  std::vector<double> layer_seconds_;

  [[nodiscard]] int threads() const { return pool_.size(); }

 private:
  // ---- what is planned ----

  void describe() {
    for (std::size_t i = 0; i < steps_.steps().steps.size(); ++i) {
      const Step& step = steps_.steps().steps[i];
      const auto* sum = std::get_if<SumStep>(&step.work);
      layers_.push_back(sum != nullptr ? static_cast<int>(plan_.size()) : -1);
      if (sum == nullptr) continue;
      const MapShape& output = steps_.steps().values[static_cast<std::size_t>(step.output)];
      const std::vector<std::uint8_t>& kept = steps_.weights()[i].kept;
      LayerPlan layer{.name = step.node, .operation = operation_of(sum->conv, output)};
      layer.density = steps_.weights()[i].density;
      layer.kept = std::count_if(kept.begin(), kept.end(), [](auto k) { return k != 0; });
      layer.weights = std::ssize(kept);
      layer.dense_multiply_adds = layer.weights * output.height * output.width;
      kept_multiply_adds_ += static_cast<double>(layer.kept * output.height * output.width);
      plan_.push_back(std::move(layer));
    }
  }

  void note_decisions(const Program& program) {
    for (std::size_t op = 0; op < program.lowered().ops.size(); ++op) {
      if (!std::holds_alternative<SumOp>(program.lowered().ops[op])) continue;
      const int layer = layers_[static_cast<std::size_t>(program.lowered().steps[op])];
      const Decision& decision = program.decisions()[op];
      LayerPlan& plan = plan_[static_cast<std::size_t>(layer)];
      plan.sparse = decision.choice.sparse;
      plan.sparse_ms = decision.sparse_seconds * 1e3;
      plan.dense_ms = decision.dense_seconds * 1e3;
      plan.tile_rows = decision.choice.tile_rows;
      plan.tile_vectors = decision.choice.tile_vectors;
    }
  }

  // ---- programs and their costs ----

  [[nodiscard]] int half_lanes() const { return half_ != nullptr ? half_->lanes : kernels_.lanes; }
  [[nodiscard]] const Kernels& kernels_for(int images) const {
    return half_ != nullptr && images == half_->lanes ? *half_ : kernels_;
  }

  Unit& unit(int images) {
    const auto [place, fresh] = units_.try_emplace(images);
    Unit& unit = place->second;
    if (!fresh) return unit;
    unit.program = std::make_unique<Program>(steps_.steps(), steps_.weights(), kernels_for(images),
                                             images, options_);
    unit.arenas.resize(static_cast<std::size_t>(threads()));
    unit.cost = options_.measure ? measured_cost(unit, false) : ruled_cost(unit, false);
    if (options_.measure && !options_.banding) measure_bandings(unit);
    if (images == 1 && threads() > 1)
      unit.shared_cost = options_.measure ? measured_cost(unit, true) : ruled_cost(unit, true);
    return unit;
  }

  [[nodiscard]] double ruled_cost(const Unit& unit, bool shared) const {
    const int images = unit.program->images();
    const double single = kept_multiply_adds_ * kSingleCost;
    if (shared) {
      return single / threads() +
             kBarrierCost * static_cast<double>(unit.program->lowered().ops.size());
    }
    if (images == 1) return single;
    return kept_multiply_adds_ * images * (images < kernels_.lanes ? kHalfCost : 1);
  }

  double measured_cost(Unit& unit, bool shared) {
    const Arena& arena = arena_of(unit, 0);
    const auto run = [&](int thread) {
      if (!shared) {
        for (const Band& band : unit.program->bands()) unit.program->run_band(band, arena);
        return;
      }
      for (std::size_t op = 0; op < unit.program->lowered().ops.size(); ++op) {
        unit.program->run_op(op, arena, thread, threads());
        pool_.barrier();
      }
    };
    double best = std::numeric_limits<double>::infinity();
    for (int i = 0; i < 4; ++i) {
      const Stopwatch watch;
      shared ? pool_.run(run) : run(0);
      best = std::min(best, watch.seconds());
    }
    return best;
  }

  void measure_bandings(Unit& unit) {
    Program& program = *unit.program;
    if (program.bands().size() == program.lowered().ops.size()) return;  // no map is large
    const Banding first = program.banding();
    Banding best = first;
    for (const Banding& banding : kBandings) {
      if (banding == first) continue;
      program.set_banding(banding);
      const double cost = measured_cost(unit, false);
      if (cost >= unit.cost) continue;
      unit.cost = cost;
      best = banding;
    }
    program.set_banding(best);
  }

  const Arena& arena_of(Unit& unit, int thread) {
    Arena& arena = unit.arenas[static_cast<std::size_t>(thread)];
    if (arena.data() == nullptr) arena = unit.program->new_arena();
    return arena;
  }

  // ---- schedules ----

  const Schedule& schedule_for(std::int64_t count) {
    const auto found = schedules_.find(count);
    if (found != schedules_.end()) return found->second;
    Schedule schedule = best_schedule(count);
    for (int thread = 0; thread < threads(); ++thread) {
      for (const Chunk& chunk : schedule.chunks[static_cast<std::size_t>(thread)])
        (void)arena_of(*chunk.unit, thread);
    }
    return schedules_.emplace(count, std::move(schedule)).first->second;
  }

  Schedule best_schedule(std::int64_t count) {
    const int lanes = kernels_.lanes, half = half_lanes();
    std::vector<Schedule> candidates;
    const bool idle = count < static_cast<std::int64_t>(lanes) * threads();
    if (2 * count > lanes) candidates.push_back(blocks(count, lanes));
    if (half_ != nullptr && idle && 2 * count > half) candidates.push_back(blocks(count, half));
    const bool large = unit_bytes(lanes) > kLargeBytes && (options_.measure || candidates.empty());
    if (candidates.empty() || idle || large) candidates.push_back(singles(count));
    if (threads() > 1 && count < 2 * threads()) candidates.push_back(shared(count));
    return *std::min_element(candidates.begin(), candidates.end(),
                             [](const Schedule& a, const Schedule& b) { return a.cost < b.cost; });
  }

  [[nodiscard]] std::int64_t unit_bytes(int images) {
    return lower(steps_.steps(), kernels_for(images), images).size *
           static_cast<std::int64_t>(sizeof(float));
  }

  /// Of so many images, or of more where that lets small layers reuse their weights; the rest in
  /// the smallest block that it fits, or one by one.
  Schedule blocks(std::int64_t count, int lanes) {
    Schedule schedule = empty_schedule();
    std::int64_t first = 0;
    const auto add_blocks = [&](int images) {
      for (; count - first >= images; first += images) add(schedule, unit(images), first, images);
    };
    int wide = lanes;
    while (lanes == kernels_.lanes && count >= 2 * wide * threads() && wide < 4 * lanes &&
           unit_bytes(2 * wide) <= kWideBytes)
      wide *= 2;
    if (wide > lanes) add_blocks(wide);
    add_blocks(lanes);
    const std::int64_t rest = count - first;
    if (rest == 0) return schedule;
    const int fitting = rest <= half_lanes() ? half_lanes() : lanes;
    if (2 * rest <= fitting || static_cast<double>(rest) * unit(1).cost < unit(fitting).cost) {
      for (; first < count; ++first) add(schedule, unit(1), first, 1);
    } else {
      add(schedule, unit(fitting), first, rest);
    }
    return schedule;
  }

  Schedule singles(std::int64_t count) {
    Schedule schedule = empty_schedule();
    for (std::int64_t first = 0; first < count; ++first) add(schedule, unit(1), first, 1);
    return schedule;
  }

  Schedule shared(std::int64_t count) {
    Schedule schedule = empty_schedule();
    schedule.shared = true;
    for (std::int64_t first = 0; first < count; ++first)
      schedule.chunks[0].push_back({&unit(1), first, 1});
    schedule.cost = static_cast<double>(count) * unit(1).shared_cost;
    return schedule;
  }

  [[nodiscard]] Schedule empty_schedule() const {
    Schedule schedule;
    schedule.chunks.resize(static_cast<std::size_t>(threads()));
    return schedule;
  }

  /// To the thread that has least to do so far.
  static void add(Schedule& schedule, Unit& unit, std::int64_t first, std::int64_t count) {
    const auto load = [](const std::vector<Chunk>& chunks) {
      double sum = 0;
      for (const Chunk& chunk : chunks) sum += chunk.unit->cost;
      return sum;
    };
    std::vector<Chunk>* least = &schedule.chunks[0];
    for (std::vector<Chunk>& chunks : schedule.chunks) {
      if (load(chunks) < load(*least)) least = &chunks;
    }
    least->push_back({&unit, first, count});
    schedule.cost = std::max(schedule.cost, load(*least));
  }

  // ---- running ----

  void work(int thread) {
    if (schedule_->shared) {
      for (const Chunk& chunk : schedule_->chunks[0]) run_shared(chunk, thread);
      return;
    }
    for (const Chunk& chunk : schedule_->chunks[static_cast<std::size_t>(thread)]) {
      const Program& program = *chunk.unit->program;
      const Arena& arena = chunk.unit->arenas[static_cast<std::size_t>(thread)];
      program.load(arena, images_ + chunk.first * inputs_, chunk.count, order_);
      for (const Band& band : program.bands()) {
        timed(program, band.op, thread, [&] { program.run_band(band, arena); });
      }
      program.store(arena, chunk.count, result_ + chunk.first * outputs_);
    }
  }

  void run_shared(const Chunk& chunk, int thread) {
    const Program& program = *chunk.unit->program;
    const Arena& arena = chunk.unit->arenas[0];
    if (thread == 0) program.load(arena, images_ + chunk.first * inputs_, chunk.count, order_);
    pool_.barrier();
    for (std::size_t op = 0; op < program.lowered().ops.size(); ++op) {
      timed(program, static_cast<int>(op), thread,
            [&] { program.run_op(op, arena, thread, threads()); });
      pool_.barrier();
    }
    if (thread == 0) program.store(arena, chunk.count, result_ + chunk.first * outputs_);
  }

  template <typename Work>
  void timed(const Program& program, int op, int thread, const Work& work) {
    if (!profiling_) return work();
    const Stopwatch watch;
    work();
    const int step = program.lowered().steps[static_cast<std::size_t>(op)];
    seconds_[static_cast<std::size_t>(thread)][static_cast<std::size_t>(step)] += watch.seconds();
  }

  void sum_seconds() {
    std::fill(layer_seconds_.begin(), layer_seconds_.end(), 0.0);
    for (const std::vector<double>& seconds : seconds_) {
      for (std::size_t step = 0; step < seconds.size(); ++step) {
        if (layers_[step] >= 0)
          layer_seconds_[static_cast<std::size_t>(layers_[step])] += seconds[step] / threads();
      }
    }
  }

  NetworkOptions options_;
  const Kernels& kernels_;
  const Kernels* half_ = half_of(kernels_);
  WeightedSteps steps_;
  ThreadPool pool_;
  std::vector<int> layers_;  // of each step: its place in the plan, or -1
  double kept_multiply_adds_ = 0;
  std::map<int, Unit> units_;  // by images
  std::map<std::int64_t, Schedule> schedules_;
  // The run in progress.
  const Schedule* schedule_ = nullptr;
  const float* images_ = nullptr;
  float* result_ = nullptr;
  ImageOrder order_ = ImageOrder::ChannelsFirst;
  bool profiling_ = false;
  std::vector<std::vector<double>> seconds_;  // by thread, by step
};

Network::Network(const Graph& graph, const TensorMap& state, const NetworkOptions& options,
                 const TensorMap* masks)
    : impl_(std::make_unique<Impl>(graph, state, options, masks)) {}
Network::~Network() = default;
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;

void Network::update(const TensorMap& state) { impl_->update(state); }
void Network::run(std::span<const float> images, std::int64_t count, std::span<float> outputs,
                  ImageOrder order) {
  impl_->run(images, count, outputs, order);
}
std::int64_t Network::inputs() const { return impl_->inputs_; }
std::int64_t Network::outputs() const { return impl_->outputs_; }
ImageShape Network::input_shape() const { return impl_->input_shape_; }
int Network::threads() const { return impl_->threads(); }
const std::vector<LayerPlan>& Network::plan() const { return impl_->plan_; }
std::int64_t Network::memory() const { return impl_->memory(); }
void Network::profile(bool on) { impl_->profile(on); }
std::span<const double> Network::layer_seconds() const { return impl_->layer_seconds_; }

}  // namespace pollard::sparse
