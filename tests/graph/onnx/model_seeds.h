// Good models to break.
#pragma once

#include <gtest/gtest.h>

#include <fstream>

#include "graph/onnx/models.h"
#include "pollard/networks.h"
#include "support/temporary_folder.h"

namespace pollard::test {

/// One of ours.
inline onnx::ModelProto written_seed() {
  const TemporaryFolder folder;
  const Graph graph = build_network("lenet-300-100", {1, 4, 4}, 3);
  write_onnx(folder.path() / "seed.onnx", graph, initialize(graph, 1, Initialization::Pytorch),
             {.sparse = SparseInitializers::Auto, .metadata = {{"sparsity", "0.5"}}});
  std::ifstream file(folder.path() / "seed.onnx", std::ios::binary);
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromIstream(&file));
  return model;
}

/// As exporters write: shape arithmetic, constants as nodes, norms, pads, pools.
inline onnx::ModelProto exported_seed() {
  ModelMaker maker({-1, 2, 8, 8});
  maker.counting("conv.weight", {4, 2, 3, 3}).counting("conv.bias", {4});
  for (const char* name : {"bn.weight", "bn.bias", "bn.mean", "bn.var"}) maker.counting(name, {4});
  maker.counting("fc.weight", {3, 64}).counting("fc.bias", {3});
  maker.wholes("zero", {0}).wholes("rest", {-1});
  maker.node("Conv", {"x", "conv.weight", "conv.bias"}, "a")
      .integers("pads", {1, 1, 1, 1})
      .integers("strides", {1, 1})
      .integer("group", 1);
  maker.node("BatchNormalization", {"a", "bn.weight", "bn.bias", "bn.mean", "bn.var"}, "b")
      .real("epsilon", 1e-5F);
  maker.node("Relu", {"b"}, "c").node("Add", {"c", "a"}, "d");
  maker.node("MaxPool", {"d"}, "e").integers("kernel_shape", {2, 2}).integers("strides", {2, 2});
  maker.node("Shape", {"e"}, "s").node("Gather", {"s", "zero"}, "n");
  maker.node("Concat", {"n", "rest"}, "to").integer("axis", 0);
  maker.node("Reshape", {"e", "to"}, "f");
  maker.node("Gemm", {"f", "fc.weight", "fc.bias"}, "y").integer("transB", 1);
  return maker.model;
}

}  // namespace pollard::test
