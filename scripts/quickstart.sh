#!/usr/bin/env bash
# From a fresh clone to a pruned network: installs what is missing, builds, and runs
# configs/quickstart.toml. Run it again to go on where it stopped.
#
#   scripts/quickstart.sh [key=value ...] [flags of `pollard run`]
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
cmake --preset release -D POLLARD_TESTS=OFF
cmake --build --preset release --parallel "$(nproc)"
exec build/release/apps/pollard/pollard run configs/quickstart.toml --resume "$@"
