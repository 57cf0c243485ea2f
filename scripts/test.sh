#!/usr/bin/env bash
# Installs what is missing, builds with tests and runs them all; the tests on real images and
# weights too, where that data is to be had (see fetch-data.sh).
#
#   scripts/test.sh [--asan] [options of ctest]
#
# --asan: the same under AddressSanitizer and UndefinedBehaviorSanitizer first, without the tests
# labelled slow.
set -euo pipefail
cd "$(dirname "$0")/.."

presets=(release)
if [ "${1:-}" = --asan ]; then
  presets=(asan release)
  shift
fi

scripts/setup.sh
data=$(scripts/fetch-data.sh)
if [ -n "$data" ]; then export POLLARD_DATA=$data; fi

for preset in "${presets[@]}"; do
  cmake --preset "$preset" -D POLLARD_TESTS=ON
  cmake --build --preset "$preset" --parallel "$(nproc)"
  ctest --preset "$preset" "$@"
done
