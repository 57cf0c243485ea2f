#!/usr/bin/env bash
# The tests of report.html in headless Chromium: run.sh PROGRAM MODULES OUT
#
# PROGRAM   pollard_sample_page, which makes the pages
# MODULES   the folder in which scripts/page-tests.sh has put playwright-core
# OUT       pages and screenshots go here
#
# Exit status 77, with the reason, where something is missing: skipped, says CTest.
set -euo pipefail
program=$1 modules=$2 out=$3

skip() { echo "page tests skipped: $*; scripts/page-tests.sh installs what is missing" >&2; exit 77; }
command -v node >/dev/null || skip "there is no node"
browser=${POLLARD_CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}
[ -n "$browser" ] || skip "there is no chromium"
[ -d "$modules/node_modules/playwright-core" ] || skip "there is no playwright-core in $modules"

mkdir -p "$out"
exec node "$(dirname "$0")/page_test.mjs" "$program" "$modules" "$browser" "$out"
