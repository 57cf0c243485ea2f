// A model card: what an exported network is, for people and for model hubs. Markdown with a head in
// YAML, as huggingface.co reads it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pollard {

struct ModelFacts {
  std::string file;  // its name, without folders
  std::map<std::string, std::string>
      notes;  // as in the file's metadata; what is missing is left out
  struct Layer {
    std::string name, shape;
    std::int64_t kept = 0, of = 0;
  };
  std::vector<Layer> layers;  // the weights that may be pruned
  double theoretical_speedup = 0;
  struct Bytes {
    std::string what;
    std::size_t count = 0;
  };
  std::vector<Bytes> bytes;  // of the file and what it may be held against
};

/// Text of the notes may come from anybody's file: nothing in it becomes markup or YAML.
[[nodiscard]] std::string model_card(const ModelFacts& facts);

}  // namespace pollard
