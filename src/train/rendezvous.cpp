#include "train/rendezvous.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

#include "pollard/error.h"

namespace pollard {
namespace {

constexpr const char* kConvention =
    "each process needs RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, as torchrun sets them, or "
    "to be started by srun; docs/data-parallel.md has examples";

class Reader {
 public:
  explicit Reader(const Variables& variable) : variable_(variable) {}

  [[nodiscard]] std::optional<std::string> text(const std::string& name) const {
    std::optional<std::string> value = variable_(name);
    if (value && value->empty()) value.reset();
    return value;
  }

  [[nodiscard]] std::optional<int> number(const std::string& name, int least, int most) const {
    const std::optional<std::string> value = text(name);
    if (!value) return {};
    int parsed = 0;
    const char* const end = value->data() + value->size();
    const auto [stopped, error] = std::from_chars(value->data(), end, parsed);
    if (error != std::errc() || stopped != end || parsed < least || parsed > most) {
      throw Error(
          ErrorCode::Config,
          fmt::format("the environment variable {} is '{}', expected a number from {} to {}", name,
                      *value, least, most),
          kConvention);
    }
    return parsed;
  }

  [[nodiscard]] int rank(const std::string& name, int size) const {
    if (const std::optional<int> found = number(name, 0, size - 1)) return *found;
    throw Error(
        ErrorCode::Config,
        fmt::format("the environment speaks of {} processes, but {} is missing", size, name),
        kConvention);
  }

 private:
  const Variables& variable_;
};

constexpr int kMost = 1 << 20, kLastPort = 65535;

Rendezvous of_torchrun(const Reader& read, int size) {
  Rendezvous r;
  r.size = size;
  r.rank = read.rank("RANK", size);
  r.local_rank = read.number("LOCAL_RANK", 0, kMost).value_or(r.rank);
  const std::optional<std::string> host = read.text("MASTER_ADDR");
  if (!host) {
    throw Error(ErrorCode::Config,
                fmt::format("WORLD_SIZE is {}, but MASTER_ADDR is missing", size), kConvention);
  }
  r.host = *host;
  r.launcher_listens = read.text("TORCHELASTIC_USE_AGENT_STORE") == "True";
  if (r.launcher_listens) {
    r.prefix = fmt::format("/worker/attempt_{}",
                           read.number("TORCHELASTIC_RESTART_COUNT", 0, kMost).value_or(0));
  }
  return r;
}

// A batch script has the variables of its job too, without being one of several processes: only a
// step, which srun starts, has a number.
bool in_slurm_step(const Reader& read) {
  return read.text("SLURM_PROCID") && (read.text("SLURM_STEP_ID") || !read.text("SLURM_JOB_ID"));
}

Rendezvous of_slurm(const Reader& read, int size) {
  Rendezvous r;
  r.size = size;
  r.rank = read.rank("SLURM_PROCID", size);
  r.local_rank = read.number("SLURM_LOCALID", 0, kMost).value_or(r.rank);
  if (const auto address = read.text("MASTER_ADDR")) {
    r.host = *address;
  } else if (const auto step = read.text("SLURM_STEP_NODELIST")) {
    r.host = first_host(*step);
  } else if (const auto job = read.text("SLURM_JOB_NODELIST")) {
    r.host = first_host(*job);
  } else if (const auto launcher = read.text("SLURM_LAUNCH_NODE_IPADDR")) {
    r.host = *launcher;
  } else {
    throw Error(ErrorCode::Config,
                fmt::format("SLURM_NTASKS is {}, but no SLURM_JOB_NODELIST says where", size),
                kConvention);
  }
  // Two jobs that share a machine must not meet.
  constexpr int kFirst = 20000, kRange = 20000;
  const int job = read.number("SLURM_JOB_ID", 0, 1 << 30).value_or(0);
  const int step = read.number("SLURM_STEP_ID", 0, 1 << 30).value_or(0);
  r.port = static_cast<std::uint16_t>(kFirst + (job % kRange + step % kRange * 7) % kRange);
  return r;
}

}  // namespace

std::optional<std::string> environment_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::optional<Rendezvous> find_rendezvous(const Variables& variable) {
  const Reader read(variable);
  std::optional<Rendezvous> found;
  if (const std::optional<int> size = read.number("WORLD_SIZE", 1, kMost)) {
    if (*size > 1) found = of_torchrun(read, *size);
  } else if (in_slurm_step(read)) {
    std::optional<int> tasks = read.number("SLURM_STEP_NUM_TASKS", 1, kMost);
    if (!tasks) tasks = read.number("SLURM_NTASKS", 1, kMost);
    if (tasks.value_or(1) > 1) found = of_slurm(read, *tasks);
  }
  if (!found) return {};
  if (const std::optional<int> port = read.number("MASTER_PORT", 1, kLastPort))
    found->port = static_cast<std::uint16_t>(*port);
  return found;
}

std::string first_host(std::string_view list) {
  const std::size_t end = list.find_first_of(",[");
  std::string host(list.substr(0, end));
  if (end == std::string_view::npos || list[end] == ',') return host;
  const std::size_t close = list.find(']', end);
  if (close == std::string_view::npos) return host;
  const std::string_view numbers = list.substr(end + 1, close - end - 1);
  host += numbers.substr(0, numbers.find_first_of(",-"));
  return host + first_host(list.substr(close + 1));  // "rack[1-2]node[3-4]", and what follows
}

}  // namespace pollard
