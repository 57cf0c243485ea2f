// .plrd: the input as a file, and as the content of one whose frame and checksum fit. What is read
// is written again, and must come back as the same bytes.
#include <stdexcept>

#include "fuzz/target.h"
#include "pollard/error.h"
#include "sparse/plrd_mutations.h"
#include "sparse/plrd_networks.h"

namespace pollard::fuzz {
namespace {

void read_file(Input file) {
  const sparse::NetworkFile network = sparse::decode_plrd(file, "input");
  const auto encoded = [](const sparse::NetworkFile& of) {
    return sparse::encode_plrd(of.graph, of.state, of.metadata);
  };
  const std::vector<std::byte> once = encoded(network);
  if (encoded(sparse::decode_plrd(once, "written")) != once)
    throw std::logic_error("what was read and written again differs");
}

}  // namespace

void read(Input input) {
  try {
    read_file(test::framed({input.begin(), input.end()}));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::Internal) throw;
  }
  read_file(input);
}

std::vector<std::string> seeds() {
  std::mt19937 random(7);
  std::vector<std::string> files;
  Graph small("small", {1, 2, 2});
  small.add_parameter({"w", {3, 4}, ParameterRole::Weight, true});
  small.add_node("flat", Flatten{}, {"input"});
  small.add_node("out", Gemm{}, {"flat", "w"});
  small.set_output("out");
  for (const Graph& graph : {small, test::every_operator()}) {
    for (const double density : {0.1, 0.7}) {
      const auto file = sparse::encode_plrd(graph, test::random_state(random, graph, density),
                                            {{"sparsity", "0.9"}});
      files.push_back(text_from(file));
      files.push_back(text_from(test::content_of(file)));
    }
  }
  return files;
}

}  // namespace pollard::fuzz
