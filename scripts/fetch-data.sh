#!/usr/bin/env bash
# Prints the folder that holds the optional data of the tests (POLLARD_DATA): cifar-10-batches-bin/,
# cifar-100-binary/, weights/. Prints nothing where there is none; tests that need it then skip.
#
# In this order: POLLARD_DATA; ../shared/data, if it holds the data unpacked; what
# ../shared/data/unpack.sh lays out in a cache folder, each part once.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "fetch-data: $*" >&2; }

if [ -n "${POLLARD_DATA:-}" ]; then
  echo "$POLLARD_DATA"
  exit 0
fi

shared=../shared/data
if [ -d $shared/cifar-10-batches-bin ]; then
  (cd $shared && pwd)
  exit 0
fi
if [ ! -f $shared/unpack.sh ]; then
  say "POLLARD_DATA is not set: tests on real CIFAR images and published weights will skip"
  exit 0
fi

need() {  # PROGRAM PACKAGE
  command -v "$1" >/dev/null || { scripts/setup.sh "$2" && command -v "$1" >/dev/null; }
}

tools_for() {  # PART
  need xz xz-utils || return 1
  case $1 in
    cifar10) need pngtopnm netpbm && need npm npm ;;
    cifar100) need djxl libjxl-tools ;;
  esac
}

data=${XDG_CACHE_HOME:-$HOME/.cache}/pollard/data
mkdir -p "$data"
found=no
for part in weights cifar100 cifar10; do
  ready=$data/.$part.ready
  if [ ! -e "$ready" ]; then
    if tools_for $part && bash $shared/unpack.sh "$data" $part >&2; then
      touch "$ready"
    else
      say "$part could not be unpacked: tests that need it will skip"
      continue
    fi
  fi
  found=yes
done
if [ $found = yes ]; then echo "$data"; fi
