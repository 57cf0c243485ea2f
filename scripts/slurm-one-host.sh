#!/usr/bin/env bash
# A real Slurm on this host alone, for trying and testing `pollard sweep --launcher slurm`: one
# controller, one node with this host's CPUs, one partition; no systemd, no database, nothing outside
# one folder. docs/slurm.md says what it cannot show.
#
#   scripts/slurm-one-host.sh start [FOLDER]     prints what to set to use it
#   scripts/slurm-one-host.sh status FOLDER
#   scripts/slurm-one-host.sh stop FOLDER        ends it, and removes what it wrote
#
# It needs munge and slurm-wlm (scripts/setup.sh munge slurm-wlm), and ports of its own:
# POLLARD_SLURM_PORT (default 16817) and the one after it.
set -euo pipefail

say() { echo "slurm-one-host: $*" >&2; }
fail() { say "$*"; exit 1; }

export PATH=$PATH:/usr/sbin:/sbin
verb=${1:-}
folder=${2:-}
port=${POLLARD_SLURM_PORT:-16817}

need() {
  local missing=()
  for program in munged slurmctld slurmd sbatch scontrol; do
    command -v "$program" >/dev/null || missing+=("$program")
  done
  [ ${#missing[@]} -eq 0 ] || fail "${missing[*]} missing: scripts/setup.sh munge slurm-wlm"
}

# Whether a process is one of ours (numbers are used again) and not a zombie.
is_ours() { grep -qzF "$folder" "/proc/$1/cmdline" 2>/dev/null; }

# The process of a daemon, if it runs.
pid_of() {
  local pid
  pid=$(cat "$folder/run/$1.pid" 2>/dev/null) && [ -n "$pid" ] && is_ours "$pid" && echo "$pid"
}

write_configuration() {
  local host cpus memory
  host=$(hostname -s)
  cpus=$(nproc)
  memory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
  cat >"$folder/slurm.conf" <<END
ClusterName=onehost
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
# A requeued task waits until its credential has ended, 120 seconds by default.
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$folder/run/munge.socket,cred_expire=5
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/run/slurmctld.pid
SlurmdPidFile=$folder/run/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
JobRequeue=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,sched_min_interval=200000
KillWait=10
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=$host MaxTime=INFINITE State=UP PriorityTier=2
END
}

wait_until_idle() {
  for _ in $(seq 100); do
    case $(sinfo -h -o %T -p main 2>/dev/null) in idle | mixed | allocated) return 0 ;; esac
    sleep 0.2
  done
  tail -n 5 "$folder/slurmctld.log" "$folder/slurmd.log" >&2 || true
  return 1
}

start() {
  need
  [ "$(id -u)" -eq 0 ] || fail "slurmd starts jobs for others: run this as root"
  if [ -z "$folder" ]; then folder=$(mktemp -d -t pollard-slurm-XXXXXX); fi
  mkdir -p "$folder"
  folder=$(cd "$folder" && pwd)
  if pid_of slurmctld >/dev/null; then fail "it runs already in $folder"; fi
  # munged wants folders that nobody else can write to.
  chmod 755 "$folder"
  mkdir -p "$folder"/{run,state,spool}
  if [ ! -f "$folder/munge.key" ]; then
    (umask 077 && head -c 128 /dev/urandom >"$folder/munge.key")
  fi
  write_configuration
  export SLURM_CONF=$folder/slurm.conf
  munged --force --key-file="$folder/munge.key" --socket="$folder/run/munge.socket" \
    --pid-file="$folder/run/munged.pid" --log-file="$folder/munged.log" \
    --seed-file="$folder/run/munge.seed" 2>>"$folder/munged.log" || fail "munged does not start: $folder/munged.log"
  slurmctld -c -f "$SLURM_CONF" || fail "slurmctld does not start: $folder/slurmctld.log"
  slurmd -c -f "$SLURM_CONF" || fail "slurmd does not start: $folder/slurmd.log"
  wait_until_idle || fail "the node does not become ready; logs are in $folder"
  say "ready. To use it, in this shell:"
  echo "export SLURM_CONF=$SLURM_CONF"
}

stop() {
  [ -f "$folder/slurm.conf" ] || fail "no Slurm was started in '$folder'"
  folder=$(cd "$folder" && pwd)
  export SLURM_CONF=$folder/slurm.conf
  local daemon pid
  if pid_of slurmctld >/dev/null; then
    # slurmd's children, the running jobs, would stay.
    scancel --user="$(id -un)" 2>/dev/null || true
    for _ in $(seq 75); do [ -z "$(squeue -h 2>/dev/null)" ] && break; sleep 0.2; done
  fi
  for daemon in slurmd slurmctld munged; do
    pid=$(pid_of "$daemon") || continue
    kill "$pid"
    for _ in $(seq 50); do is_ours "$pid" || break; sleep 0.1; done
    if is_ours "$pid"; then kill -9 "$pid"; fi
  done
  rm -rf "$folder"/{run,state,spool,munge.key,slurm.conf} "$folder"/{munged,slurmctld,slurmd}.log
  rmdir "$folder" 2>/dev/null || true
}

status() {
  [ -f "$folder/slurm.conf" ] || fail "no Slurm was started in '$folder'"
  folder=$(cd "$folder" && pwd)
  export SLURM_CONF=$folder/slurm.conf
  for daemon in munged slurmctld slurmd; do
    echo "$daemon: $(pid_of "$daemon" || echo "does not run")"
  done
  pid_of slurmctld >/dev/null || exit 1
  sinfo
  squeue
}

case $verb in
  start | stop | status) "$verb" ;;
  *) fail "usage: slurm-one-host.sh start [FOLDER] | status FOLDER | stop FOLDER" ;;
esac
