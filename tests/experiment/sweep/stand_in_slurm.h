// Commands named as Slurm's, in front of PATH, for what a real Slurm does not do at will: a queue
// that is a file, a controller that is down, jobs that are forgotten.
//
//   queue    what squeue prints; sbatch adds its array's tasks as waiting
//   calls    a line for each call of sbatch and `scontrol requeue`, with its words
//   ended    what `scontrol show job` prints
//   down     while it is there, sbatch and squeue fail
#pragma once

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/files.h"
#include "support/temporary_folder.h"

namespace pollard::test {

class StandInSlurm {
 public:
  StandInSlurm() {
    write("sbatch", R"sh(
echo "sbatch $*" >>calls
if [ -e down ]; then echo "sbatch: error: Unable to contact slurm controller" >&2; exit 1; fi
job=$(($(cat last 2>/dev/null || echo 100) + 1)); echo $job >last
for word in "$@"; do
  case $word in --job-name=*) name=${word#*=} ;; --array=1-*) tasks=${word#*-*-*-} ;; esac
done
for task in $(seq "${tasks%\%*}"); do echo "$job|$task|PENDING|$name|Priority" >>queue; done
echo "$job;cluster"
)sh");
    write("squeue", R"sh(
if [ -e down ]; then echo "slurm_load_jobs error: Unable to contact slurm controller" >&2; exit 1; fi
cat queue 2>/dev/null || true
)sh");
    // A task that is requeued is ended at once.
    write("scontrol", R"sh(
if [ "$1" = requeue ]; then echo "scontrol $*" >>calls; kill -TERM $PPID; exit; fi
cat ended
)sh");
    ::setenv("PATH", (folder_.path().string() + ":" + path_).c_str(), 1);
  }
  ~StandInSlurm() { ::setenv("PATH", path_.c_str(), 1); }
  StandInSlurm(const StandInSlurm&) = delete;
  StandInSlurm& operator=(const StandInSlurm&) = delete;

  void put(const std::string& file, std::string_view text) const {
    write_file(folder_ / file, text);
  }
  void remove(const std::string& file) const { std::filesystem::remove(folder_ / file); }
  [[nodiscard]] std::string text(const std::string& file) const {
    return std::filesystem::exists(folder_ / file) ? read_text(folder_ / file) : "";
  }
  [[nodiscard]] std::vector<std::string> calls() const {
    std::vector<std::string> lines;
    std::istringstream all(text("calls"));
    for (std::string line; std::getline(all, line);) lines.push_back(line);
    return lines;
  }

 private:
  void write(const std::string& command, const std::string& body) const {
    const std::filesystem::path file = folder_ / command;
    write_file(file, "#!/bin/bash\ncd '" + folder_.path().string() + "'" + body);
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }

  TemporaryFolder folder_;
  std::string path_ = std::getenv("PATH");
};

}  // namespace pollard::test
