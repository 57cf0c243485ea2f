// Makes the page that the tests in a browser look at, without a store and without LibTorch:
//
//   pollard_sample_page small|thousand|FOLDER PAGE.html
//   pollard_sample_page serve
//
// small: 60 groups of three seeds; thousand: 1,000 groups of one; FOLDER: a sweep's or a store's.
// serve: prints an address ("none" in a build without HTTP) at which another sparsity is there each
// time that news are asked for, until it is killed.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <string>
#include <string_view>

#include "core/files.h"
#include "pollard/error.h"
#include "report/page/page.h"
#include "report/page/page_server.h"
#include "report/page/synthetic_source.h"

namespace pollard {
namespace {

const KeySet kIgnored{"seed"};

test::SyntheticGrid thousand() {
  test::SyntheticGrid grid;
  grid.schedules = {"ft", "lrw", "slr", "clr", "llr", "allr", "cosine", "linear"};
  grid.sparsities.clear();
  for (int i = 0; i < 25; ++i) grid.sparsities.push_back(0.5 + 0.02 * i);
  grid.seeds = 1;
  grid.epochs = 72;
  grid.layers = 56;
  return grid;
}

std::string page_of(const std::string& what) {
  if (what == "small" || what == "thousand") {
    const test::SyntheticSource made(what == "small" ? test::SyntheticGrid() : thousand());
    return render_page(view_page(made.source, kIgnored), "2026-01-31");
  }
  const auto progress = make_console_progress(stderr, Verbosity::Normal);
  PageReader reader{what};
  reader.update(*progress);
  return render_page(view_page(reader.source(), kIgnored), "2026-01-31");
}

/// A sweep after so many of its sparsities.
test::SyntheticSource after(std::size_t sparsities) {
  test::SyntheticGrid grid;
  grid.sparsities.resize(std::min(sparsities, grid.sparsities.size()));
  test::SyntheticSource made(grid);
  made.source.progress = SweepProgress{.jobs = {{"done", 40}, {"running", 1}, {"pending", 20}},
                                       .epochs_done = 900,
                                       .epochs = 1500,
                                       .running = {"retrain"},
                                       .seconds_left = 3700};
  return made;
}

void serve() {
  if (!PageServer::is_available()) {
    fmt::print("none\n");
    return;
  }
  std::atomic<std::size_t> asked = 1;
  PageServer server({[](std::string_view nonce) {
                       const test::SyntheticSource made = after(1);
                       return render_served_page(view_page(made.source, kIgnored), nonce);
                     },
                     [&] {
                       const test::SyntheticSource made = after(asked++);
                       return served_data(view_page(made.source, kIgnored)).dump();
                     }},
                    "127.0.0.1", 0);
  fmt::print("{}\n", server.address());
  std::fflush(stdout);
  server.run([] { return false; });
}

}  // namespace
}  // namespace pollard

int main(int argc, char** argv) {
  const bool serves = argc == 2 && std::string_view(argv[1]) == "serve";
  if (argc != 3 && !serves) {
    fmt::print(stderr, "usage: pollard_sample_page small|thousand|FOLDER PAGE.html | serve\n");
    return 2;
  }
  try {
    if (serves) {
      pollard::serve();
      return 0;
    }
    pollard::write_file(argv[2], pollard::page_of(argv[1]));
    return 0;
  } catch (const pollard::Error& error) {
    fmt::print(stderr, "{}\n", pollard::one_line(error));
    return 2;
  }
}
