#!/usr/bin/env bash
# Installs what is missing, builds with tests and runs them all; the tests on real images and
# weights too, where that data is to be had (see fetch-data.sh).
#
#   scripts/test.sh [--asan | --asan-plain | --asan-readers] [options of ctest]
#
# --asan: first under AddressSanitizer and UndefinedBehaviorSanitizer, without the tests labelled
# slow. --asan-plain: so for the floors without LibTorch only, which takes minutes instead of half an
# hour. --asan-readers: only for what reads files that are not trusted.
set -euo pipefail
cd "$(dirname "$0")/.."

presets=(release)
case ${1:-} in
  --asan | --asan-plain | --asan-readers)
    presets=("${1#--}" release)
    shift
    ;;
esac

scripts/setup.sh
data=$(scripts/fetch-data.sh)
if [ -n "$data" ]; then export POLLARD_DATA=$data; fi

for preset in "${presets[@]}"; do
  cmake --preset "${preset/%-readers/-plain}" -D POLLARD_TESTS=ON -D POLLARD_UNITY="${POLLARD_UNITY:-OFF}"
  cmake --build --preset "$preset" --parallel "$(nproc)"
  ctest --preset "$preset" "$@"
done
