#!/usr/bin/env bash
# Looks for inputs that harm the readers of untrusted files: libFuzzer with AddressSanitizer and
# UndefinedBehaviorSanitizer. Installs clang where it is missing, builds, and runs one target after
# another.
#
#   scripts/fuzz.sh [SECONDS] [TARGET ...]     by default 600 s for each target
#
# build/fuzz/corpus/TARGET    what it has learnt, and starts from the next time
# build/fuzz/findings/TARGET  inputs that are findings; the script names them and fails
# build/fuzz/logs/TARGET.log  libFuzzer's own words
#
# POLLARD_FUZZ_UNDER: the command that each run goes under, "nice -n 19" by default.
set -euo pipefail
cd "$(dirname "$0")/.."

targets=(onnx idx cifar safetensors toml pytorch plrd sweep spec picture)
seconds=600
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
  seconds=$1
  shift
fi
if [ $# -gt 0 ]; then targets=("$@"); fi
read -ra under <<<"${POLLARD_FUZZ_UNDER:-nice -n 19}"

scripts/setup.sh g++ cmake ninja-build ccache pkg-config clang-14 libclang-rt-14-dev libomp-14-dev \
  libtomlplusplus-dev libfmt-dev nlohmann-json3-dev zlib1g-dev libsqlite3-dev libjpeg62-turbo-dev \
  libpng-dev libxxhash-dev libonnx-dev libprotobuf-dev libgtest-dev libgmock-dev librapidcheck-dev
cmake --preset fuzz
programs=()
for target in "${targets[@]}"; do programs+=("pollard_fuzz_$target" "pollard_replay_$target"); done
"${under[@]}" cmake --build --preset fuzz --target "${programs[@]}"

work=build/fuzz
export ASAN_OPTIONS=quarantine_size_mb=64 UBSAN_OPTIONS=print_stacktrace=1
mkdir -p "$work/logs"

# One run of at most $2 seconds; its memory is limited, a reader's too.
run() {
  local folders=("$work/corpus/$1" "$work/seeds/$1")
  if [ -d "tests/fuzz/kept/$1" ]; then folders+=("tests/fuzz/kept/$1"); fi
  "${under[@]}" "$work/tests/fuzz/pollard_fuzz_$1" -max_total_time="$2" -rss_limit_mb=2048 \
    -timeout=20 -max_len=65536 -print_final_stats=1 -close_fd_mask=1 \
    -artifact_prefix="$work/findings/$1/" "${folders[@]}" >>"$work/logs/$1.log" 2>&1
}

harmed=()
for target in "${targets[@]}"; do
  mkdir -p "$work/corpus/$target" "$work/findings/$target"
  "$work/tests/fuzz/pollard_replay_$target" --write "$work/seeds/$target"
  : >"$work/logs/$target.log"
  # Short runs: each begins with the corpus in another order, and without what grew in memory.
  for ((left = seconds; left > 0; left -= 120)); do
    run "$target" $((left < 120 ? left : 120)) || { harmed+=("$target"); break; }
  done
  executions=$(awk '/number_of_executed_units/ { n += $2 } END { print n + 0 }' "$work/logs/$target.log")
  coverage=$(grep -o 'cov: [0-9]*' "$work/logs/$target.log" | tail -n 1)
  echo "fuzz: $target: $executions executions, ${coverage:-cov: none}"
done
if [ ${#harmed[@]} -gt 0 ]; then
  for target in "${harmed[@]}"; do
    echo "fuzz: $target has a finding: see $work/findings/$target/ and $work/logs/$target.log" >&2
  done
  exit 1
fi
