#!/usr/bin/env bash
# Prints the folder that holds ONNX Runtime for Node (POLLARD_ONNXRUNTIME), against which the tests and
# benchmarks hold our files. Prints nothing where there is none; what needs it then skips.
#
# In this order: POLLARD_ONNXRUNTIME; what npm installs in a cache folder, once (113 MB to fetch, 50 MB
# kept). No script of the package is run: its CPU library is inside.
set -euo pipefail

version=1.30.0
say() { echo "fetch-onnxruntime: $*" >&2; }

if [ -n "${POLLARD_ONNXRUNTIME:-}" ]; then
  echo "$POLLARD_ONNXRUNTIME"
  exit 0
fi

folder=${XDG_CACHE_HOME:-$HOME/.cache}/pollard/onnxruntime-$version
if [ ! -e "$folder/ready" ]; then
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    say "there is no Node with npm: tests that run ONNX Runtime will skip"
    exit 0
  fi
  mkdir -p "$folder"
  if ! npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error \
    "onnxruntime-node@$version" >&2; then
    say "npm could not install onnxruntime-node: tests that run ONNX Runtime will skip"
    exit 0
  fi
  # Libraries of other systems.
  machine=$(node -p 'process.platform + "/" + process.arch')
  find "$folder"/node_modules/onnxruntime-node/bin -mindepth 3 -maxdepth 3 -type d \
    ! -path "*/$machine" -exec rm -rf {} +
  touch "$folder/ready"
fi
echo "$folder"
