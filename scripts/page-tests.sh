#!/usr/bin/env bash
# The tests of report.html in a browser (tests/report/page/): installs Chromium, node and
# playwright-core where they are missing, builds the program that makes the pages, without LibTorch,
# and runs them. Screenshots are left in build/page-tests/.
#
#   scripts/page-tests.sh
#
# POLLARD_PAGE_TESTS_UNDER: the command that the build goes under, such as "nice -n 19".
# POLLARD_PAGE_TESTS_BUILD: the build folder, build/page-tests/build by default.
set -euo pipefail
cd "$(dirname "$0")/.."

read -ra under <<<"${POLLARD_PAGE_TESTS_UNDER:-}"
packages=(chromium fonts-dejavu-core libcpp-httplib-dev)
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)
scripts/setup.sh "${packages[@]}"

modules=build/page-tests/modules
mkdir -p "$modules"
cp tests/report/page/package.json "$modules/"
[ -d "$modules/node_modules/playwright-core" ] ||
  npm install --prefix "$modules" --ignore-scripts --no-audit --no-fund --silent

build=${POLLARD_PAGE_TESTS_BUILD:-build/page-tests/build}
"${under[@]}" cmake -S . -B "$build" -G Ninja -D CMAKE_BUILD_TYPE=Release -D POLLARD_RUNTIME_ONLY=ON -D POLLARD_TESTS=ON
"${under[@]}" cmake --build "$build" --parallel "$(nproc)" --target pollard_sample_page
tests/report/page/run.sh "$build/tests/report/pollard_sample_page" "$modules" build/page-tests/shots
