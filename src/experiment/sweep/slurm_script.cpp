#include "experiment/sweep/slurm_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "experiment/sweep/job.h"

namespace pollard {
namespace {

// In single quotes the shell takes everything as it stands, but for the quote itself.
std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// sbatch replaces %a and the like in the names of logs.
std::string without_patterns(std::string_view path) {
  std::string out;
  for (const char c : path) out += c == '%' ? std::string("%%") : std::string(1, c);
  return out;
}

// Slurm signals this shell alone; a shell waits for its child before it looks at a signal, unless
// it runs `wait`. A signal ends `wait` early: then it is called again, for the worker's own status.
constexpr std::string_view kBody = R"(
id=$(sed -n "${SLURM_ARRAY_TASK_ID}p" "$1")
restarts=${SLURM_RESTART_COUNT:-0}
say() { echo "$(date '+%F %T') slurm ${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}: $*"; }
if [ -z "$id" ]; then say "no line $SLURM_ARRAY_TASK_ID in $1"; exit 2; fi
say "stage $id on $(hostname), restart $restarts"

worker= status= caught=
forward() { caught=$1; if [ -n "$worker" ]; then kill -s "$1" "$worker" 2>/dev/null; fi; }
trap 'forward TERM' TERM
trap 'forward USR1' USR1
# It tells how far it is on its standard output, every second, to launchers that listen.
"$program" worker "$store" "$id" >/dev/null &
worker=$!
if [ -n "$caught" ]; then forward "$caught"; fi
while :; do
  caught=
  wait "$worker"
  now=$?
  if [ $now -eq 127 ] && [ -n "$status" ]; then break; fi
  status=$now
  if [ -z "$caught" ]; then break; fi
done
trap '' USR1
trap - TERM  # from here on it ends this run, as a requeue does
say "the worker ended with $status"

case $status in
  130 | 138 | 143) ;;
  "$busy") sleep "$busy_delay" ;;
  *) exit "$status" ;;
esac
if [ "$restarts" -ge "$most_requeues" ]; then
  say "requeued $restarts times already: that was the last"
  exit "$status"
fi
case " $(scontrol show job --oneliner "$SLURM_JOB_ID") " in
  *" JobState=RUNNING "*) ;;
  *) say "it was cancelled, or is requeued by others"; exit "$status" ;;
esac
say "requeued"
scontrol requeue "$SLURM_JOB_ID" || exit "$status"
sleep 60
)";

}  // namespace

std::string batch_script(const SlurmOptions& options, const std::filesystem::path& store) {
  return "#!/bin/bash\n"
         "# A task of a sweep's array: works on one stage, and comes again where it was "
         "interrupted\n"
         "# after a checkpoint. Written anew whenever the sweep is started.\n" +
         fmt::format("program={}\nstore={}\nbusy={}\nbusy_delay={}\nmost_requeues={}\n",
                     shell_word(options.program.string()), shell_word(store.string()), kWorkerBusy,
                     options.busy_delay, options.most_requeues) +
         std::string(kBody);
}

std::filesystem::path list_file(const std::filesystem::path& array_folder) {
  return array_folder / "stages.txt";
}

std::vector<std::string> sbatch_words(const SlurmOptions& options, const SlurmArray& array,
                                      const std::filesystem::path& script) {
  std::string range = fmt::format("1-{}", array.tasks);
  if (options.most_at_once > 0) range += fmt::format("%{}", options.most_at_once);
  std::vector<std::string> words = {
      "sbatch",
      "--parsable",
      "--job-name=" + array.name,
      "--array=" + range,
      "--output=" + without_patterns(array.folder.string()) + "/%a.log",
      "--open-mode=append",
      "--requeue",
      fmt::format("--signal=B:USR1@{}", options.grace),
      "--kill-on-invalid-dep=yes",
      fmt::format("--cpus-per-task={}", options.cpus_per_task),
  };
  const auto add = [&](std::string_view option, const std::string& value) {
    if (!value.empty()) words.push_back(fmt::format("--{}={}", option, value));
  };
  add("partition", options.partition);
  add("time", options.time_limit);
  add("mem", options.memory);
  add("dependency", array.after.empty() ? "" : "afterok:" + array.after);
  words.insert(words.end(), options.extra.begin(), options.extra.end());
  words.insert(words.end(), {script.string(), list_file(array.folder).string()});
  return words;
}

}  // namespace pollard
