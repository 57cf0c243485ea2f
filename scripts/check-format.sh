#!/usr/bin/env bash
# Fails naming each C++ file that clang-format would change. `--fix` changes it.
#
# Versions of clang-format disagree; ours is Debian 12's. Without it nothing is checked.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=14
format=$(command -v clang-format-$wanted || command -v clang-format || true)
if [ -z "$format" ] || ! "$format" --version | grep -q "version $wanted\."; then
  echo "check-format: no clang-format $wanted here, nothing is checked" >&2
  exit 0
fi

action=(--dry-run --Werror)
if [ "${1:-}" = --fix ]; then action=(-i); fi
find apps benchmarks examples include src tests \( -name '*.h' -o -name '*.cpp' \) -print0 |
  xargs -0 "$format" "${action[@]}"
