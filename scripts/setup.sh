#!/usr/bin/env bash
# Installs the Debian packages that Pollard builds and tests with, or just those named; does nothing
# where all are there.
#
#   scripts/setup.sh [PACKAGE ...]
#
# POLLARD_SETUP=no: take the machine as it is.
set -euo pipefail

packages=(
  # the compiler and what drives it
  g++ cmake ninja-build ccache pkg-config
  # the library
  libtorch-dev libopenblas0-openmp libcli11-dev libtomlplusplus-dev libfmt-dev nlohmann-json3-dev
  zlib1g-dev libsqlite3-dev libjpeg62-turbo-dev libpng-dev libxxhash-dev libonnx-dev libprotobuf-dev
  # training on several processes; it builds without
  libgloo-dev
  # what `pollard bench` measures against; it builds without
  libdnnl-dev
  # `pollard serve`; it builds without
  libcpp-httplib-dev
  # figures as PDF; it builds without
  librsvg2-dev
  # tests and benchmarks
  libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev
  # the data of the quickstart
  dataset-fashion-mnist
)
if [ $# -gt 0 ]; then packages=("$@"); fi

say() { echo "setup: $*" >&2; }

if [ "${POLLARD_SETUP:-}" = no ]; then exit 0; fi

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  say "this is no Debian system, so nothing is installed. Pollard needs a C++20 compiler, CMake 3.25,"
  say "Ninja, LibTorch 1.13 or later (CMAKE_PREFIX_PATH names its folder), an OpenMP-threaded OpenBLAS,"
  say "and what these Debian packages hold: ${packages[*]}"
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=absent
  [ "$status" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    say "these packages are missing: ${missing[*]}"
    say "run this as root: apt-get install ${missing[*]}"
    exit 1
  fi
  as_root=(sudo)
fi
apt_get() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >/dev/null
}

say "installing ${missing[*]}"
if ! apt_get update || ! apt_get install -y --no-install-recommends "${missing[@]}"; then
  say "apt-get could not install these. All of them are in Debian 12 (bookworm); on another release"
  say "install LibTorch by hand, let CMAKE_PREFIX_PATH name its folder and set POLLARD_SETUP=no."
  exit 1
fi
