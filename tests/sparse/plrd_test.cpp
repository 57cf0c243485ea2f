#include "sparse/plrd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>
#include <random>
#include <string>
#include <string_view>

#include "pollard/networks.h"
#include "sparse/plrd_networks.h"
#include "support/temporary_folder.h"
#include "support/thrown.h"

namespace pollard::sparse {
namespace {

using test::expect_same;
using test::thrown_by;
using Bytes = std::vector<std::byte>;

/// A linear layer of two inputs on an image of two channels; its weights are 0 and 2.
NetworkFile tiny() {
  Graph graph("net", {2, 1, 1});
  graph.add_parameter({"fc.weight", {1, 2}, ParameterRole::Weight});
  graph.add_node("flat", Flatten{}, {"input"});
  graph.add_node("fc", Gemm{}, {"flat", "fc.weight"});
  graph.set_output("fc");
  const std::vector<float> weights{0, 2};
  return {graph, {{"fc.weight", HostTensor::from_floats({1, 2}, weights)}}, {{"by", "hand"}}};
}

Bytes encode(const NetworkFile& file) { return encode_plrd(file.graph, file.state, file.metadata); }

// As docs/formats.md has it. The checksum is from xxHash's own library.
TEST(Plrd, WritesTheBytesOfItsDescription) {
  constexpr std::string_view pieces[] = {
      {"\x89PLRD\r\n\x1a", 8},
      {"\1\0\0\0\0\0\0\0", 8},                  // version
      {"\x6e\0\0\0\0\0\0\0", 8},                // bytes of the file
      {"\1\2by\4hand", 9},                      // one note
      {"\3net\2\1\1", 7},                       // channels, height, width
      {"\1\0\11fc.weight", 12},                 // one parameter; shares 0 bytes with no name
      {"\0\1\2\1\2", 5},                        // weight, selected, two dimensions: 1, 2
      {"\1\1\0\2", 4},                          // gaps: one value, k = 0, the bits 0 1
      {"\0\0\0\0\x40", 5},                      // floats: 2
      {"\2\1\3lat\7Flatten\1\0", 16},           // two nodes; of the image
      {"\1\1c\4Gemm\2\2\1", 11},                // of node 1 and parameter 1
      {"\3", 1},                                // the output is node 2
      {"\x33\xa1\x23\xff\xb0\xaa\xc3\xfb", 8},  // checksum
      {"\x9a\x44\x6b\x7e\x91\xba\x63\xd7", 8},
  };
  std::string expected;
  for (const std::string_view piece : pieces) expected += piece;
  const Bytes bytes = encode(tiny());
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), expected);
  expect_same(decode_plrd(bytes, "tiny"), tiny());
}

TEST(Plrd, GivesBackEveryOperatorAttributeAndRole) {
  std::mt19937 random(1);
  const Graph graph = test::every_operator();
  const NetworkFile file{graph, test::random_state(random, graph, 0.3), {}};
  expect_same(decode_plrd(encode(file), "file"), file);
}

RC_GTEST_PROP(Plrd, GivesBackNetworksOfAnySparsity, ()) {
  std::mt19937 random(*rc::gen::arbitrary<std::uint32_t>());
  const double density = *rc::gen::element(0.0, 0.01, 0.05, 0.2, 0.7, 1.0);
  const auto name = *rc::gen::element<std::string>("resnet8", "lenet-300-100");
  Graph graph = build_network(name, {1, 8, 8}, 10);
  for (const ParameterInfo& parameter : graph.prunable_parameters())
    graph.select(parameter.name, random() % 2 == 0);
  const auto text = rc::gen::container<std::string>(rc::gen::inRange(' ', '\x7f'));
  const auto notes = *rc::gen::container<std::map<std::string, std::string>>(text, text);
  const NetworkFile file{graph, test::random_state(random, graph, density), notes};
  const Bytes bytes = encode(file);
  expect_same(decode_plrd(bytes, "file"), file);
  RC_ASSERT(encode(decode_plrd(bytes, "file")) == bytes);
}

TEST(Plrd, ReadsWhatItWroteIntoAFile) {
  const test::TemporaryFolder folder;
  const NetworkFile file = tiny();
  const std::size_t size = write_plrd(folder / "net.plrd", file.graph, file.state, file.metadata);
  EXPECT_EQ(std::filesystem::file_size(folder / "net.plrd"), size);
  expect_same(read_plrd(folder / "net.plrd"), file);
}

TEST(Plrd, WritesNothingThatCannotBeRead) {
  const test::TemporaryFolder folder;
  const auto refusal = [&folder](const NetworkFile& file) {
    const Error error =
        thrown_by([&] { write_plrd(folder / "net.plrd", file.graph, file.state, file.metadata); });
    EXPECT_EQ(error.code(), ErrorCode::Input);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
    return std::string(error.what());
  };
  NetworkFile file = tiny();
  file.state.clear();
  EXPECT_EQ(refusal(file), "net: tensor 'fc.weight' is missing");
  file.state["fc.weight"] = HostTensor::zeros(DType::F32, {2, 1});
  EXPECT_EQ(refusal(file), "net: tensor 'fc.weight' is F32 [2, 1], expected F32 [1, 2]");
  file.state["fc.weight"] = HostTensor::zeros(DType::F16, {1, 2});
  EXPECT_EQ(refusal(file), "net: tensor 'fc.weight' is F16 [1, 2], expected F32 [1, 2]");
  file = tiny();
  file.state["fc.bias"] = HostTensor::zeros(DType::F32, {1});
  EXPECT_EQ(refusal(file), "net: tensor 'fc.bias' is no parameter of the network");
  file = tiny();
  for (const std::string& text :
       {std::string("a\0b", 3), std::string("\x1b[2J"), std::string("\xff")}) {
    file.metadata["note"] = text;
    EXPECT_THAT(refusal(file),
                testing::EndsWith("a text holds control characters or is not UTF-8"));
  }
  EXPECT_THAT(refusal({Graph("net", {1, 1, 1}), {}, {}}), testing::HasSubstr("no output"));
  file = tiny();
  file.graph.add_node(std::string(256, 'x'), Relu{}, {"fc"});
  EXPECT_THAT(refusal(file), testing::EndsWith("is a name of 256 bytes, at most 255 are possible"));
}

// Zeros cost nothing in the file; what they cost in memory must stay in proportion.
TEST(Plrd, LimitsTheMemoryThatAFileMayAskFor) {
  Graph graph("zeros", {1, 1, 1});
  graph.add_parameter({"w", {1, 20'000'000}, ParameterRole::Weight});
  graph.add_node("r", Flatten{}, {"input"});
  graph.set_output("r");
  const TensorMap state{{"w", HostTensor::zeros(DType::F32, {1, 20'000'000})}};
  EXPECT_STREQ(thrown_by([&] { (void)encode_plrd(graph, state, {}); }).what(),
               "the network as a .plrd file: tensor 'w' [1, 20000000]: all tensors together may "
               "have 64 MiB in a file of this size");
}

TEST(Plrd, LimitsTheActivationsOfAnImage) {
  Graph graph("wide", {1, 1, 1});
  graph.add_node("pad", Pad{{0, 0, 20'000, 20'000, 0, 0, 0, 0}, 0}, {"input"});
  graph.set_output("pad");
  EXPECT_THAT(thrown_by([&] { (void)encode_plrd(graph, {}, {}); }).what(),
              testing::HasSubstr("an image would need 1526 MiB for its activations"));
  // Windows see the padding, however few they are.
  Graph strided("strided", {1, 1, 1});
  strided.add_parameter({"w", {1, 1, 1, 1}, ParameterRole::Weight});
  strided.add_node("conv", Conv{{20'000, 20'000}, {20'000, 20'000, 0, 0}, {1, 1}, 1},
                   {"input", "w"});
  strided.set_output("conv");
  const TensorMap state{{"w", HostTensor::zeros(DType::F32, {1, 1, 1, 1})}};
  EXPECT_THAT(thrown_by([&] { (void)encode_plrd(strided, state, {}); }).what(),
              testing::HasSubstr("an image would need 1526 MiB for its activations"));
}

}  // namespace
}  // namespace pollard::sparse
