#include "experiment/runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/files.h"
#include "core/interrupt.h"
#include "core/timing.h"
#include "experiment/books.h"
#include "experiment/environment.h"
#include "experiment/network_copy.h"
#include "experiment/progress_record.h"
#include "experiment/result.h"
#include "experiment/run_engine.h"
#include "experiment/run_folder.h"
#include "experiment/setup.h"
#include "experiment/stage_exchange.h"
#include "experiment/store/configuration.h"
#include "experiment/team.h"
#include "method/imp.h"
#include "method/registry.h"
#include "method/sparsity_target.h"
#include "pollard/accounting.h"
#include "pollard/error.h"
#include "pollard/safetensors.h"
#include "prune/norm.h"
#include "train/checkpoint.h"
#include "train/evaluate.h"
#include "train/recalibrate.h"

namespace pollard {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// What the configuration names, loaded and checked, before anything is written.
struct Parts {
  int threads;
  DataSplits data;
  Graph graph;
  std::optional<ImportedWeights> weights;
  std::vector<Stage> stages;  // of the whole chain
  std::size_t wanted;         // how many of them this run is to finish
};

Parts prepare(const Config& config, ChainKind chain, int processes, Progress& progress) {
  const int threads = set_threads(static_cast<int>(config.integer("threads")));
  DataSplits data = make_data(config, progress);
  require_training_images(config, data);
  const Config files = with_network_of(config, config.text("out"));
  Graph graph = make_graph(files, *data.train);
  std::optional<ImportedWeights> weights;
  if (!config.text("weights").empty()) weights = import_weights(files, graph);
  std::vector<Stage> stages = plan_stages(
      config, graph, chain, {data.fingerprint, weights ? weights->hash : "", processes});
  const std::size_t wanted = stages.size();
  return {threads,           std::move(data), std::move(graph), std::move(weights),
          std::move(stages), wanted};
}

class Run final : private LoopObserver {
 public:
  // `store`: may be null.
  Run(const Config& config, Parts parts, const Team& team, const fs::path& path, const Store* store,
      bool resume, Progress& progress)
      : config_(config),
        parts_(std::move(parts)),
        team_(team),
        store_(store),
        progress_(progress),
        engine_(config, parts_.graph, team, progress),
        train_(*parts_.data.train, team.share(train_batches(config, *parts_.data.train))),
        test_(evaluated(), team.share(test_batches(config, evaluated()))),
        original_(original_rates(config, train_.batches_per_epoch())),
        folder_(team.folder(checked(path))),
        environment_(describe_environment(config.text("device"))) {
    std::optional<Checkpoint> checkpoint;
    if (resume) checkpoint = load_checkpoint(RunFolder::checkpoints_of(path), progress_);
    if (checkpoint) restore(*checkpoint);
    std::optional<StoredState> stored;
    if (store_ != nullptr) stored = take_from_store();
    if (model_is_a_file(config_)) keep_network(folder_.path(), parts_.graph, starting_state());
    write_file(folder_.file("config.toml"), config_.to_toml());
    if (team_.size() > 1) environment_["processes"] = team_.size();
    write_file(folder_.file("environment.json"), environment_.dump(1) + "\n");
    books_.emplace(folder_, at_.metrics_size, at_.events_size, evaluated_name());
    if (stored) repeat_books(*stored);
  }

  // The stages that are wanted and are not finished yet.
  void finish_stages() {
    announce();
    try {
      while (at_.stage < parts_.wanted) run_stage(parts_.stages[at_.stage]);
    } catch (const Error& error) {
      const bool stopped = error.code() == ErrorCode::Interrupted;
      if (stopped || error.code() == ErrorCode::Numeric)
        write_result(stopped ? "interrupted" : "failed");
      throw;
    }
  }

  json write_final() {
    const MaskSet masks = masks_.empty() ? MaskSet::dense(parts_.graph) : masks_;
    const Sparsity sparsity = measure_sparsity(parts_.graph, masks);
    Safetensors model{engine_->state(), {}};
    apply_masks(masks, model.tensors);
    const json test = last_test();
    model.metadata = network_notes(config_, parts_.graph);
    model.metadata.merge(std::map<std::string, std::string>{
        {"format", "pt"},
        {"seed", std::to_string(seed())},
        {"sparsity", fmt::format("{}", sparsity.prunable)},
        {"method", procedure(config_)},
        {"test_top1", fmt::format("{}", test["top1"].get<double>())},
        {"stage", parts_.stages.back().id}});
    write_safetensors(folder_.file("model.safetensors"), model);
    write_safetensors(folder_.file("masks.safetensors"), {masks.to_tensors(), {}});
    for (const Dataset* data : {parts_.data.train.get(), parts_.data.test.get()})
      warn_of_problems(*data, progress_);
    return write_result("done", test);
  }

 private:
  // ---- stages

  void run_stage(const Stage& stage) {
    watch_ = Stopwatch();
    if (at_.loop.epoch == 0 && at_.loop.step == 0) at_.stage_metrics = books_->metrics_size();
    switch (stage.kind) {
      case StageKind::Train:
        finish_stage(train_stage(stage));
        break;
      case StageKind::Import:
        finish_stage(import_stage(stage));
        break;
      case StageKind::Prune:
        finish_stage(prune_stage(stage));
        break;
      case StageKind::Retrain:
        finish_stage(retrain_stage(stage));
        break;
      case StageKind::Recalibrate:
        finish_stage(recalibrate_stage(stage));
        break;
    }
  }

  [[nodiscard]] TensorMap starting_state() const {
    return parts_.weights ? parts_.weights->state : make_initial_state(config_, parts_.graph);
  }

  json train_stage(const Stage& stage) {
    if (!restored_) engine_->load_state(starting_state());
    method_ = make_method(config_.text("train.method"), config_);
    if (at_.engine) {  // it goes on with the one that it had
      engine_.tell_kept(stage.label, "train.engine", *at_.engine);
      engine_.take(at_.engine->name, masks_);
    }
    const Meters test = run_loop(stage, original_.rates);
    masks_ = method_->finish();
    engine_.take("torch", masks_);
    std::optional<EngineChoice> engine;
    if (method_->only_masks()) engine = at_.engine.value_or(EngineChoice());
    return train_result(stage, method_->name(), engine, at_.loop.seconds, test);
  }

  json import_stage(const Stage& stage) {
    engine_->load_state(starting_state());
    const bool has_next = at_.stage + 1 < parts_.stages.size();
    if (has_next && parts_.stages[at_.stage + 1].kind == StageKind::Retrain)
      masks_ = masks_of_zeros(parts_.graph, engine_->state());
    const Meters test = evaluate(*engine_, test_, progress_);
    return import_result(stage, config_.text("weights"), watch_.seconds(), test);
  }

  json prune_stage(const Stage& stage) {
    if (masks_.empty()) masks_ = MaskSet::dense(parts_.graph);
    // What a method prunes is done already, at the end of its training.
    const bool by_magnitude = !prunes_in_training(config_);
    const PruneRule rule = {by_magnitude ? "magnitude" : config_.text("train.method"),
                            by_magnitude ? config_.text("prune.allocation") : "method"};
    const auto norms = [this] {
      const TensorMap state = engine_->state();
      return std::pair(squared_norm(parts_.graph, state, false),
                       squared_norm(parts_.graph, state, true));
    };
    const auto norms_before = by_magnitude ? norms() : std::pair(0.0, 0.0);
    const std::int64_t kept_before = masks_.kept();
    if (by_magnitude) imp_prune(*engine_, masks_, stage.kept, rule.allocation, seed());
    const Meters test = evaluate(*engine_, test_, progress_);
    const double before =
        at_.results.empty() ? 0 : at_.results.back()["test"]["top1"].get<double>();
    const Sparsity sparsity = measure_sparsity(parts_.graph, masks_);
    progress_.note(fmt::format("{}: kept {} of {} weights, {} top-1 {:.2f} % (not retrained)",
                               stage.label, sparsity.kept, sparsity.of, evaluated_name(),
                               test.top1));
    json result = prune_result(stage, rule, sparsity, watch_.seconds(), before, test);
    if (by_magnitude) {
      const auto norms_after = norms();
      result["norm_drop"] = norm_drop(norms_before.first, norms_after.first);
      result["norm_drop_prunable"] = norm_drop(norms_before.second, norms_after.second);
      result["step_sparsity"] = 1 - static_cast<double>(masks_.kept()) /
                                        static_cast<double>(std::max<std::int64_t>(1, kept_before));
    }
    return result;
  }

  json recalibrate_stage(const Stage& stage) {
    BatchLoader loader(*parts_.data.train, recalibration_batches(config_, *parts_.data.train));
    const std::int64_t batches =
        recalibrate(*engine_, loader, config_.integer("recalibrate.batches"), progress_);
    const Meters test = evaluate(*engine_, test_, progress_);
    const json before = at_.results.back()["test"];
    progress_.note(fmt::format("{}: {} batches, {} top-1 {:.2f} % -> {:.2f} %", stage.label,
                               batches, evaluated_name(), before["top1"].get<double>(), test.top1));
    return recalibrate_result(stage, batches, watch_.seconds(), before, test);
  }

  json retrain_stage(const Stage& stage) {
    // The optimizer starts anew before the first retraining and carries its momentum over later
    // ones.
    const bool reset = stage.cycle == 1 || config_.flag("retrain.reset_momentum");
    if (!restored_ && reset) {
      TensorMap zero = engine_->velocity();
      for (auto& [name, tensor] : zero) tensor = HostTensor::zeros(tensor.dtype, tensor.shape);
      engine_->load_velocity(zero);
    }
    choose_engine_of(stage);
    method_ = std::make_unique<FixedMasks>(masks_);
    const LearningRates rates =
        retrain_rates(config_, train_.batches_per_epoch(), stage.epochs, drop_before(stage));
    const Meters test = run_loop(stage, rates.rates);
    masks_ = method_->finish();
    engine_.take("torch", masks_);
    json result = retrain_result(stage, config_.text("retrain.schedule"), *at_.engine,
                                 measure_sparsity(parts_.graph, masks_), at_.loop.seconds, test);
    if (const json* pruned = last_pruning(at_.results); pruned != nullptr)
      result["increase"] = test.top1 - (*pruned)["test"]["top1"].get<double>();
    return result;
  }

  // A stage that goes on does so with the engine it began with.
  void choose_engine_of(const Stage& stage) {
    constexpr std::string_view kSetting = "retrain.engine";
    if (restored_) {
      if (!at_.engine) at_.engine = EngineChoice();  // the checkpoint is older than the choice
      engine_.tell_kept(stage.label, kSetting, *at_.engine);
    } else if (!at_.engine || !engine_.measures(kSetting)) {
      at_.engine = engine_.choose(masks_, train_);
      if (engine_.measures(kSetting)) checkpoint(at_.loop);
    }
    engine_.tell(stage.label, *at_.engine);
    engine_.take(at_.engine->name, masks_);
  }

  // A training whose method has masked more by now.
  void reconsider_engine() {
    const Stage& stage = parts_.stages[at_.stage];
    if (!method_->only_masks() || at_.loop.epoch == stage.epochs) return;
    const std::optional<EngineChoice> choice = engine_.choose_again(at_.engine, train_);
    if (!choice) return;
    at_.engine = choice;
    if (engine_.measures("train.engine")) checkpoint(at_.loop);
    engine_.tell(stage.label, *choice);
  }

  Meters run_loop(const Stage& stage, std::span<const double> rates) {
    method_->attach({*engine_, stage.epochs, train_.batches_per_epoch(), seed(),
                     sparsity_goal(config_), make_sgd(config_)});
    if (restored_) method_->load(restored_->method);
    restored_.reset();
    const LoopSettings settings{.label = stage.label,
                                .evaluated = evaluated_name(),
                                .epochs = stage.epochs,
                                .rates = rates,
                                .sgd = make_sgd(config_),
                                .seed = seed(),
                                .record_interval = config_.integer("metrics.interval"),
                                .group = team_.group()};
    mark_ = {at_.stage, std::string(stage_name(stage.kind)), present_sparsity(), at_.first_step};
    return train_loop(*engine_, *method_, train_, test_, settings, at_.loop, *this, progress_);
  }

  void finish_stage(json result) {
    method_.reset();
    restored_.reset();
    if (store_ != nullptr) put_in_store(result);
    at_.results.push_back(std::move(result));
    at_.first_step += steps_of(parts_.stages[at_.stage]);
    ++at_.stage;
    at_.loop = {};
    at_.engine.reset();
    try {
      checkpoint(at_.loop);
    } catch (const Error&) {
      at_.results.erase(at_.results.size() - 1);  // what cannot be saved is not finished
      throw;
    }
    if (team_.interrupted() != 0 && at_.stage < parts_.wanted) {
      throw Error(ErrorCode::Interrupted, "interrupted after a stage; a checkpoint is saved",
                  "go on with --resume");
    }
  }

  // ---- the store

  // Takes over what the store has beyond where this run stands.
  std::optional<StoredState> take_from_store() {
    const auto reach = leaders_reach();
    if (!reach || std::pair(reach->stages, reach->epochs) <= std::pair(at_.stage, at_.loop.epoch))
      return {};
    StoredState stored = take_stages(*store_, *reach);
    at_ = {};
    at_.stage = reach->stages;
    at_.results = stored.results;
    at_.engine = stored.engine;
    load_tensors(stored.tensors, "the store");
    restored_.reset();
    if (reach->epochs > 0) {
      at_.loop = {reach->epochs, 0, {}, stored.partial_seconds};
      restored_.emplace();
    }
    return stored;
  }

  // All processes take the same, whatever comes into the store meanwhile.
  [[nodiscard]] std::optional<Reach> leaders_reach() const {
    std::optional<Reach> reach;
    if (team_.leads()) reach = furthest(*store_, std::span(parts_.stages).first(parts_.wanted));
    if (team_.size() == 1) return reach;
    const json own = reach ? json{reach->stages, reach->id, reach->epochs} : json();
    const json said = json::parse(team_.leaders(own.dump(), "what the store has"));
    if (said.is_null()) return {};
    return Reach{said[0], said[1], said[2]};
  }

  void repeat_books(const StoredState& stored) {
    for (std::size_t i = 0; i < stored.metrics.size(); ++i) {
      books_->repeat(stored.metrics[i], at_.first_step);
      at_.first_step += stored.steps[i];
    }
    at_.stage_metrics = books_->metrics_size();
    books_->repeat(stored.partial_metrics, at_.first_step);
  }

  void put_in_store(const json& result) {
    const Stage& stage = parts_.stages[at_.stage];
    json test;
    if (parts_.data.validation) test = test_result();
    if (!team_.leads()) return;
    const std::string lines = read_text(folder_.file("metrics.jsonl"));
    const StageRecord record{.id = stage.id,
                             .parent = at_.stage > 0 ? parts_.stages[at_.stage - 1].id : "",
                             .kind = std::string(stage_name(stage.kind)),
                             .label = stage.label,
                             .settings = settings_of(config_, parts_.stages, at_.stage),
                             .result = result,
                             .environment = environment_,
                             .series = stage.series,
                             .epochs = stage.epochs,
                             .first_step = at_.first_step,
                             .steps = steps_of(stage)};
    put_stage(*store_, {record,
                        test,
                        std::string_view(lines).substr(static_cast<std::size_t>(at_.stage_metrics)),
                        {"{}", engine_->state(), engine_->velocity(), masks_.to_tensors(), {}}});
  }

  [[nodiscard]] std::int64_t steps_of(const Stage& stage) const {
    return stage.epochs * train_.batches_per_epoch();
  }

  // ---- books

  void on_step(const StepRecord& record) override { books_->step(mark_, record); }
  void on_epoch(const EpochRecord& record) override {
    books_->epoch(mark_, record);
    reconsider_engine();
  }
  [[nodiscard]] bool checkpoint_due() override {
    return team_.leads() && since_checkpoint_.seconds() >= config_.real("checkpoint.interval");
  }

  void checkpoint(const LoopPosition& position) override {
    at_.loop = position;
    if (!team_.leads()) return;
    at_.metrics_size = books_->metrics_size();
    at_.events_size = books_->events_size();
    at_.threads = parts_.threads;
    at_.processes = team_.size();
    at_.stage_ids = stage_ids();
    save_checkpoint(folder_.checkpoints(),
                    {encode(at_), engine_->state(), engine_->velocity(), masks_.to_tensors(),
                     method_ ? method_->save() : TensorMap()});
    since_checkpoint_ = Stopwatch();
  }

  void restore(Checkpoint& checkpoint) {
    at_ = decode_progress(checkpoint.progress);
    require_same_run(at_, {.folder = folder_.path(),
                           .stage_ids = stage_ids(),
                           .wanted = parts_.wanted,
                           .threads = parts_.threads,
                           .processes = team_.size()});
    load_tensors(checkpoint, "the checkpoint");
    const bool within = at_.stage < parts_.wanted && (at_.loop.epoch > 0 || at_.loop.step > 0);
    if (within) restored_ = std::move(checkpoint);
  }

  void load_tensors(const Checkpoint& checkpoint, const std::string& origin) {
    masks_ = checkpoint.masks.empty() ? MaskSet()
                                      : MaskSet::from_tensors(parts_.graph, checkpoint.masks);
    engine_->load_state(match_state(parts_.graph, checkpoint.weights, origin));
    engine_->load_velocity(checkpoint.velocity);
    engine_->set_masks(masks_.to_tensors());
  }

  void announce() {
    progress_.note(parts_.data.origin);
    progress_.note(
        fmt::format("{}: {} weights, {:.1f} M multiply-adds an image; {} on {}, {} thread{}{}; {}",
                    config_.text("model"), parts_.graph.parameter_count(),
                    static_cast<double>(multiply_adds(parts_.graph)) / 1e6, config_.text("data"),
                    config_.text("device"), parts_.threads, parts_.threads == 1 ? "" : "s",
                    team_.size() == 1 ? "" : fmt::format(" on each of {} processes", team_.size()),
                    folder_.path().string()));
    if (at_.stage == 0 && at_.loop.epoch == 0 && at_.loop.step == 0) return;
    if (at_.stage == parts_.wanted) return progress_.note("this run is done already");
    progress_.note(fmt::format("going on in stage {} of {} ({}), epoch {}, step {}", at_.stage + 1,
                               parts_.stages.size(), parts_.stages[at_.stage].label,
                               at_.loop.epoch + 1, at_.loop.step));
  }

  // ---- the end

  // On held-out images where there are some: the test set is for the end alone.
  [[nodiscard]] const Dataset& evaluated() const {
    return parts_.data.validation ? *parts_.data.validation : *parts_.data.test;
  }
  [[nodiscard]] std::string evaluated_name() const {
    return parts_.data.validation ? "validation" : "test";
  }
  [[nodiscard]] json last_test() {
    return parts_.data.validation ? test_result() : at_.results.back()["test"];
  }
  [[nodiscard]] json test_result() {
    BatchLoader loader(*parts_.data.test, team_.share(test_batches(config_, *parts_.data.test)));
    return to_json(evaluate(*engine_, loader, progress_));
  }

  json write_result(std::string_view status, const json& test = nullptr) {
    const bool held_out = parts_.data.validation != nullptr;
    json result =
        run_result(config_, status, held_out ? as_validation(at_.results, test) : at_.results);
    write_file(folder_.file("result.json"), result.dump(1) + "\n");
    return result;
  }

  [[nodiscard]] std::vector<std::string> stage_ids() const {
    std::vector<std::string> ids;
    for (const Stage& stage : parts_.stages) ids.push_back(stage.id);
    return ids;
  }

  // Before the folder is touched.
  [[nodiscard]] const fs::path& checked(const fs::path& path) const {
    check_retraining(config_, parts_.stages, train_.batches_per_epoch());
    check_engine(config_, parts_.graph);
    team_.check(parts_.graph, parts_.data.train->size());
    return path;
  }

  // ---- rates of retraining

  // What pruning took away, where the rates of this retraining depend on it.
  [[nodiscard]] std::optional<PruneDrop> drop_before(const Stage& stage) const {
    if (!wants_drop(config_, stage.cycle, parts_.stages.back().cycle)) return {};
    return drop_of_pruning(at_.results, config_.text("retrain.allr_norm") == "prunable");
  }

  [[nodiscard]] double present_sparsity() const {
    return masks_.empty() ? 0 : measure_sparsity(parts_.graph, masks_).prunable;
  }
  [[nodiscard]] std::uint64_t seed() const {
    return static_cast<std::uint64_t>(config_.integer("seed"));
  }

  const Config& config_;
  Parts parts_;
  const Team& team_;
  const Store* store_;
  Progress& progress_;
  RunEngine engine_;
  BatchLoader train_, test_;
  LearningRates original_;
  RunFolder folder_;
  json environment_;
  std::optional<Books> books_;
  ProgressRecord at_;
  std::optional<Checkpoint> restored_;  // while a stage that was under way has not gone on yet
  MaskSet masks_;
  std::unique_ptr<Method> method_;
  StageMark mark_;
  Stopwatch watch_, since_checkpoint_;
};

}  // namespace

RunOutcome run_chain(const Config& config, ChainKind chain, bool resume, Progress& progress) {
  const fs::path path = config.text("out");
  const Team team(config);
  if (team.leads() && !resume && RunFolder::holds_run(path)) {
    throw Error(ErrorCode::Config, "'" + path.string() + "' holds a run already",
                "go on with it with --resume, or choose another folder with out=DIR");
  }
  std::optional<Store> store;
  if (!config.text("store").empty()) store.emplace(config.text("store"));
  Progress& voice = team.voice(progress);
  Parts parts = prepare(config, chain, team.size(), voice);
  if (store && team.leads()) keep_configuration(*store, configuration_of(config, parts.stages));
  Run run(config, std::move(parts), team, path, store ? &*store : nullptr, resume, voice);
  run.finish_stages();
  json result = run.write_final();
  return {path, std::move(result), team.leads()};
}

void run_stage(const Config& config, ChainKind chain, const Store& store, std::string_view id,
               Progress& progress) {
  const Team alone;
  Parts parts = prepare(config, chain, alone.size(), progress);
  const auto stage = std::ranges::find(parts.stages, id, &Stage::id);
  if (stage == parts.stages.end()) {
    throw Error(ErrorCode::Config,
                fmt::format("the configuration of stage {} has no such stage", id),
                "the data or the program changed since the sweep was started: start it again");
  }
  parts.wanted = static_cast<std::size_t>(stage - parts.stages.begin()) + 1;
  const fs::path folder = store.work_folder(id);
  Run(config, std::move(parts), alone, folder, &store, true, progress).finish_stages();
  fs::remove_all(folder);
}

}  // namespace pollard
