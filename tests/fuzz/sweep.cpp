// Files of sweeps, and the points they are expanded to where those are few.
#include <algorithm>

#include "core/example_parameters.h"
#include "experiment/sweep/grid.h"
#include "experiment/sweep/grid_file.h"
#include "fuzz/scratch.h"
#include "fuzz/target.h"

namespace pollard::fuzz {
namespace {

// Many points take long, as they may.
bool has_few_points(const GridFile& file) {
  std::size_t points = 1;
  for (const GridSetting& setting : file.settings)
    points = std::min<std::size_t>(points * std::max<std::size_t>(setting.values.size(), 1), 1'000);
  return points < 1'000;
}

}  // namespace

void read(Input input) {
  static const ParameterTable table = test::example_table();
  static const Scratch scratch;
  const std::filesystem::path path = scratch.write("sweep.toml", text_of(input));
  if (has_few_points(read_grid_file(path, {}, table))) (void)read_grid(path, {}, table);
}

std::vector<std::string> seeds() {
  return {"train.epochs = [1, 2]\nprune.sparsity = 0.9\n[sweep]\nname = \"rates\"\nseeds = 3\n",
          "seed = [7, 8]\ntrain.epochs = [10, 20]\ntrain.learning_rate = [0.1, 0.2]\n[sweep]\n"
          "zip = [[\"train.epochs\", \"train.learning_rate\"]]\n",
          "[train]\nschedule = ['step', 'cosine']\ngamma = [0.1, 0.2]\n[[sweep.exclude]]\n"
          "train.schedule = 'cosine'\ntrain.gamma = [0.2]\n",
          "train.milestones = [[0.5], [0.5, 0.75], []]\n",
          "seed = []\nsweep.seeds = 100000\n",
          "sweep = 3\n",
          "[sweep]\nzip = [[], ['seed', 'seed']]\nexclude = [{}]\n"};
}

}  // namespace pollard::fuzz
