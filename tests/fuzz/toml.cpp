// Configurations in TOML: what is read is printed, and must be read as the same.
#include <stdexcept>

#include "core/example_parameters.h"
#include "fuzz/target.h"

namespace pollard::fuzz {

void read(Input input) {
  static const ParameterTable table = test::example_table();
  Config config(table);
  config.read_toml_text(text_of(input), "input");
  Config again(table);
  again.read_toml_text(config.to_toml(), "written");
  if (again.to_toml() != config.to_toml())
    throw std::logic_error("what was read and written again differs");
  config.check_effective();
}

std::vector<std::string> seeds() {
  const auto repeated = [](std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
  };
  static const ParameterTable table = test::example_table();
  return {
      Config(table).to_toml(), "seed = 3\n[train]\nepochs = 0x10\nschedule = 'cosine'\n",
      "train = {epochs = 1_000, learning_rate = 1e-3, nesterov = true}\nout = \"a\\u00e9\\n\"\n",
      "train.milestones = [0.25, 0.5, 1]\ntrain.gamma = inf\nprune.layers = '''\na\n'''\n",
      "[[train]]\nepochs = 1979-05-27T07:32:00Z\n", "seed = 1\nseed = 2\n", "prune = [{a = 1}]\n",
      // overflowed the stack
      repeated("a.", 30'000) + "b = 1\n", "[" + repeated("a . ", 200'000) + "b]\n",
      "a = " + repeated("{" + repeated("a.", 31) + "b=", 250)};
}

}  // namespace pollard::fuzz
