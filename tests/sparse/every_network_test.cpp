// Every network that has a name, of images as small and odd as it takes, 90 % sparse: compiled for
// inference, and with its batch norms folded, against the plain executor.
#include "support/every_network.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "graph/fold_batch_norm.h"
#include "sparse/reference.h"
#include "sparse/whole_network.h"

namespace pollard::sparse {
namespace {

using test::small_input;

class EveryNetwork : public testing::TestWithParam<std::string> {};

TEST_P(EveryNetwork, ComputesAsThePlainExecutor) {
  const Whole whole = pruned_network(GetParam(), small_input(GetParam()), 10);
  const std::vector<float> images = random_images(whole.graph, 2);
  const std::vector<double> expected = reference_outputs(whole.graph, whole.state, images, 2);
  for (const Path path : {Path::Auto, Path::Dense}) {
    Network network(whole.graph, whole.state, {.threads = 2, .path = path, .measure = false});
    EXPECT_LT(difference(outputs_of(network, images, 2), expected), 1e-4);
  }
  const FoldedNetwork folded = fold_batch_norm(whole.graph, whole.state);
  Network network(folded.graph, folded.state, {.measure = false});
  EXPECT_LT(difference(outputs_of(network, images, 2), expected), 1e-4) << "folded";
}

INSTANTIATE_TEST_SUITE_P(All, EveryNetwork, testing::ValuesIn(network_names()), test::name_of_test);

}  // namespace
}  // namespace pollard::sparse
