// How the processes of one run find each other: from the environment that launchers set.
//
//   torchrun and those like it   WORLD_SIZE RANK LOCAL_RANK MASTER_ADDR MASTER_PORT
//   srun                         SLURM_NTASKS SLURM_PROCID SLURM_LOCALID, the first host of
//                                SLURM_STEP_NODELIST or SLURM_JOB_NODELIST (without either
//                                SLURM_LAUNCH_NODE_IPADDR), and a port that comes from the job's
//                                number unless MASTER_PORT gives one
//
// The first of the two counts where both are there.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace pollard {

struct Rendezvous {
  int rank = 0;
  int size = 1;        // processes
  int local_rank = 0;  // among those of this machine
  std::string host;    // where rank 0 listens
  std::uint16_t port = 29500;
  /// The launcher listens itself (torchrun does), and wants keys to begin with this.
  bool launcher_listens = false;
  std::string prefix = {};
};

using Variables = std::function<std::optional<std::string>(const std::string& name)>;
[[nodiscard]] std::optional<std::string> environment_variable(const std::string& name);

/// Nothing where there is one process. Throws Error{Config} naming a variable that is missing or
/// makes no sense.
[[nodiscard]] std::optional<Rendezvous> find_rendezvous(
    const Variables& variable = environment_variable);

/// "node3" of "node[3-10,15],other".
[[nodiscard]] std::string first_host(std::string_view node_list);

}  // namespace pollard
