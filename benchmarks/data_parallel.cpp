// A training step shared by two processes of one thread each, beside one process with one thread
// and one with two: the same batch, half of it a process where it is shared.
//
//   pollard_data_parallel_benchmark [model [batch [rounds [steps]]]]       resnet20 128 15 3
//
// Each contestant is started once, from this program, and they take turns: a line with a number of
// steps goes to its standard input, a line with seconds comes back. What counts are medians, and
// the medians of the ratios within rounds.
#include "train/data_parallel.h"

#include <ATen/Parallel.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <omp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "core/statistics.h"
#include "core/timing.h"
#include "exec/allocator.h"
#include "pollard/error.h"
#include "pollard/networks.h"
#include "pollard/sgd.h"
#include "pollard/torch_engine.h"
#include "random_batch.h"

namespace {

using namespace pollard;

constexpr ImageShape kImages{3, 32, 32};
constexpr std::int64_t kClasses = 10;
constexpr SgdSettings kSgd{.momentum = 0.9, .nesterov = true, .weight_decay = 2e-4};
constexpr double kRate = 0.01;

// A contestant's process: steps as asked for, until the standard input ends.
int work(const std::string& model, std::int64_t batch_size, int threads) {
  keep_freed_memory();
  at::set_num_threads(threads);
  omp_set_num_threads(threads);
  const auto group = join_process_group();
  const Graph graph = build_network(model, kImages, kClasses);
  auto engine = make_torch_engine(graph, {});
  const int ranks = group ? group->size() : 1;
  if (group) engine = make_data_parallel(std::move(engine), *group);
  engine->load_state(initialize(graph, 1, Initialization::Kaiming));
  const Batch batch = random_batch(batch_size / ranks, kImages, kClasses);
  std::int64_t done = 0;
  for (int steps = 0; std::cin >> steps;) {
    const Stopwatch watch;
    for (int i = 0; i < steps; ++i) {
      engine->forward_backward(batch, {.seed = 1, .epoch = 0, .step = done++});
      sgd_step(engine->slots(), kSgd, kRate);
    }
    (void)engine->take_meters();
    fmt::print("{:.6f}\n", watch.seconds());
    std::fflush(stdout);
  }
  return 0;
}

// One process, with pipes to its standard input and from its standard output.
class Worker {
 public:
  Worker(const char* self, const std::vector<std::string>& words, int rank, int ranks) {
    std::array<int, 2> down{}, up{};
    if (::pipe2(down.data(), O_CLOEXEC) != 0 || ::pipe2(up.data(), O_CLOEXEC) != 0) std::abort();
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(down[0], STDIN_FILENO);
      ::dup2(up[1], STDOUT_FILENO);
      ::setenv("WORLD_SIZE", std::to_string(ranks).c_str(), 1);
      ::setenv("RANK", std::to_string(rank).c_str(), 1);
      ::setenv("MASTER_ADDR", "127.0.0.1", 1);
      std::vector<char*> arguments = {const_cast<char*>(self)};
      for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
      arguments.push_back(nullptr);
      ::execv("/proc/self/exe", arguments.data());
      ::_exit(127);
    }
    ::close(down[0]);
    ::close(up[1]);
    to_ = ::fdopen(down[1], "w");
    from_ = ::fdopen(up[0], "r");
  }
  ~Worker() {
    std::fclose(to_);
    std::fclose(from_);
    ::waitpid(process_, nullptr, 0);
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void ask(int steps) {
    fmt::print(to_, "{}\n", steps);
    std::fflush(to_);
  }
  [[nodiscard]] double seconds() {
    double seconds = 0;
    if (std::fscanf(from_, "%lf", &seconds) != 1)
      throw Error(ErrorCode::Internal, "a contestant has ended");
    return seconds;
  }

 private:
  pid_t process_ = -1;
  std::FILE* to_ = nullptr;
  std::FILE* from_ = nullptr;
};

struct Contestant {
  std::string name;
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<double> ms = {}, ratios = {};  // of a step, by rounds; to the first contestant's

  double run(int steps) {
    for (const auto& worker : workers) worker->ask(steps);
    double slowest = 0;
    for (const auto& worker : workers) slowest = std::max(slowest, worker->seconds());
    return 1e3 * slowest / steps;
  }
};

int compare(const char* self, const std::string& model, int batch, int rounds, int steps) {
  const auto worker = [&](int threads, int rank, int ranks) {
    return std::make_unique<Worker>(
        self,
        std::vector<std::string>{"work", model, std::to_string(batch), std::to_string(threads)},
        rank, ranks);
  };
  std::vector<Contestant> all(3);
  all[0].name = "1 process, 1 thread";
  all[0].workers.push_back(worker(1, 0, 1));
  all[1].name = "1 process, 2 threads";
  all[1].workers.push_back(worker(2, 0, 1));
  all[2].name = "2 processes, 1 thread each";
  for (const int rank : {0, 1}) all[2].workers.push_back(worker(1, rank, 2));
  for (Contestant& each : all) (void)each.run(2);
  for (int round = 0; round < rounds; ++round) {
    for (Contestant& each : all) each.ms.push_back(each.run(steps));
    for (Contestant& each : all) each.ratios.push_back(all[0].ms.back() / each.ms.back());
  }
  fmt::print("{}, batch {}, {} rounds of {} steps\n", model, batch, rounds, steps);
  for (const Contestant& each : all) {
    const double ms = quantile(each.ms, 0.5);
    fmt::print(
        "{:<28} {:8.1f} ms a step (fastest {:.1f}), {:6.0f} images/s, {:.2f} times the first "
        "({:.2f}-{:.2f})\n",
        each.name, ms, quantile(each.ms, 0), 1e3 * batch / ms, quantile(each.ratios, 0.5),
        quantile(each.ratios, 0.25), quantile(each.ratios, 0.75));
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto number = [&](std::size_t at, int fallback) {
    return at < words.size() ? std::stoi(words[at]) : fallback;
  };
  try {
    if (words.size() == 4 && words[0] == "work") return work(words[1], number(2, 0), number(3, 1));
    return compare(argv[0], words.empty() ? "resnet20" : words[0], number(1, 128), number(2, 15),
                   number(3, 3));
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", one_line(error));
    return 1;
  }
}
